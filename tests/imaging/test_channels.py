"""Channels are brought into the model's form by rules that are reported, or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoobridge.errors import ModelInputError
from zoobridge.imaging import AxisSize, ConversionKind, Preparation

Maker = Callable[..., Any]


def test_grey_is_repeated_for_colours(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker, rng: np.random.Generator
) -> None:
    grey = rng.integers(0, 256, (5, 6), dtype=np.uint8)
    result = prepare_one(picture(grey, "YX"), spec(C=3, channel_names=("r", "g", "b")))
    np.testing.assert_array_equal(result.array, np.stack([grey] * 3))
    assert kinds(result.conversions) == [ConversionKind.GREY_TO_RGB]


def test_colours_become_grey_as_pillow_makes_them(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker, rng: np.random.Generator
) -> None:
    colours = rng.integers(0, 256, (50, 60, 3), dtype=np.uint8)
    result = prepare_one(picture(colours, "YXC"), spec(C=1))
    np.testing.assert_array_equal(result.array[0], Image.fromarray(colours).convert("L"))
    assert kinds(result.conversions) == [ConversionKind.RGB_TO_GREY]
    assert "BT.601" in result.conversions[0].detail


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("axes", ["YXC", "CYX"])
def test_grey_of_other_types_is_weighted_alike(
    dtype: str, axes: str, spec: Maker, picture: Maker, prepare_one: Maker, rng: np.random.Generator
) -> None:
    colours = (rng.random((9, 8, 3)) * 60_000).astype(dtype)
    expected = colours.astype(float) @ [0.299, 0.587, 0.114]
    shown = colours if axes == "YXC" else np.moveaxis(colours, -1, 0)
    result = prepare_one(picture(shown, axes), spec("NYX", dtype="float64"))
    np.testing.assert_allclose(
        result.array, expected, rtol=1e-5, atol=0.51 if dtype[0] != "f" else 0
    )


@pytest.mark.parametrize(
    ("channels", "wanted", "expected"),
    [
        (4, 3, [ConversionKind.ALPHA_DROPPED]),
        (2, 1, [ConversionKind.ALPHA_DROPPED]),
        (4, 1, [ConversionKind.ALPHA_DROPPED, ConversionKind.RGB_TO_GREY]),
        (2, 3, [ConversionKind.ALPHA_DROPPED, ConversionKind.GREY_TO_RGB]),
        (4, 4, []),
        (2, 2, []),
    ],
)
def test_opacity_is_left_out_only_where_it_is_not_wanted(
    channels: int,
    wanted: int,
    expected: list[ConversionKind],
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
    kinds: Maker,
    rng: np.random.Generator,
) -> None:
    pixels = rng.integers(0, 256, (4, 5, channels), dtype=np.uint8)
    result = prepare_one(picture(pixels, "YXC"), spec(C=wanted))
    assert kinds(result.conversions) == expected
    if (channels, wanted) == (4, 3):
        np.testing.assert_array_equal(result.array, pixels[..., :3].transpose(2, 0, 1))


def test_chosen_channels_come_in_the_order_chosen(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker, rng: np.random.Generator
) -> None:
    pixels = rng.integers(0, 256, (6, 4, 5), dtype=np.uint8)
    result = prepare_one(picture(pixels, "CYX"), spec(C=3), Preparation(channels=(5, 0, 0)))
    np.testing.assert_array_equal(result.array, pixels[[5, 0, 0]])
    assert kinds(result.conversions) == [ConversionKind.CHANNELS_SELECTED]
    assert result.conversions[0].detail == "5, 0, 0 of 6 channels"
    same = prepare_one(picture(pixels[:3], "CYX"), spec(C=3), Preparation(channels=(0, 1, 2)))
    assert same.conversions == ()
    single = prepare_one(picture(pixels, "CYX"), spec(C=3), Preparation(channels=(4,)))
    assert kinds(single.conversions) == [
        ConversionKind.CHANNELS_SELECTED,
        ConversionKind.GREY_TO_RGB,
    ]


def test_a_number_of_channels_that_does_not_fit_names_both(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    colours = picture(np.zeros((4, 5, 3), np.uint8), "YXC")
    three = spec(C=3)
    with pytest.raises(
        ModelInputError,
        match=r"the model wants 4 channels \(r, g, b, y\); the image has 3: choose those",
    ):
        prepare_one(colours, spec(C=4, channel_names=("r", "g", "b", "y")))
    with pytest.raises(ModelInputError, match=r"wants 2 \+ n × 2 channels; the image has 3"):
        prepare_one(colours, dataclasses.replace(three, sizes={**three.sizes, "C": AxisSize(2, 2)}))
    with pytest.raises(ModelInputError, match=r"channel 3 was chosen; the image has 3 channels"):
        prepare_one(colours, spec(C=3), Preparation(channels=(0, 1, 3)))


def test_fluorescence_is_never_taken_for_colour(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    # Four channels that are not interleaved are stains, and the last one is no opacity.
    with pytest.raises(ModelInputError, match="wants 3 channels; the image has 4"):
        prepare_one(picture(np.zeros((4, 5, 6), np.uint16), "CYX"), spec(C=3))
    # Nor does one grey picture stand for three stains that have names.
    with pytest.raises(ModelInputError, match=r"\(DAPI, tubulin, actin\); the image has 1"):
        prepare_one(
            picture(np.zeros((5, 6), np.uint8), "YX"),
            spec(C=3, channel_names=("DAPI", "tubulin", "actin")),
        )


def test_colours_are_put_in_the_order_that_the_model_names(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker, rng: np.random.Generator
) -> None:
    colours = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    result = prepare_one(picture(colours, "YXC"), spec(C=3, channel_names=("Blue", "green", "red")))
    np.testing.assert_array_equal(result.array, np.moveaxis(colours[..., ::-1], -1, 0))
    assert kinds(result.conversions) == [ConversionKind.CHANNELS_SELECTED]


def test_chosen_channels_keep_the_order_of_the_choice(
    spec: Maker, picture: Maker, prepare_one: Maker, rng: np.random.Generator
) -> None:
    colours = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    result = prepare_one(
        picture(colours, "YXC"),
        spec(C=3, channel_names=("blue", "green", "red")),
        Preparation(channels=(0, 1, 2)),
    )
    np.testing.assert_array_equal(result.array, np.moveaxis(colours, -1, 0))
