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
from zoobridge.web._planes import PlaneView, describe, plane_of, render

PIXELS = 1_000_000


def shown(array, *, colour=False, **changes):
    height, width = array.shape[:2]
    settings = {"plane": {}, "channel": -1, "low": 0, "high": 255, "box": (0, 0, width, height)}
    png = render(array, colour=colour, view=PlaneView(**{**settings, **changes}))
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.fixture
def stack(tmp_path):
    values = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    return values, tmp_path / "stack.tif"


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("imagej", [False, True])
def test_any_plane_of_a_stack_is_found(stack, compression, imagej):
    values, path = stack
    tifffile.imwrite(
        path, values, imagej=imagej, compression=compression, photometric="minisblack",
        metadata={"axes": "TZYX"},
    )  # fmt: skip
    described = describe(path, pixels=PIXELS)
    assert described.planes == {"T": 2, "Z": 3}
    assert (described.width, described.height, described.data_type) == (5, 4, "uint16")
    array, _, _ = plane_of(path, {"T": 1, "Z": 2}, pixels=PIXELS)
    assert (array == values[1, 2]).all()


def test_channels_belong_to_a_plane(tmp_path):
    values = np.arange(3 * 2 * 4 * 5, dtype=np.uint8).reshape(3, 2, 4, 5)
    tifffile.imwrite(
        tmp_path / "x.tif", values, photometric="minisblack", metadata={"axes": "ZCYX"}
    )
    described = describe(tmp_path / "x.tif", pixels=PIXELS)
    assert described.planes == {"Z": 3}
    assert described.channels == 2
    array, _, _ = plane_of(tmp_path / "x.tif", {"Z": 1}, pixels=PIXELS)
    assert (shown(array, channel=1) == values[1, 1]).all()


def test_colours_stay_colours(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (6, 7, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "x.png")
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="rgb")
    for name in ("x.png", "x.tif"):
        array, _, colour = plane_of(tmp_path / name, {}, pixels=PIXELS)
        assert colour
        assert (shown(array, colour=colour) == values).all()
        assert (shown(array, colour=colour, channel=2) == values[:, :, 2]).all()


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


def test_a_plane_that_is_too_large_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(LimitError, match="20000 × 20000"):
        describe(tmp_path / "bomb.png", pixels=PIXELS)


@pytest.mark.parametrize("data", [b"", b"no picture", b"II*\0", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_refused(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ImageFormatError):
        describe(tmp_path / "x", pixels=PIXELS)


def test_the_process_answers_after_a_file_that_it_cannot_read(tmp_path):
    (tmp_path / "bad").write_bytes(b"II*\0" + b"\xff" * 64)
    Image.new("L", (3, 2), 7).save(tmp_path / "good.png")
    asked = [
        {"what": "describe", "path": str(tmp_path / name), "pixels": PIXELS}
        for name in ("bad", "missing", "good.png")
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "zoobridge.web._render_process"],
        input="".join(json.dumps(one) + "\n" for one in asked),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    heads = [json.loads(line) for line in answer.stdout.splitlines()]
    assert "error" in heads[0]
    assert "error" in heads[1]
    assert (heads[2]["width"], heads[2]["height"]) == (3, 2)
