"""GIF and WebP: frames are planes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import ConversionKind, Picture, PictureLimits, decode

COLOURS = np.random.default_rng(1).integers(0, 255, (3, 24, 32, 3), np.uint8)


def saved(form: str, *frames: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    first, *others = map(Image.fromarray, frames)
    several = {"save_all": True, "append_images": others} if others else {}
    first.save(file, form, **several, **options)
    return file.getvalue()


def read(data: bytes, **limits: int) -> Picture:
    return decode(data, limits=PictureLimits(**limits))


def test_a_webp_is_read_as_it_is() -> None:
    picture = read(saved("WEBP", COLOURS[0], lossless=True))
    assert picture.axes == "YXC"
    np.testing.assert_array_equal(picture.array, COLOURS[0])


def test_frames_of_a_webp_are_planes_in_time() -> None:
    picture = read(saved("WEBP", *COLOURS, lossless=True))
    assert picture.axes == "TYXC"
    np.testing.assert_array_equal(picture.array, COLOURS)


def test_opacity_of_a_webp_is_a_channel() -> None:
    opaque = np.dstack([COLOURS[0], np.full((24, 32), 200, np.uint8)])
    picture = read(saved("WEBP", opaque, lossless=True, exact=True))
    np.testing.assert_array_equal(picture.array, opaque)


def test_the_frames_of_a_gif_are_planes_in_time() -> None:
    greys = [np.full((9, 7), level, np.uint8) for level in (10, 90, 200)]
    picture = read(saved("GIF", *greys))
    assert picture.axes == "TYXC"
    assert picture.array.shape == (3, 9, 7, 3)
    np.testing.assert_array_equal(picture.array[:, 0, 0, 0], [10, 90, 200])
    assert [note.kind for note in picture.notes] == [ConversionKind.PALETTE_EXPANDED]


def test_a_gif_of_one_frame_is_one_picture() -> None:
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    picture = read(saved("GIF", ramp))
    assert picture.axes == "YXC"
    np.testing.assert_array_equal(picture.array[..., 1], ramp)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"lossless": False}, {"lossless": True, "exact": True}]
)
def test_sizes_are_checked_before_anything_is_made_of_them(options: dict[str, Any]) -> None:
    for frames in (COLOURS[:1], COLOURS):
        with pytest.raises(LimitError, match="more than the 500 allowed"):
            read(saved("WEBP", *frames, **options), pixels=500)
    with pytest.raises(LimitError, match="more than the 500 allowed"):
        read(saved("GIF", *COLOURS), pixels=500)
    # One frame would do, all of them do not.
    with pytest.raises(LimitError, match=r"3 × 24 × 32 × 3"):
        read(saved("GIF", *COLOURS), pixels=24 * 32 * 4)


@pytest.mark.parametrize("form", ["WEBP", "GIF"])
def test_a_cut_file_is_answered_with_a_sentence(form: str) -> None:
    data = saved(form, *COLOURS)
    for end in (12, 20, 29, 40, len(data) // 2):
        with pytest.raises(ImageFormatError, match="cannot be decoded"):
            read(data[:end])
