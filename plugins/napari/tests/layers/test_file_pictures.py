"""Which pictures the file of a layer holds, and which of them the layer shows."""

import numpy as np
import pytest
import tifffile
from napari.layers import Image
from napari.layers._source import layer_source

from napari_zoobridge.layers import FilePictures, PictureFileError

STACK = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
COLOURS = np.arange(6 * 7 * 3, dtype=np.uint8).reshape(6, 7, 3)


def opened(path, array, reader="napari"):
    """Make the layer that a reader makes of a file."""
    with layer_source(path=str(path), reader_plugin=reader):
        return Image(array)


@pytest.fixture
def several(tmp_path):
    """A file of a stack, a colour picture and a reduced copy."""
    path = tmp_path / "slide.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(STACK, photometric="minisblack")
        file.write(COLOURS, photometric="rgb")
        file.write(STACK[0, ::2, ::2], photometric="minisblack", subfiletype=1)
    return path


def test_the_layer_of_napari_s_own_reader_is_the_first_picture_of_its_file(several):
    layer = opened(several, STACK)
    path, shown = FilePictures.file_of(layer)
    found = FilePictures.read(path)
    assert [one.description for one in found.pictures] == [
        "3 × 4 × 5",
        "6 × 7 × 3",
        "2 × 3, reduced",
    ]
    assert found.notice(layer, shown) == (
        "The file holds 3 pictures; this layer is picture 0 (3 × 4 × 5). Choose another to open it."
    )


def test_another_picture_is_read_with_its_axes_and_known_by_its_layer(several):
    array, options = FilePictures.read(several).open(1)
    np.testing.assert_array_equal(array, COLOURS)
    assert (options["name"], options["rgb"], options["axis_labels"]) == (
        "slide [1]",
        True,
        ("Y", "X"),
    )
    assert FilePictures.file_of(Image(array, **options)) == (several, 1)


def test_a_file_of_one_picture_is_left_alone(tmp_path):
    tifffile.imwrite(tmp_path / "one.tif", STACK, photometric="minisblack")
    found = FilePictures.read(tmp_path / "one.tif")
    assert found.notice(opened(tmp_path / "one.tif", STACK), 0) == ""


def test_a_layer_that_is_not_the_first_picture_is_left_alone(several):
    # Such as a stack of several files, of which napari names the first.
    assert FilePictures.read(several).notice(opened(several, np.zeros((2, 3, 4, 5))), 0) == ""


def test_layers_of_other_readers_and_without_a_file_are_left_alone(several, tmp_path):
    assert FilePictures.file_of(opened(several, STACK, "napari-bioio")) is None
    assert FilePictures.file_of(opened(tmp_path / "gone.tif", STACK)) is None
    assert FilePictures.file_of(Image(STACK)) is None
    assert FilePictures.file_of(None) is None


def test_a_file_that_is_no_longer_a_tiff_holds_nothing_and_says_so_when_read(several):
    found = FilePictures.read(several)
    several.write_bytes(b"something else")
    assert FilePictures.read(several).pictures == ()
    with pytest.raises(PictureFileError, match=r"picture 1 of slide\.tif cannot be read"):
        found.open(1)
