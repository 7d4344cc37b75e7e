"""Which picture of a TIFF file is taken, and what is said about it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from zoobridge.errors import ImageFormatError
from zoobridge.imaging import ConversionKind, Picture, PictureLimits, decode

RNG = np.random.default_rng(5)
FULL = RNG.integers(0, 255, (32, 24), np.uint8)
OTHER = RNG.integers(0, 255, (20, 20), np.uint8)
SMALL = FULL[::4, ::4].copy()
MASK = (FULL > 99).astype(np.uint8)


def pages(*several: tuple[np.ndarray, int]) -> bytes:
    """Write pages, each with its NewSubfileType."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for array, kind in several:
            # A mask's bit is written below: tifffile wants masks to have one bit a pixel.
            writer.write(array, subfiletype=kind and 1, contiguous=False, metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as read:
        for page, (_, kind) in zip(read.pages, several, strict=True):
            if kind:
                data[page.tags["NewSubfileType"].valueoffset] = kind
    return bytes(data)


def read(data: bytes, **options: Any) -> Picture:
    return decode(data, limits=PictureLimits(), **options)


@pytest.mark.parametrize(
    "data",
    [
        pages((SMALL, 1), (FULL, 0)),
        pages((FULL, 0), (SMALL, 1)),
        pages((MASK, 4), (FULL, 0)),
        pages((SMALL, 1), (FULL, 0), (MASK, 4)),
        pages((FULL, 1), (FULL, 0)),
    ],
    ids=["thumbnail first", "thumbnail last", "mask first", "all", "same size"],
)
def test_the_full_picture_is_taken_wherever_it_stands(data: bytes) -> None:
    picture = read(data)
    np.testing.assert_array_equal(picture.array, FULL)
    assert not any(note.notice for note in picture.notes)


def test_pictures_of_the_same_rank_are_counted_and_can_be_chosen() -> None:
    data = pages((SMALL, 1), (FULL, 0), (OTHER, 0))
    picture = read(data)
    np.testing.assert_array_equal(picture.array, FULL)
    (note,) = picture.notes
    assert note.kind is ConversionKind.SERIES_SELECTED
    assert note.notice == (
        "the file holds 2 pictures, and picture 1 was taken: "
        "0 (8 × 6, reduced), 1 (32 × 24), 2 (20 × 20)"
    )
    assert note.notice_field == "image.series"
    chosen = read(data, series=2)
    np.testing.assert_array_equal(chosen.array, OTHER)
    assert chosen.notes == ()
    np.testing.assert_array_equal(read(data, series=0).array, SMALL)


def test_a_picture_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ImageFormatError, match=r"no picture 7; it holds 0 \(32 × 24\), 1"):
        read(pages((FULL, 0), (OTHER, 0)), series=7)
    png = io.BytesIO()
    from PIL import Image

    Image.fromarray(FULL).save(png, "PNG")
    with pytest.raises(ImageFormatError, match="holds no picture 1; a PNG file is one picture"):
        read(png.getvalue(), series=1)
    np.testing.assert_array_equal(read(png.getvalue(), series=0).array, FULL)


def test_a_second_image_of_ome_can_be_chosen() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, ome=True) as writer:
        writer.write(SMALL, metadata={"axes": "YX", "Name": "macro image"})
        writer.write(np.stack([FULL, FULL]), metadata={"axes": "ZYX", "Name": "nuclei"})
    picture = read(file.getvalue())
    np.testing.assert_array_equal(picture.array, [FULL, FULL])
    assert [note.detail for note in picture.notes] == [
        "picture 1 was taken: 0 (8 × 6, macro image), 1 (2 × 32 × 24, nuclei)"
    ]
    np.testing.assert_array_equal(read(file.getvalue(), series=0).array, SMALL)


def test_a_stack_is_one_picture() -> None:
    assert read(pages((FULL, 0), (FULL, 0), (FULL, 0))).array.shape == (3, 32, 24)
    # Pages of a document (bit 1) are no copies of one another.
    assert read(pages((FULL, 2), (FULL, 2))).array.shape == (2, 32, 24)
