"""Items are brought to the model's size with Pillow's filters, and the result says how."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zoobridge.errors import BrokenPackageError, ModelInputError
from zoobridge.imaging import AxisSize, ConversionKind, Fit, Interpolation, Preparation
from zoobridge.imaging._sizes import nearest_size

Maker = Callable[..., Any]
SMOOTH = [way for way in Interpolation if way is not Interpolation.NEAREST]


def expected(plane: np.ndarray, size: tuple[int, int], how: Interpolation) -> np.ndarray:
    """Rows, then columns: Pillow itself chooses an order, which changed with version 13."""
    filter_ = Image.Resampling[how.name]
    rows = Image.fromarray(plane).resize((size[1], plane.shape[0]), filter_)
    return np.asarray(rows.resize((size[1], size[0]), filter_))


@given(length=st.integers(1, 300), minimum=st.integers(1, 100), step=st.integers(0, 40))
def test_the_nearest_allowed_length_is_taken(length: int, minimum: int, step: int) -> None:
    allowed = [minimum + n * step for n in range(400)]
    found = nearest_size(length, AxisSize(minimum, step))
    assert found in allowed
    assert abs(found - length) == min(abs(one - length) for one in allowed)


@pytest.mark.parametrize("how", SMOOTH)
@pytest.mark.parametrize("axes", ["YXC", "CYX"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("size", [(20, 60), (64, 17), (31, 20)])
def test_stretching_equals_pillow_for_many_items_at_once(
    how: Interpolation,
    axes: str,
    dtype: str,
    size: tuple[int, int],
    spec: Maker,
    picture: Maker,
    prepare: Maker,
    kinds: Maker,
    rng: np.random.Generator,
) -> None:
    pixels = (rng.random((3, 31, 40, 3)) * 255).astype(dtype)
    shown = pixels if axes == "YXC" else np.moveaxis(pixels, -1, 1)
    results = prepare(
        picture(shown, f"T{axes}"),
        spec("NYXC", C=3, Y=size[0], X=size[1]),
        Preparation(interpolation=how),
    )
    for item, result in zip(pixels, results, strict=True):
        for channel in range(3):
            np.testing.assert_array_equal(
                result.array[..., channel],
                expected(np.ascontiguousarray(item[..., channel]), size, how),
            )
        assert kinds(result.conversions) == [ConversionKind.RESIZED]
    assert results[0].conversions[0].detail == (
        f"31 × 40 → {size[0]} × {size[1]} (aspect not kept: stretch, {how.value})"
    )


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    down=st.integers(1, 30),
    across=st.integers(1, 30),
)
def test_the_nearest_pixel_is_taken_of_every_type(
    spec: Maker, picture: Maker, prepare_one: Maker, height: int, width: int, down: int, across: int
) -> None:
    pixels = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    chosen = Preparation(interpolation=Interpolation.NEAREST)
    rows = (2 * np.arange(down) + 1) * height // (2 * down)
    columns = (2 * np.arange(across) + 1) * width // (2 * across)
    want = pixels[np.ix_(rows, columns)]
    pillow = np.asarray(Image.fromarray(pixels).resize((across, down), Image.Resampling.NEAREST))
    # Pillow sums up steps, and errs where a centre falls on the border of two pixels.
    halves = ((2 * np.arange(down) + 1) * height % (2 * down) == 0).any()
    halves |= ((2 * np.arange(across) + 1) * width % (2 * across) == 0).any()
    assert halves or np.array_equal(want, pillow)
    for dtype in ("uint8", "uint16", "int64", "float64"):
        result = prepare_one(
            picture(pixels.astype(dtype), "YX"),
            spec("NYX", Y=down, X=across, dtype=dtype),
            chosen,
        )
        np.testing.assert_array_equal(result.array, want)
        assert result.array.dtype == dtype


def test_padding_keeps_the_aspect_and_adds_zeros_evenly(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker
) -> None:
    pixels = np.full((10, 20), 200, np.uint8)
    result = prepare_one(picture(pixels, "YX"), spec("NYX", Y=40, X=40), Preparation(fit=Fit.PAD))
    assert np.unique(result.array[10:30]).tolist() == [200]
    assert not result.array[:10].any()
    assert not result.array[30:].any()
    assert [conversion.detail for conversion in result.conversions] == [
        "10 × 20 → 20 × 40 (aspect kept: pad, bilinear)",
        "20 × 40 → 40 × 40 evenly with zeros",
    ]
    assert kinds(result.conversions) == [ConversionKind.RESIZED, ConversionKind.PADDED]


def test_cropping_keeps_the_aspect_and_the_centre(
    spec: Maker, picture: Maker, prepare_one: Maker, kinds: Maker
) -> None:
    pixels = np.zeros((10, 20), np.uint8)
    pixels[:, 5:15] = 200
    result = prepare_one(picture(pixels, "YX"), spec("NYX", Y=40, X=40), Preparation(fit=Fit.CROP))
    assert np.unique(result.array[:, 2:-2]).tolist() == [200]
    assert [conversion.detail for conversion in result.conversions] == [
        "10 × 20 → 40 × 80 (aspect kept: crop, bilinear)",
        "40 × 80 → 40 × 40 around the centre",
    ]
    assert kinds(result.conversions) == [ConversionKind.RESIZED, ConversionKind.CROPPED]


def test_cropping_equals_scaling_the_whole_and_cutting_it(
    spec: Maker, picture: Maker, prepare_one: Maker, rng: np.random.Generator
) -> None:
    pixels = rng.random((16, 48)).astype(np.float32)
    result = prepare_one(picture(pixels, "YX"), spec("NYX", Y=8, X=8), Preparation(fit=Fit.CROP))
    whole = expected(pixels, (8, 24), Interpolation.BILINEAR)
    np.testing.assert_allclose(result.array, whole[:, 8:16], rtol=1e-5)


def test_no_size_is_cropped_beyond_its_edges(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    for height, width in itertools.product(range(1, 60, 2), repeat=2):
        result = prepare_one(
            picture(np.full((height, width), 7, np.uint8), "YX"),
            spec("NYX", Y=7, X=11, steps=[]),
            Preparation(fit=Fit.CROP),
        )
        assert result.array.min() == 7


def test_a_long_thin_item_is_cropped_without_being_scaled_as_a_whole(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    # Scaled as a whole it would be 256 × 25,600,000 pixels.
    pixels = np.full((1, 100_000), 7, np.uint8)
    result = prepare_one(
        picture(pixels, "YX"), spec("NYX", Y=256, X=256), Preparation(fit=Fit.CROP)
    )
    assert np.unique(result.array).tolist() == [7]


@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    down=st.integers(1, 30),
    across=st.integers(1, 30),
    mode=st.sampled_from([Fit.CENTER, Fit.PAD, Fit.CROP, Fit.STRETCH]),
    channels=st.sampled_from([1, 3, 5]),
)
def test_every_fit_reaches_the_size(
    spec: Maker,
    picture: Maker,
    prepare_one: Maker,
    height: int,
    width: int,
    down: int,
    across: int,
    mode: Fit,
    channels: int,
) -> None:
    pixels = np.full((height, width, channels), 9, np.uint8)
    result = prepare_one(
        picture(pixels, "YXC"), spec(C=channels, Y=down, X=across), Preparation(fit=mode)
    )
    assert result.array.shape == (channels, down, across)
    assert set(np.unique(result.array)) <= ({0, 9} if mode in {Fit.CENTER, Fit.PAD} else {9})
    assert bool(result.conversions) == ((height, width) != (down, across))


@given(
    height=st.integers(1, 12), width=st.integers(1, 12), down=st.integers(1, 12), across=st.integers(1, 12)
)  # fmt: skip
def test_centring_moves_no_pixel_beyond_the_middle(
    spec: Maker, picture: Maker, prepare_one: Maker, height: int, width: int, down: int, across: int
) -> None:
    pixels = np.arange(1, height * width + 1, dtype=np.int32).reshape(height, width)
    result = prepare_one(
        picture(pixels, "YX"),
        spec("NYX", Y=down, X=across, dtype="int32"),
        Preparation(fit=Fit.CENTER),
    )
    canvas = np.zeros((60, 60), np.int32)
    top, left = 30 - height // 2, 30 - width // 2
    canvas[top : top + height, left : left + width] = pixels
    found = any(
        np.array_equal(result.array, canvas[y : y + down, x : x + across])
        for y in (30 - down // 2 - 1, 30 - down // 2, 30 - down // 2 + 1)
        for x in (30 - across // 2 - 1, 30 - across // 2, 30 - across // 2 + 1)
    )
    assert found


def test_a_size_that_may_not_be_changed_is_refused_with_both_sizes(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = picture(np.zeros((10, 20), np.uint8), "YX")
    with pytest.raises(ModelInputError, match=r"takes 32 × \(16 \+ n · 8\) pixels.*has 10 × 20"):
        prepare_one(pixels, spec("NYX", Y=32, X=AxisSize(16, 8)), Preparation(fit=Fit.REFUSE))
    assert prepare_one(
        pixels, spec("NYX", Y=10, X=AxisSize(12, 8)), Preparation(fit=Fit.REFUSE)
    ).array.shape == (10, 20)


def test_the_package_says_how_unless_the_caller_does(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = picture(np.zeros((10, 20), np.uint8), "YX")
    own = spec("NYX", Y=8, X=8, fit=Fit.PAD, interpolation=Interpolation.LANCZOS)
    assert "pad, lanczos" in prepare_one(pixels, own).conversions[0].detail
    chosen = Preparation(fit=Fit.STRETCH, interpolation=Interpolation.BOX)
    assert "stretch, box" in prepare_one(pixels, own, chosen).conversions[0].detail


def test_a_package_cannot_ask_for_all_memory(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    with pytest.raises(BrokenPackageError, match="2000000 × 2000000 pixels an item"):
        prepare_one(
            picture(np.zeros((10, 20), np.uint8), "YX"), spec("NYX", Y=2_000_000, X=2_000_000)
        )
