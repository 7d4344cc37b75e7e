"""Pixels in memory become pictures without a copy, or an error in a sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import PictureLimits, picture_from_array, picture_from_buffer

LIMITS = PictureLimits(10_000)
NAMES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]


@given(
    dtype=st.sampled_from([*NAMES, "float16", "float32", "float64"]),
    axes=st.permutations("TZCYX").flatmap(
        lambda letters: st.integers(0, 3).map(
            lambda drop: "".join(letter for letter in letters if letter not in "TZC"[:drop])
        )
    ),
    data=st.data(),
)
def test_a_buffer_is_seen_not_copied(dtype: str, axes: str, data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(1, 4)) for _ in axes)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = bytearray(data.draw(st.binary(min_size=size, max_size=size)))
    if dtype == "bool":
        buffer = bytearray(byte & 1 for byte in buffer)
    picture = picture_from_buffer(buffer, dtype=dtype, shape=shape, axes=axes, limits=LIMITS)
    assert (picture.array.shape, picture.array.dtype, picture.axes) == (shape, dtype, axes)
    assert picture.array.tobytes() == bytes(buffer)
    assert np.shares_memory(picture.array, np.frombuffer(buffer, np.uint8))
    assert not picture.array.flags.writeable


@pytest.mark.parametrize(
    ("dtype", "shape", "axes", "size", "sentence"),
    [
        ("uint8", (4, 5), "YX", 19, "takes 20 bytes, but 19 were sent"),
        ("uint16", (4, 5), "YX", 20, "takes 40 bytes, but 20 were sent"),
        ("uint8", (4, 5), "YXC", 20, r"name 3 axes, the picture has 2 \(4 × 5\)"),
        ("uint8", (4, 5, 1), "YXX", 20, "an axis twice"),
        ("uint8", (4, 5), "CX", 20, "lack Y or X"),
        ("uint8", (4, 5), "yx", 20, "upper-case letters only"),
        ("uint8", (1, 4, 5), "NYX", 20, "batch; call an axis of positions P"),
        ("uint8", (0, 5), "YX", 0, "is empty"),
        ("uint8", (-4, -5), "YX", 20, "is empty"),
        ("complex64", (4, 5), "YX", 160, "not a type of pixels"),
        ("object", (4, 5), "YX", 160, "not a type of pixels"),
        ("nonsense", (4, 5), "YX", 20, "not a type of pixels"),
    ],
)
def test_parts_that_do_not_fit_together_are_an_error(
    dtype: str, shape: tuple[int, ...], axes: str, size: int, sentence: str
) -> None:
    with pytest.raises(ImageFormatError, match=sentence):
        picture_from_buffer(bytes(size), dtype=dtype, shape=shape, axes=axes, limits=LIMITS)


def test_a_size_beyond_all_memory_is_refused_before_it_is_computed_with() -> None:
    with pytest.raises(LimitError, match="more than the 10,000 allowed"):
        picture_from_buffer(b"", dtype="uint8", shape=(1 << 40, 1 << 40), axes="YX", limits=LIMITS)


def test_bytes_that_are_not_booleans_are_refused() -> None:
    with pytest.raises(ImageFormatError, match="zero or one"):
        picture_from_buffer(b"\0\2", dtype="bool", shape=(1, 2), axes="YX", limits=LIMITS)


def test_an_array_becomes_a_picture_and_stays_writeable_itself() -> None:
    array = np.zeros((3, 4, 3), np.uint8)
    picture = picture_from_array(array, "YXS", limits=LIMITS)
    assert picture.axes == "YXC"
    assert np.shares_memory(picture.array, array)
    assert array.flags.writeable


def test_foreign_byte_order_is_made_native() -> None:
    array = np.arange(6, dtype=">u2").reshape(2, 3)
    picture = picture_from_array(array, "YX", limits=LIMITS)
    assert picture.array.dtype.isnative
    np.testing.assert_array_equal(picture.array, array)
    with pytest.raises(ImageFormatError, match="complex64"):
        picture_from_array(array.astype(np.complex64), "YX", limits=LIMITS)
