"""Pixels in memory become pictures without a copy, or an error in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import (
    InputSpec,
    ItemFault,
    MissingPlane,
    PictureLimits,
    picture_from_array,
    plan_items,
)

LIMITS = PictureLimits(10_000)


@pytest.mark.parametrize(
    ("shape", "axes", "sentence"),
    [
        ((4, 5), "YXC", r"name 3 axes, the picture has 2 \(4 × 5\)"),
        ((4, 5, 1), "YXX", "an axis twice"),
        ((4, 5), "CX", "lack Y or X"),
        ((4, 5), "yx", "upper-case letters only"),
        ((1, 4, 5), "NYX", "batch; call an axis of positions P"),
        ((0, 5), "YX", "is empty"),
    ],
)
def test_parts_that_do_not_fit_together_are_an_error(
    shape: tuple[int, ...], axes: str, sentence: str
) -> None:
    with pytest.raises(ImageFormatError, match=sentence):
        picture_from_array(np.zeros(shape, np.uint8), axes, limits=LIMITS)


def test_more_pixels_than_allowed_are_refused() -> None:
    with pytest.raises(LimitError, match="more than the 10,000 allowed"):
        picture_from_array(np.zeros((101, 100), np.uint8), "YX", limits=LIMITS)


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


def test_planes_that_a_client_names_as_missing_are_faults(spec: Callable[..., InputSpec]) -> None:
    array = np.ones((3, 2, 4, 5), np.uint8)
    missing = {(1, 0): MissingPlane("never recorded"), (2, 1): MissingPlane("never recorded")}
    picture = picture_from_array(array, "TCYX", limits=LIMITS, missing=missing)

    def faults(*channels: int) -> list[bool]:
        items = plan_items(
            picture, spec("NYX"), planes={}, regions=(), max_items=9, channels=channels
        )
        return [isinstance(item, ItemFault) for item in items]

    assert faults() == [False, True, True]
    assert faults(1) == [False, False, True]


@pytest.mark.parametrize("keys", [[(3,)], [(0, 0, 1)], [(0,), (1, 0)], [(0, 0, 0, 0, 0)]])
def test_planes_that_cannot_be_missing_are_refused(keys: list[tuple[int, ...]]) -> None:
    missing = {key: MissingPlane("lost") for key in keys}
    with pytest.raises(ImageFormatError, match="a missing plane is not among those of TCYX"):
        picture_from_array(np.ones((3, 2, 4, 5), np.uint8), "TCYX", limits=LIMITS, missing=missing)
