"""Pictures in a report: of every kind, as small PNG."""

import base64
import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from zoobridge.client import Region
from zoobridge.evaluation import LabelledItem
from zoobridge.evaluation.report._thumbnails import thumbnail


def shown(path, region=None):
    small = thumbnail(LabelledItem(path, ("x",), region))
    assert small.data.startswith("data:image/png;base64,"), small.note
    picture = Image.open(io.BytesIO(base64.b64decode(small.data.partition(",")[2])))
    assert max(picture.size) == 96
    return np.asarray(picture), small.note


def test_sixteen_bits_are_rescaled_by_a_named_rule(tmp_path):
    ramp = np.linspace(100, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", ramp)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        pixels, note = shown(tmp_path / name)
        assert note.endswith("min_max 100 to 4095")
        assert (pixels.min(), pixels.max()) == (0, 255)


def test_eight_bits_are_shown_as_they_are(tmp_path):
    grey = np.full((10, 30), 77, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", grey)
    Image.fromarray(grey).save(tmp_path / "a.jpg")
    for name in ("a.tif", "a.jpg"):
        pixels, note = shown(tmp_path / name)
        assert (np.abs(pixels.astype(int) - 77) <= 1).all()
        assert pixels.shape == (32, 96)
        assert note == ""


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_stays_colour(tmp_path, planar):
    colour = np.zeros((12, 12, 3), np.uint8)
    colour[..., 1] = 200
    stored = colour if planar == "contig" else np.moveaxis(colour, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar)
    pixels, _ = shown(tmp_path / "a.tif")
    assert pixels[40, 40].tolist() == [0, 200, 0]


def test_of_a_stack_the_first_plane_and_channel_is_shown(tmp_path):
    stack = np.zeros((3, 2, 16, 16), np.uint8)
    stack[0, 0] = 90
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    pixels, _ = shown(tmp_path / "a.tif")
    assert (pixels == 90).all()


def test_an_object_is_cut_out_and_its_surroundings_dimmed(tmp_path):
    Image.fromarray(np.full((100, 100), 200, np.uint8)).save(tmp_path / "a.png")
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    pixels, _ = shown(tmp_path / "a.png", Region(40, 40, 20, 20, mask=mask))
    assert set(np.unique(pixels)) >= {100, 200}
    assert pixels[48, 48] == 200
    assert pixels[0, 0] == 100
    edge, _ = shown(tmp_path / "a.png", Region(90, 90, 20, 20))
    assert (edge[-1, -1], edge[0, 0]) == (200, 100)


def test_values_that_are_no_numbers_do_not_break_a_page(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[np.nan, 1.0], [2.0, 3.0]], np.float32))
    pixels, note = shown(tmp_path / "a.tif")
    assert pixels.max() == 255
    assert note.startswith("float32")
    tifffile.imwrite(tmp_path / "b.tif", np.full((4, 4), 7, np.uint16))
    assert (shown(tmp_path / "b.tif")[0] == 0).all()


def test_a_picture_that_cannot_be_shown_says_why(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0 no more")
    (tmp_path / "a.png").write_bytes(b"no picture")
    for name in ("a.tif", "a.png", "gone.png"):
        small = thumbnail(LabelledItem(tmp_path / name, ("x",)))
        assert small.data == ""
        assert small.note.startswith("cannot be shown: ")
