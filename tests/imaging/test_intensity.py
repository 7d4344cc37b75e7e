"""Intensities reach the model's range by a rule that is named in the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoobridge.errors import InvalidRequestError, ModelInputError
from zoobridge.imaging import ConversionKind, Intensity, IntensityRule, Preparation

Maker = Callable[..., Any]


def asked(rule: IntensityRule, low: float = 0, high: float = 0) -> Preparation:
    return Preparation(intensity=Intensity(rule, low, high))


@given(
    pixels=st.sampled_from(["uint8", "uint16", "uint32", "int8", "int16"]).flatmap(
        lambda dtype: hnp.arrays(dtype, (4, 5))
    ),
    wanted=st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)]),
)
def test_the_range_of_a_type_becomes_the_range_of_the_model(
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
    pixels: np.ndarray,
    wanted: tuple[float, float],
) -> None:
    limits = np.iinfo(pixels.dtype)
    result = prepare_one(
        picture(pixels, "YX"),
        spec("NYX", intensity_range=wanted),
        asked(IntensityRule.DTYPE_RANGE),
    )
    share = (pixels.astype(float) - limits.min) / (float(limits.max) - limits.min)
    expected = wanted[0] + share * (wanted[1] - wanted[0])
    np.testing.assert_allclose(
        result.array, expected, rtol=1e-6, atol=1e-6 * (wanted[1] - wanted[0])
    )


@pytest.mark.parametrize(
    ("dtype", "wanted", "detail"),
    [
        ("uint16", (0, 255), "uint16 0…65535 → 0…255 (dtype_range)"),
        ("uint8", (0, 1), "uint8 0…255 → 0…1 (dtype_range)"),
        ("int16", (0, 255), "int16 -32768…32767 → 0…255 (dtype_range)"),
        ("uint8", (0, 255), None),
        ("uint8", (0, 65535), None),
        ("bool", (0, 255), None),
        ("float32", (0, 255), None),
        ("uint16", None, None),
    ],
)
def test_without_a_rule_only_wider_integers_are_mapped(
    dtype: str,
    wanted: tuple[float, float] | None,
    detail: str | None,
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
) -> None:
    pixels = np.ones((4, 5), dtype)
    result = prepare_one(picture(pixels, "YX"), spec("NYX", intensity_range=wanted))
    assert [conversion.detail for conversion in result.conversions] == ([detail] if detail else [])
    if detail is None:
        np.testing.assert_array_equal(result.array, 1)
    else:
        assert result.conversions[0].kind is ConversionKind.INTENSITY_RESCALED


def test_each_item_has_a_smallest_and_a_greatest_value_of_its_own(
    spec: Maker, picture: Maker, prepare: Maker
) -> None:
    pixels = np.array([[[10, 20]], [[0, 500]], [[7, 7]]], np.uint16)
    results = prepare(
        picture(pixels, "TYX"),
        spec("NYX", intensity_range=(0, 255)),
        asked(IntensityRule.MIN_MAX),
    )
    np.testing.assert_array_equal(
        [result.array for result in results], [[[0, 255]]] * 2 + [[[0, 0]]]
    )
    assert [result.conversions[0].detail for result in results] == [
        "uint16 10…20 → 0…255 (min_max)",
        "uint16 0…500 → 0…255 (min_max)",
        "uint16 7…7 → 0…255 (min_max)",
    ]


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_a_stated_range_cuts_off_what_lies_beyond(
    dtype: str, spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = np.array([[0, 100, 150, 200, 999]], dtype)
    result = prepare_one(
        picture(pixels, "YX"),
        spec("NYX", intensity_range=(0, 1)),
        asked(IntensityRule.EXPLICIT, 100, 200),
    )
    np.testing.assert_allclose(result.array, [[0, 0, 0.5, 1, 1]], atol=1e-7)
    assert result.conversions[0].detail == f"{dtype} 100…200 → 0…1 (explicit)"


def test_integers_that_were_mapped_are_rounded_for_a_model_of_integers(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = np.array([[0, 128, 129, 65534, 65535]], np.uint16)
    result = prepare_one(
        picture(pixels, "YX"), spec("NYX", dtype="uint8", intensity_range=(0, 255))
    )
    assert result.array.dtype == np.uint8
    np.testing.assert_array_equal(result.array, [[0, 0, 1, 255, 255]])


def test_a_rule_that_cannot_be_applied_says_why(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    floats = picture(np.ones((2, 2), np.float32), "YX")
    with pytest.raises(ModelInputError, match="does not state which intensities"):
        prepare_one(floats, spec("NYX"), asked(IntensityRule.MIN_MAX))
    with pytest.raises(ModelInputError, match="the pixels are float32; use min_max or explicit"):
        prepare_one(floats, spec("NYX", intensity_range=(0, 1)), asked(IntensityRule.DTYPE_RANGE))
    for low, high in ((2, 2), (3, 1), (0, np.inf), (np.nan, 1)):
        with pytest.raises(InvalidRequestError, match="is empty"):
            prepare_one(
                floats,
                spec("NYX", intensity_range=(0, 1)),
                asked(IntensityRule.EXPLICIT, low, high),
            )


def test_values_are_left_alone_where_that_is_asked_for(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = np.array([[0, 60_000]], np.uint16)
    result = prepare_one(
        picture(pixels, "YX"), spec("NYX", intensity_range=(0, 255)), asked(IntensityRule.AS_IS)
    )
    np.testing.assert_array_equal(result.array, pixels)
    assert result.conversions == ()
