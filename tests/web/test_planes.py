"""Planes of files, as a person looks at them."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import PictureLimits, decode
from zoobridge.web._planes import PlaneView, describe, picture_of, plane_of, render

PIXELS = 1_000_000


def shown(array, *, colour=False, **changes):
    height, width = array.shape[:2]
    settings = {"channel": -1, "low": 0, "high": 255, "box": (0, 0, width, height)}
    png = render(array, colour=colour, view=PlaneView(**{**settings, **changes}))
    return np.asarray(Image.open(io.BytesIO(png)))


def opened(path, **options):
    """A picture of which all planes are decoded, and its description."""
    described = describe(*picture_of(path, {}, pixels=PIXELS, **options))
    return decode(path.read_bytes(), limits=PictureLimits(pixels=PIXELS), **options), described


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("imagej", [False, True])
def test_any_plane_of_a_stack_is_found(tmp_path, compression, imagej):
    values = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    tifffile.imwrite(
        tmp_path / "x.tif", values, imagej=imagej, compression=compression,
        photometric="minisblack", metadata={"axes": "TZYX"},
    )  # fmt: skip
    picture, described = opened(tmp_path / "x.tif")
    assert described.planes == {"T": 2, "Z": 3}
    assert (described.width, described.height, described.data_type) == (5, 4, "uint16")
    assert (plane_of(picture, {"T": 1, "Z": 2}) == values[1, 2]).all()


def test_channels_belong_to_a_plane(tmp_path):
    values = np.arange(3 * 2 * 4 * 5, dtype=np.uint8).reshape(3, 2, 4, 5)
    tifffile.imwrite(
        tmp_path / "x.tif", values, photometric="minisblack", metadata={"axes": "ZCYX"}
    )
    picture, described = opened(tmp_path / "x.tif")
    assert described.planes == {"Z": 3}
    assert described.channels == 2
    assert (shown(plane_of(picture, {"Z": 1}), channel=1) == values[1, 1]).all()


def test_colours_stay_colours(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (6, 7, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "x.png")
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb")
    for name in ("x.png", "x.tif"):
        picture, described = opened(tmp_path / name)
        assert described.colour
        array = plane_of(picture, {})
        assert (shown(array, colour=True) == values).all()
        assert (shown(array, colour=True, channel=2) == values[:, :, 2]).all()


def test_three_stains_are_not_taken_for_colours(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (3, 6, 7), np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack", metadata={"axes": "CYX"})
    picture, described = opened(tmp_path / "x.tif")
    assert not described.colour
    assert (shown(plane_of(picture, {})) == values[0]).all()


def test_a_plane_that_the_file_lacks_is_said_to_be_missing(tmp_path):
    values = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, values, imagej=True, metadata={"axes": "ZYX"})
    path.write_bytes(path.read_bytes()[: -40 * 50 * 2])
    picture, described = opened(path)
    assert described.planes == {"Z": 3}
    assert (plane_of(picture, {"Z": 1}) == values[1]).all()
    with pytest.raises(ImageFormatError, match="states 3 planes and holds 2"):
        plane_of(picture, {"Z": 2})


STACKS = {
    "imagej": {"imagej": True, "metadata": {"axes": "TZYX"}},
    "compressed": {"compression": "zlib", "metadata": {"axes": "TZYX"}},
    "ome": {"ome": True, "metadata": {"axes": "TZYX"}, "compression": "zlib"},
    "channels": {"ome": True, "metadata": {"axes": "ZCYX"}, "compression": "zlib"},
    "big-endian": {"byteorder": ">", "metadata": {"axes": "TZYX"}},
}


@pytest.mark.parametrize("options", STACKS.values(), ids=STACKS)
def test_a_plane_decoded_by_itself_is_that_of_the_whole_stack(tmp_path, monkeypatch, options):
    values = np.random.default_rng(0).integers(0, 9000, (2, 3, 40, 50), np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack", **options)
    whole, described = opened(tmp_path / "x.tif")
    decoded = []
    read = tifffile.TiffPage.asarray

    def counted(page, *arguments, **named):
        decoded.append(page.index)
        return read(page, *arguments, **named)

    monkeypatch.setattr(tifffile.TiffPage, "asarray", counted)
    axes = whole.axes.removesuffix("YX").replace("C", "")
    assert list(described.planes) == list(axes)
    plane = dict.fromkeys(axes, 1)
    picture, lengths = picture_of(tmp_path / "x.tif", plane, pixels=PIXELS)
    assert lengths == described.planes
    assert (plane_of(picture, {}) == plane_of(whole, plane)).all()
    assert len(decoded) <= picture.array.size // (40 * 50)


def test_a_stack_with_a_broken_plane_is_decoded_as_a_whole(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (3, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", values, compression="zlib", metadata={"axes": "ZYX"},
                     photometric="minisblack")  # fmt: skip
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        start = file.pages[2].dataoffsets[0]
    data = bytearray((tmp_path / "x.tif").read_bytes())
    data[start : start + 20] = bytes(20)
    (tmp_path / "x.tif").write_bytes(data)
    picture, lengths = picture_of(tmp_path / "x.tif", {"Z": 1}, pixels=PIXELS)
    assert lengths == {"Z": 3}
    assert (plane_of(picture, {}) == values[1]).all()
    picture, lengths = picture_of(tmp_path / "x.tif", {"Z": 2}, pixels=PIXELS)
    assert lengths == {}
    with pytest.raises(ImageFormatError, match="cannot be shown: it cannot be decoded"):
        plane_of(picture, {"Z": 2})


def test_which_of_several_pictures_is_shown_is_said_and_chosen(tmp_path):
    small, large = np.full((8, 8), 1, np.uint8), np.full((16, 16), 2, np.uint8)
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        writer.write(small)
        writer.write(large)
    picture, described = opened(tmp_path / "x.tif")
    assert (plane_of(picture, {}) == small).all()
    assert described.several
    assert "2 pictures" in described.notes[0]
    picture, described = opened(tmp_path / "x.tif", series=1)
    assert (plane_of(picture, {}) == large).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int32])
def test_black_and_white_are_the_ends_of_the_view(dtype):
    array = np.array([[0, 50, 100, 200]], dtype)
    assert shown(array, low=50, high=100).tolist() == [[0, 0, 255, 255]]


def test_what_is_no_number_is_shown_black():
    array = np.array([[np.nan, 1.0]], np.float32)
    assert shown(array, low=0, high=1).tolist() == [[0, 255]]


def test_a_large_part_is_reduced_and_a_small_one_is_exact():
    array = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert shown(array, longest=5).shape == (5, 5)
    assert (shown(array, box=(2, 3, 4, 5), longest=5) == array[3:8, 2:6]).all()


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(LimitError, match=r"20000 × 20000.* too many to be shown"):
        opened(tmp_path / "bomb.png")


@pytest.mark.parametrize("data", [b"", b"no picture", b"II*\0", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_refused(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ImageFormatError):
        opened(tmp_path / "x")


def test_the_process_answers_after_a_file_that_it_cannot_read(tmp_path):
    (tmp_path / "bad").write_bytes(b"II*\0" + b"\xff" * 64)
    Image.new("L", (3, 2), 7).save(tmp_path / "good.png")
    asked = [
        {"what": "describe", "path": str(tmp_path / name), "pixels": PIXELS, "series": None}
        for name in ("bad", "missing", "good.png")
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "zoobridge.web._render_process", tmp_path],
        input="".join(json.dumps(one) + "\n" for one in asked),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heads = [json.loads(line) for line in answer.stdout.splitlines()]
    assert "error" in heads[0]
    # The folder's name is nothing that a visitor should see.
    assert heads[1]["error"] == "the picture cannot be shown: No such file or directory"
    assert (heads[2]["width"], heads[2]["height"]) == (3, 2)


def test_the_process_reads_nothing_but_the_folders_that_it_was_given(tmp_path):
    (tmp_path / "given").mkdir()
    for place in ("given", "."):
        Image.new("L", (3, 2), 7).save(tmp_path / place / "x.png")
    asked = [
        {"what": "describe", "path": str(tmp_path / place / "x.png"), "pixels": PIXELS,
         "series": None}
        for place in ("given", ".")
    ]  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-m", "zoobridge.web._render_process", tmp_path / "given"],
        input="".join(json.dumps(one) + "\n" for one in asked),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heads = [json.loads(line) for line in answer.stdout.splitlines()]
    assert heads[0]["width"] == 3
    assert "Permission denied" in heads[1]["error"]
