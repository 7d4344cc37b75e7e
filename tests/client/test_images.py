import subprocess
import sys

import numpy as np
import pytest
import xarray
from PIL import Image

from pixels import from_pixels
from zoobridge.client._call_state import build
from zoobridge.client._images import sources
from zoobridge.client._packing import ImageGroup
from zoobridge.errors import ImageFormatError, InvalidRequestError
from zoobridge.protocol.v1 import classification_pb2 as pb


def messages(images, axes=""):
    found, total = sources(images, axes=axes)
    made = []
    for source in found:
        request = build(ImageGroup((source,)), pb.ClassifyRequest(), limit=lambda: 1 << 30)
        message = pb.ClassifyRequest.FromString(request).image
        assert message.name == source.name
        made.append(message)
    assert total in (None, len(made))
    return made


def axes_of(image, axes=""):
    (message,) = messages(image, axes)
    return message.pixels.axes


def test_two_axes_are_rows_and_columns():
    assert axes_of(np.zeros((3, 4))) == "YX"


def test_three_or_four_channels_last_are_colour():
    assert axes_of(np.zeros((5, 6, 3))) == "YXC"
    assert axes_of(np.zeros((5, 6, 4))) == "YXC"


@pytest.mark.parametrize("shape", [(5, 6, 7), (3, 6, 7), (3, 4, 4), (9, 9, 1), (2, 3, 4, 5), (7,)])
def test_other_arrays_are_never_guessed(shape):
    with pytest.raises(ImageFormatError, match="axes=") as caught:
        axes_of(np.zeros(shape))
    assert caught.value.field == "image.pixels.axes"


def test_stated_axes_are_taken_for_arrays_and_files(tmp_path):
    assert axes_of(np.zeros((3, 4, 5)), "CYX") == "CYX"
    (tmp_path / "a.tif").write_bytes(b"x")
    (message,) = messages(tmp_path / "a.tif", "ZYX")
    assert (message.encoded, message.axes) == (b"x", "ZYX")


def test_labelled_arrays_tell_their_axes_and_name():
    array = xarray.DataArray(np.zeros((2, 3, 4, 3)), dims=("time", "y", "x", "channel"), name="a")
    (message,) = messages(array)
    assert message.pixels.axes == "TYXC"
    assert message.name == "a"
    with pytest.raises(ImageFormatError):
        messages(xarray.DataArray(np.zeros((2, 3, 4)), dims=("wave", "y", "x")))


@pytest.mark.parametrize(
    ("mode", "dtype", "axes"),
    [("L", "uint8", "YX"), ("RGB", "uint8", "YXC"), ("RGBA", "uint8", "YXC"),
     ("I;16", "uint16", "YX"), ("F", "float32", "YX"), ("1", "bool", "YX"), ("LA", "uint8", "YXC")],
)  # fmt: skip
def test_pil_images_are_taken_as_they_are(mode, dtype, axes):
    image = Image.new(mode, (4, 3))
    (message,) = messages(image)
    array = from_pixels(message.pixels)
    assert message.pixels.axes == axes
    assert array.dtype == dtype
    assert array.shape[:2] == (3, 4)


def test_a_palette_is_resolved_and_other_colours_are_refused():
    image = Image.new("P", (4, 3))
    image.putpalette([10, 20, 30])
    (message,) = messages(image)
    assert from_pixels(message.pixels)[0, 0].tolist() == [10, 20, 30]
    for mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        with pytest.raises(ImageFormatError, match='convert\\("RGB"\\)'):
            messages(Image.new(mode, (4, 3)))


def test_pictures_have_names_of_their_own_or_their_place(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "known.png")
    with Image.open(tmp_path / "known.png") as opened:
        names = [m.name for m in messages([b"x", np.zeros((2, 2)), opened, tmp_path / "known.png"])]
    assert names == ["image-1", "image-2", *[str(tmp_path / "known.png")] * 2]
    assert [m.name for m in messages({"left": b"x", "right": np.zeros((2, 2))})] == [
        "left",
        "right",
    ]


def test_buffers_are_encoded_files():
    for data in (b"file", bytearray(b"file"), memoryview(b"file")):
        (message,) = messages(data)
        assert message.encoded == b"file"


@pytest.mark.parametrize("images", [5, None, [5], [[1, 2]]])
def test_what_is_no_picture_is_refused(images):
    with pytest.raises(InvalidRequestError, match="cannot classify a"):
        messages(images)


def test_a_file_is_read_only_when_its_turn_comes(tmp_path):
    found, total = sources([tmp_path / "later.png"], axes="")
    assert total == 1
    source = next(found)
    (tmp_path / "later.png").write_bytes(b"here")
    assert source.read()[1] == b"here"


def test_a_folder_under_a_pictures_name_is_an_error_of_that_picture(tmp_path):
    found, _ = sources([tmp_path / "x.png"], axes="")
    source = next(found)
    (tmp_path / "x.png").mkdir()
    with pytest.raises(ImageFormatError, match="cannot read"):
        source.read()


def test_files_are_read_without_waiting_for_numpy(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    code = (
        "import sys; from zoobridge.client._images import sources\n"
        "(source,), _ = sources(sys.argv[1])\n"
        "print(source.read()[1], 'numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["b'x'", "False"]
