"""From bytes to a picture and its items; what is wrong with one item is its own error."""

import io

import numpy as np
import pytest
from PIL import Image

from pixels import to_pixels
from zoobridge.engine.worker._request_decoder import RequestDecoder
from zoobridge.errors import InvalidRequestError, LimitError
from zoobridge.imaging import Item, ItemFault, PictureLimits
from zoobridge.protocol.v1 import classification_pb2 as messages


@pytest.fixture
def decode(faulty):
    decoder = RequestDecoder(faulty().input, limits=PictureLimits(pixels=10_000), max_items=10)

    def work(request, check=lambda: None):
        data = request if isinstance(request, bytes) else request.SerializeToString()
        return decoder.decode(memoryview(data), check)

    return work


def of_array(array, axes="YX", **fields):
    return messages.ClassifyRequest(image={"pixels": to_pixels(array, axes)}, **fields)


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


def test_files_and_pixels_give_the_same_picture(decode):
    array = np.arange(64, dtype=np.uint8).reshape(8, 8)
    sent = [of_array(array), messages.ClassifyRequest(image={"encoded": png(array)})]
    for request in sent:
        decoded = decode(request)
        assert [type(item) for item in decoded.items] == [Item]
        (prepared,), faults = decoded.preparer.prepare(decoded.picture, decoded.items)
        assert faults == []
        assert prepared.array.shape == (1, 4, 4)


def test_items_are_planes_times_regions(decode):
    request = of_array(np.zeros((3, 8, 8), np.uint8), "ZYX")
    request.planes.add(axis="Z", indexes=[2, 0])
    for name in "ab":
        request.regions.add(id=name, box={"width": 4, "height": 4})
    items = decode(request).items
    assert [(item.plane["Z"], item.region_id) for item in items] == [
        (2, "a"),
        (2, "b"),
        (0, "a"),
        (0, "b"),
    ]


def test_a_wrong_mask_is_the_error_of_its_region(decode):
    request = of_array(np.zeros((8, 8), np.uint8))
    request.regions.add(id="good", box={"width": 4, "height": 4})
    request.regions.add(id="bad", box={"width": 4, "height": 4}, mask=b"x")
    good, bad = decode(request).items
    assert isinstance(good, Item)
    assert isinstance(bad, ItemFault)
    assert "mask" in bad.error.message


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (b"\xff" * 20, "not a ClassifyRequest"),
        (messages.ClassifyRequest(model="m"), "no picture"),
    ],
    ids=["no message", "no picture"],
)
def test_a_request_that_is_unsound_as_a_whole_is_refused(decode, request_, words):
    with pytest.raises(InvalidRequestError, match=words):
        decode(request_)


def test_an_axis_is_selected_once(decode):
    request = of_array(np.zeros((3, 8, 8), np.uint8), "ZYX")
    for index in (0, 1):
        request.planes.add(axis="Z", indexes=[index])
    with pytest.raises(InvalidRequestError, match="twice"):
        decode(request)


def test_limits_of_pixels_and_items_hold(decode):
    with pytest.raises(LimitError, match="pixels"):
        decode(of_array(np.zeros((200, 200), np.uint8)))
    with pytest.raises(LimitError, match="items"):
        decode(of_array(np.zeros((11, 4, 4), np.uint8), "ZYX"))


def test_the_same_options_are_prepared_for_once(decode):
    array = np.zeros((8, 8), np.uint8)
    first = decode(of_array(array, options={"top_k": 2}))
    assert decode(of_array(array, options={"top_k": 2})).preparer is first.preparer
    assert decode(of_array(array, options={"top_k": 3})).preparer is not first.preparer
