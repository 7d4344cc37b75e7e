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
from zoobridge.imaging import Intensity, IntensityRule, Picture, Preparation

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
    ("dtype", "wanted", "detail", "becomes"),
    [
        ("uint16", (0, 255), "uint16 0…65535 → 0…255 (dtype_range)", 1 / 257),
        ("uint8", (0, 1), "uint8 0…255 → 0…1 (dtype_range)", 1 / 255),
        ("int16", (0, 255), "int16 -32768…32767 → 0…255 (dtype_range)", 32769 / 257),
        ("int8", (0, 255), "int8 -128…127 → 0…255 (dtype_range)", 129),
        ("uint8", (0, 255), None, 1),
        ("uint8", (0, 65535), "uint8 0…255 passed unchanged; the model expects 0…65535", 1),
        ("bool", (0, 255), "bool 0…1 → 0…255 (dtype_range)", 255),
        ("bool", (0, 1), None, 1),
        ("float32", (0, 255), "float32 0…1 → 0…255 (unit_range)", 255),
        ("float64", (-1, 1), None, 1),
        ("uint16", None, None, 1),
    ],
)
def test_without_a_rule_type_and_expected_range_decide(
    dtype: str,
    wanted: tuple[float, float] | None,
    detail: str | None,
    becomes: float,
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
) -> None:
    pixels = np.ones((4, 5), dtype)
    result = prepare_one(picture(pixels, "YX"), spec("NYX", intensity_range=wanted))
    assert [conversion.detail for conversion in result.conversions] == ([detail] if detail else [])
    np.testing.assert_allclose(result.array, becomes, rtol=1e-6)


@pytest.mark.parametrize(
    ("pixels", "wanted", "notice"),
    [
        (np.array([[0.1, 0.9]], "f4"), (0, 255), "lie in 0…1, and the model expects 0…255"),
        (np.array([[-3.5, 90]], "f4"), (0, 255), "values -3.5…90 exceed the range 0…255"),
        (np.array([[0, 900]], "f8"), (0, 255), "values 0…900 exceed the range 0…255"),
        (np.array([[0, 200]], "f4"), (0, 1), "values 0…200 exceed the range 0…1"),
        (np.array([[0, 3]], "f4"), (0, 255), "values 0…3 fill 1.2 % of the range 0…255"),
        (
            np.array([[0, 255]], "i2"),
            (0, 255),
            "values 0…255 fill 0.39 % of the range -32768…32767",
        ),
        (np.array([[0, 4095]], "u2"), (0, 1), "values 0…4095 fill 6.2 % of the range 0…65535"),
        (np.array([[0, 9]], "i4"), (0, 255), "fill less than 0.01 % of the range"),
        (np.array([[0, 200]], "u1"), (0, 65535), "values 0…255 fill 0.39 % of the range 0…65535"),
        (np.array([[0, 200]], "u1"), (0, 255), ""),
        (np.array([[0, 60000]], "u2"), (0, 255), ""),
        (np.array([[0.2, 200]], "f4"), (0, 255), ""),
        (np.array([[0.2, 0.9]], "f4"), (0, 1), ""),
        (np.array([[-1, 1]], "f4"), (-1, 1), ""),
        (np.zeros((1, 2), "u2"), (0, 255), ""),
        (np.array([[0, 4095]], "u2"), None, ""),
    ],
)
def test_a_notice_says_what_was_found_and_assumed(
    pixels: np.ndarray,
    wanted: tuple[float, float] | None,
    notice: str,
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
) -> None:
    result = prepare_one(picture(pixels, "YX"), spec("NYX", intensity_range=wanted))
    said = [one for one in result.conversions if one.notice]
    assert [one.notice_field for one in said] == (["options.intensity"] if notice else [])
    assert all(notice in one.notice for one in said)


@pytest.mark.parametrize("rule", [IntensityRule.AS_IS, IntensityRule.UNIT_RANGE])
def test_what_was_asked_for_needs_no_notice(
    rule: IntensityRule, spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = picture(np.array([[0, 0.5, 1]], np.float32), "YX")
    result = prepare_one(pixels, spec("NYX", intensity_range=(0, 255)), asked(rule))
    assert not any(one.notice for one in result.conversions)
    times = 255 if rule is IntensityRule.UNIT_RANGE else 1
    np.testing.assert_allclose(result.array, [[0, 0.5 * times, times]])


def test_all_planes_of_a_picture_are_treated_alike(
    spec: Maker, picture: Maker, prepare: Maker
) -> None:
    dark, bright = np.full((2, 2), 0.5), np.full((2, 2), 200.0)
    results = prepare(
        picture(np.stack([dark, bright]), "TYX"), spec("NYX", intensity_range=(0, 255))
    )
    np.testing.assert_array_equal([one.array[0, 0] for one in results], [0.5, 200])


def test_a_stated_depth_replaces_that_of_the_type_unless_the_values_contradict_it(
    spec: Maker, prepare_one: Maker
) -> None:
    pixels = np.array([[0, 1000, 4095]], np.uint16)
    wanted = spec("NYX", intensity_range=(0, 255))
    result = prepare_one(Picture(pixels, "YX", full_scale=(0, 4095)), wanted)
    np.testing.assert_allclose(result.array, pixels * (255 / 4095), rtol=1e-6)
    assert [(one.detail, one.notice) for one in result.conversions] == [
        ("uint16 0…4095 → 0…255 (dtype_range)", "")
    ]
    wrong = prepare_one(Picture(pixels, "YX", full_scale=(0, 1023)), wanted)
    np.testing.assert_allclose(wrong.array, pixels / 257, rtol=1e-6)
    assert "0…65535" in wrong.conversions[0].notice


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
    with pytest.raises(
        ModelInputError, match="the pixels are float32; use unit_range, min_max or explicit"
    ):
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
