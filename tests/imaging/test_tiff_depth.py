"""Samples of any depth mean the same as in a picture of 8 bits."""

from __future__ import annotations

import io
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from zoobridge.imaging import Picture, PictureLimits, decode


def packed(array: np.ndarray, bits: int) -> bytes:
    """Write a TIFF of samples of so many bits, by hand: rows begin at whole bytes."""
    rows = b"".join(imagecodecs.packints_encode(row, bits, runlen=row.size) for row in array)
    height, width = array.shape
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(rows)),
    ]  # fmt: skip
    offset = 8 + len(rows) + len(rows) % 2
    entries = b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, value in tags
    )  # fmt: skip
    head = b"II*\x00" + offset.to_bytes(4, "little") + rows + b"\0" * (len(rows) % 2)
    return head + len(tags).to_bytes(2, "little") + entries + bytes(4)


def read(data: bytes) -> Picture:
    return decode(data, limits=PictureLimits())


def written(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


@pytest.mark.parametrize(("bits", "step"), [(1, 255), (2, 85), (4, 17)])
def test_fewer_than_eight_bits_are_spread_as_in_a_png(bits: int, step: int) -> None:
    array = np.arange(16 * 13).reshape(16, 13).astype(np.uint8) % (1 << bits)
    picture = read(packed(array, bits))
    np.testing.assert_array_equal(picture.array, array * step)
    highest = (1 << bits) - 1
    assert [note.detail for note in picture.notes] == [
        f"{bits}-bit 0…{highest} → 0…255, as in a PNG"
    ]


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_camera_depths_state_their_full_scale(bits: int) -> None:
    array = (np.arange(16 * 12).reshape(16, 12) * 5).astype(np.uint16)
    picture = read(packed(array, bits))
    np.testing.assert_array_equal(picture.array, array)
    assert picture.full_scale == (0, (1 << bits) - 1)


@pytest.mark.parametrize(
    ("dtype", "tags", "full_scale"),
    [
        ("uint16", {341: ("H", 4095)}, (0, 4095)),
        ("uint16", {340: ("H", 100), 341: ("H", 4095)}, (100, 4095)),
        ("uint16", {340: ("H", 0), 341: ("H", 65535)}, None),
        ("int16", {340: ("h", 0), 341: ("h", 1023)}, (0, 1023)),
        ("float32", {340: ("f", 0.0), 341: ("f", 1.0)}, (0, 1)),
        ("float32", {341: ("f", 1.0)}, None),
        ("uint16", {340: ("H", 9), 341: ("H", 9)}, None),
        ("uint16", {}, None),
    ],
)
def test_a_stated_range_of_samples_is_taken(
    dtype: str, tags: dict[int, tuple[str, float]], full_scale: tuple[float, float] | None
) -> None:
    array = np.zeros((8, 8), dtype)
    extra = [(tag, kind, 1, value, True) for tag, (kind, value) in tags.items()]
    assert read(written(array, metadata=None, extratags=extra)).full_scale == full_scale


def test_the_significant_bits_of_ome_are_taken() -> None:
    array = np.zeros((2, 8, 8), np.uint16)
    data = written(array, ome=True, metadata={"axes": "ZYX", "SignificantBits": 12})
    assert read(data).full_scale == (0, 4095)
    assert read(written(array, ome=True, metadata={"axes": "ZYX"})).full_scale is None
