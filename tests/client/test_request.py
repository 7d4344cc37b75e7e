import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.client import Region, parse_planes, parse_region
from zoobridge.client._request import Settings
from zoobridge.errors import InvalidRequestError, RegionError
from zoobridge.protocol import unpack_mask
from zoobridge.protocol.v1 import classification_pb2 as pb

coordinate = st.integers(-(2**31), 2**31 - 1)
length = st.integers(1, 2**32 - 1)


@given(coordinate, coordinate, length, length)
def test_a_region_reads_the_same_from_text_and_numbers(x, y, width, height):
    text = f"{x},{y},{width},{height}"
    region = parse_region(text)
    assert region == parse_region((x, y, width, height)) == Region(x, y, width, height, id=text)
    box = region.to_message().box
    assert (box.x, box.y, box.width, box.height) == (x, y, width, height)


@pytest.mark.parametrize("given", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,2,3,4", (1, 2, 3)])
def test_what_is_no_region_is_refused(given):
    with pytest.raises(RegionError, match="x,y,width,height"):
        parse_region(given)


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-1, 1), (2**33, 1)])
def test_a_region_of_impossible_size_is_refused(size):
    with pytest.raises(RegionError):
        Region(0, 0, *size).to_message()


def test_a_region_carries_its_mask_and_plane():
    mask = np.array([[True, False, True], [False, False, True]])
    message = Region(1, 2, 3, 2, id="cell", mask=mask, plane={"Z": 4}).to_message()
    np.testing.assert_array_equal(unpack_mask(message.mask, 3, 2), mask)
    assert dict(message.plane.indexes) == {"Z": 4}
    assert not Region(0, 0, 1, 1).to_message().HasField("plane")


@pytest.mark.parametrize(
    ("text", "planes"),
    [
        ("Z=0-4,T=0", {"Z": (0, 1, 2, 3, 4), "T": (0,)}),
        ("z=3", {"Z": (3,)}),
        ("T=0,2,5-7,Z=1", {"T": (0, 2, 5, 6, 7), "Z": (1,)}),
        (" P = 1 , 0 ", {"P": (1, 0)}),
    ],
)
def test_planes_are_read_from_text(text, planes):
    assert parse_planes(text) == planes


axis = st.sampled_from("TZCPA")


@given(
    st.dictionaries(
        axis, st.lists(st.integers(0, 500), min_size=1, max_size=9).map(tuple), min_size=1
    )
)
def test_planes_written_as_text_read_back(planes):
    text = ",".join(f"{axis}={','.join(map(str, chosen))}" for axis, chosen in planes.items())
    assert parse_planes(text) == parse_planes(planes) == planes


@pytest.mark.parametrize(
    "given",
    ["", "Z", "Z=", "3", "Z=a", "Z=5-2", "ZZ=1", "Z=-1", "1=1", "Z=0-99999999",
     {"Z": -1}, {"Z": ()}, {"ZT": 0}],
)  # fmt: skip
def test_what_is_no_selection_of_planes_is_refused(given):
    with pytest.raises(InvalidRequestError, match=r"Z=0|smaller index"):
        parse_planes(given)


def test_every_option_has_its_place_in_the_request():
    settings = Settings(
        model="m@1",
        framework="onnx",
        top_k=3,
        all_scores=True,
        threshold=0.0,
        fit="crop",
        interpolation="lanczos",
        intensity=(1.5, 9),
        channels=(2, 1, 0),
        mask_fill="mean",
        orientation="apply",
        planes={"T": range(2)},
    )
    options = settings.to_message().options
    assert options == pb.ClassificationOptions(
        top_k=3,
        all_scores=True,
        threshold=0.0,
        fit=pb.FIT_CROP,
        interpolation=pb.INTERPOLATION_LANCZOS,
        intensity=pb.Intensity(rule=pb.INTENSITY_RULE_EXPLICIT, low=1.5, high=9),
        channels=[2, 1, 0],
        mask_fill=pb.MASK_FILL_MEAN,
        orientation=pb.ORIENTATION_APPLY,
    )
    assert options.HasField("threshold")


def test_what_is_not_asked_is_not_stated():
    message = Settings(model="m").to_message()
    assert message.options == pb.ClassificationOptions()
    assert not message.planes
    assert not message.regions


@pytest.mark.parametrize(
    "wrong",
    [{"intensity": "explicit"}, {"intensity": (5, 5)}, {"intensity": "loud"}, {"top_k": -1},
     {"channels": [-1]}, {"mask_fill": "none"}, {"orientation": "left"}],
)  # fmt: skip
def test_a_wrong_option_is_named(wrong):
    with pytest.raises(InvalidRequestError) as caught:
        Settings(model="m", **wrong).to_message()
    assert caught.value.field.startswith("options")
