"""Items are prepared together, and come out as if each had been alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.errors import BrokenPackageError, ModelInputError, NonFiniteError
from zoobridge.imaging import (
    Box,
    ConversionKind,
    Fit,
    Item,
    MaskFill,
    Operation,
    Preparation,
    Preparer,
    Region,
    plan_items,
    preprocess,
)

Maker = Callable[..., Any]


@given(order=st.permutations("TZCYX"), tensor=st.permutations("CYX"), data=st.data())
def test_axes_of_any_order_become_the_tensors(
    spec: Maker,
    picture: Maker,
    prepare: Maker,
    order: list[str],
    tensor: list[str],
    data: st.DataObject,
) -> None:
    lengths = {"T": 2, "Z": 3, "C": 3, "Y": 4, "X": 5}
    axes = "".join(order)
    pixels = np.arange(360, dtype=np.int32).reshape([lengths[letter] for letter in axes])
    box = data.draw(st.sampled_from([None, Box(1, 1, 3, 2), Box(0, 0, 5, 4)]))
    regions = [Region("r", box)] if box else []
    results = prepare(
        picture(pixels, axes), spec("N" + "".join(tensor), C=3, dtype="int32"), regions=regions
    )
    planes = [letter for letter in axes if letter in "TZ"]
    ordered = pixels.transpose([axes.index(letter) for letter in (*planes, *tensor)])
    expected = ordered.reshape(6, *ordered.shape[2:])
    if box:
        where = {
            "Y": slice(box.y, box.y + box.height), "X": slice(box.x, box.x + box.width)
        }  # fmt: skip
        expected = expected[(slice(None), *(where.get(letter, slice(None)) for letter in tensor))]
    np.testing.assert_array_equal([result.array for result in results], expected)
    assert all(result.array.flags.c_contiguous for result in results)


def test_an_axis_that_the_network_has_stays_with_the_item(
    spec: Maker, picture: Maker, prepare: Maker, prepare_one: Maker
) -> None:
    pixels = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    first, second = prepare(picture(pixels, "TZYX"), spec("NCZYX", Z=3))
    np.testing.assert_array_equal(first.array, pixels[0][np.newaxis])
    np.testing.assert_array_equal(second.array, pixels[1][np.newaxis])
    flat = prepare_one(picture(pixels[0, 0], "YX"), spec("NCZYX"))
    assert flat.array.shape == (1, 1, 4, 5)
    with pytest.raises(ModelInputError, match="takes 7 pixels along Z, the image has 3"):
        prepare(picture(pixels, "TZYX"), spec("NCZYX", Z=7))
    with pytest.raises(ModelInputError, match="along Z, the image has no such axis"):
        prepare(picture(pixels[0, 0], "YX"), spec("NCZYX", Z=7))


@given(data=st.data(), masks=st.booleans(), axes=st.sampled_from(["YXC", "CYX", "TYXC"]))
def test_many_regions_equal_each_by_itself(
    spec: Maker,
    picture: Maker,
    prepare_items: Maker,
    data: st.DataObject,
    masks: bool,
    axes: str,
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shape = [{"T": 2, "C": 3, "Y": 20, "X": 30}[letter] for letter in axes]
    pixels = picture(rng.integers(0, 256, shape, dtype=np.uint8), axes)
    regions = []
    for number in range(data.draw(st.integers(1, 12))):
        size = data.draw(st.sampled_from([(4, 4), (5, 3), (9, 9)]))
        box = Box(data.draw(st.integers(-2, 25)), data.draw(st.integers(-2, 15)), *size)
        mask = rng.random((box.height, box.width)) > 0.2 if masks and number % 2 else None
        regions.append(Region(str(number), box, mask))
    wanted = spec(
        C=3,
        Y=6,
        X=6,
        intensity_range=(0, 1),
        steps=[
            ("ensure_dtype", {"dtype": "float32"}),
            ("zero_mean_unit_variance", {"axes": ["y", "x"]}),
            ("ensure_dtype", {"dtype": "float32"}),
        ],
    )
    preparer = Preparer(wanted, Preparation(mask_fill=MaskFill.MEAN))
    items = [
        item
        for item in plan_items(pixels, wanted, planes={}, regions=regions, max_items=99)
        if isinstance(item, Item)
    ]
    for item, result in zip(items, prepare_items(preparer, pixels, items), strict=True):
        (alone,) = prepare_items(preparer, pixels, [item])
        np.testing.assert_array_equal(result.array, alone.array)
        assert result.conversions == alone.conversions


def test_a_region_is_the_pixels_of_its_box(
    spec: Maker, picture: Maker, prepare: Maker, rng: np.random.Generator
) -> None:
    pixels = rng.integers(0, 65536, (64, 80), dtype=np.uint16)
    boxes = [Box(int(x), int(y), 9, 7) for x, y in rng.integers(0, 57, (200, 2))]
    results = prepare(
        picture(pixels, "YX"),
        spec("NYX", dtype="uint16"),
        regions=[Region(str(number), box) for number, box in enumerate(boxes)],
    )
    for box, result in zip(boxes, results, strict=True):
        np.testing.assert_array_equal(result.array, pixels[box.y : box.y + 7, box.x : box.x + 9])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("axes", ["YXC", "CYX", "XYC"])
def test_what_lies_outside_a_mask_is_replaced(
    dtype: str, axes: str, spec: Maker, picture: Maker, prepare: Maker, kinds: Maker
) -> None:
    pixels = np.arange(1, 61, dtype=dtype).reshape(4, 5, 3)
    mask = np.zeros((3, 2), bool)
    mask[0, 0] = mask[2, 1] = True
    box = Box(1, 1, 2, 3)
    inner = pixels[1:4, 1:3]
    mean = inner[mask].mean(0)
    shown = picture(pixels.transpose(["YXC".index(letter) for letter in axes]), axes)
    for fill, outside in ((MaskFill.ZERO, 0), (MaskFill.MEAN, mean), (MaskFill.KEEP, inner)):
        (result,) = prepare(
            shown,
            spec("NYXC", C=3),
            Preparation(mask_fill=fill),
            regions=[Region("r", box, mask)],
        )
        replaced = np.round(outside) if dtype == "uint8" else outside
        expected = np.where(mask[..., np.newaxis], inner, replaced)
        np.testing.assert_array_equal(result.array, expected)
        masked = [] if fill is MaskFill.KEEP else [ConversionKind.MASKED]
        assert kinds(result.conversions) == masked


def test_pixels_that_are_no_numbers_fail_their_own_item_alone(
    spec: Maker, picture: Maker, prepare: Maker
) -> None:
    pixels = np.ones((4, 3, 3), np.float32)
    pixels[1, 0, 0] = np.nan
    pixels[3, 2, 1] = -np.inf
    results = prepare(picture(pixels, "TYX"), spec("NYX"))
    wrong = [isinstance(result, NonFiniteError) for result in results]
    assert wrong == [False, True, False, True]
    np.testing.assert_array_equal(results[2].array, pixels[2])
    mask = np.ones((3, 3), bool)
    mask[0, 0] = False
    (saved,) = prepare(
        picture(pixels[1], "YX"), spec("NYX"), regions=[Region("r", Box(0, 0, 3, 3), mask)]
    )
    np.testing.assert_array_equal(saved.array, np.where(mask, pixels[1], 0))


def test_the_packages_steps_have_the_last_word_on_the_type(
    spec: Maker, picture: Maker, prepare_one: Maker
) -> None:
    pixels = picture(np.full((3, 3), 7, np.uint8), "YX")
    steps = [("scale_linear", {"gain": 2.0}), ("ensure_dtype", {"dtype": "uint8"})]
    assert prepare_one(pixels, spec("NYX", steps=steps)).array.dtype == np.uint8
    assert prepare_one(pixels, spec("NYX", steps=[])).array.dtype == np.float32
    assert prepare_one(pixels, spec("NYX", steps=steps[:1], dtype="float64")).array.dtype == float


def test_an_input_that_is_no_picture_is_refused(spec: Maker) -> None:
    with pytest.raises(BrokenPackageError, match=r"'input' has the axes NC; .* needs Y and X"):
        Preparer(spec("NC"), Preparation())


def test_a_step_may_name_the_input_itself(
    spec: Maker, picture: Maker, prepare_one: Maker, rng: np.random.Generator
) -> None:
    pixels = rng.random((6, 7))
    steps = [("scale_range", {"reference_tensor": "input", "axes": ["y", "x"]})]
    result = prepare_one(picture(pixels, "YX"), spec("NYX", dtype="float64", steps=steps))
    np.testing.assert_array_equal(
        result.array, preprocess(pixels[np.newaxis], "NYX", [Operation("scale_range")])[0]
    )


def test_conversions_come_in_the_order_in_which_they_were_done(
    spec: Maker, picture: Maker, prepare: Maker, kinds: Maker
) -> None:
    pixels = picture(np.ones((9, 9), np.uint16), "YX")
    mask = np.ones((6, 6), bool)
    (result,) = prepare(
        pixels,
        spec(C=3, Y=12, X=16, intensity_range=(0, 255)),
        Preparation(fit=Fit.PAD),
        regions=[Region("r", Box(6, 6, 6, 6), mask)],
    )
    assert kinds(result.conversions) == [
        ConversionKind.GREY_TO_RGB,
        ConversionKind.REGION_CLIPPED,
        ConversionKind.MASKED,
        ConversionKind.INTENSITY_RESCALED,
        ConversionKind.RESIZED,
        ConversionKind.PADDED,
    ]


def test_a_picture_is_never_modified(
    spec: Maker, picture: Maker, prepare: Maker, rng: np.random.Generator
) -> None:
    pixels = rng.random((8, 8)).astype(np.float32)
    kept = pixels.copy()
    steps = [("scale_linear", {"gain": 3.0, "offset": 1.0}), ("clip", {"min": 0.0, "max": 1.0})]
    prepare(picture(pixels, "YX"), spec("NYX", steps=steps))
    np.testing.assert_array_equal(pixels, kept)
