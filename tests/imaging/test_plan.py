"""Planes and regions become items in order, each with its own error if it has one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.errors import LimitError, RegionError
from zoobridge.imaging import (
    Box,
    ConversionKind,
    InputSpec,
    Item,
    ItemFault,
    Picture,
    Region,
    plan_items,
    plane_axes,
)

Maker = Callable[..., Any]


def plan(picture: Picture, spec: InputSpec, **options: Any) -> list[Item | ItemFault]:
    return plan_items(
        picture, spec, **({"planes": {}, "regions": [], "max_items": 10_000} | options)
    )


def stack(axes: str, **lengths: int) -> Picture:
    shape = tuple(lengths.get(letter, 6) for letter in axes)
    return Picture(np.zeros(shape, np.uint8), axes)


def test_a_plain_picture_is_one_item(spec: Maker) -> None:
    assert plan(stack("YXC"), spec()) == [Item(0)]


@given(order=st.permutations("TZCYX"), data=st.data())
def test_planes_are_the_product_of_the_chosen_indexes(
    spec: Maker, order: list[str], data: st.DataObject
) -> None:
    axes = "".join(order)
    picture = stack(axes, T=3, Z=4, C=2)
    planes = {
        letter: data.draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=5))
        for letter, length in (("T", 3), ("Z", 4))
        if data.draw(st.booleans())
    }
    letters = [letter for letter in axes if letter in "TZ"]
    every = itertools.product(*(planes.get(a, range({"T": 3, "Z": 4}[a])) for a in letters))
    expected = [dict(zip(letters, indexes, strict=True)) for indexes in every]
    items = plan(picture, spec(), planes=planes)
    assert [dict(item.plane) for item in items] == expected
    assert [item.index for item in items] == list(range(len(expected)))


def test_an_axis_of_the_network_makes_no_planes(spec: Maker) -> None:
    picture = stack("TZCYX", T=2, Z=5)
    assert plane_axes(picture, spec("NCZYX")) == "T"
    assert [item.plane for item in plan(picture, spec("NCZYX"))] == [{"T": 0}, {"T": 1}]
    with pytest.raises(RegionError, match="the model takes the whole of Z"):
        plan(picture, spec("NCZYX"), planes={"Z": [0]})


def test_regions_are_repeated_in_every_plane(spec: Maker) -> None:
    regions = [Region("a", Box(0, 0, 2, 2)), Region("b", Box(1, 1, 3, 3))]
    items = plan(stack("TYX", T=3), spec(), regions=regions, planes={"T": [2, 0]})
    assert [(item.plane["T"], item.region_id) for item in items] == [
        (2, "a"), (2, "b"), (0, "a"), (0, "b"),
    ]  # fmt: skip
    assert all(isinstance(item, Item) and item.box is not None for item in items)


@given(
    box=st.builds(
        Box, st.integers(-9, 12), st.integers(-9, 12), st.integers(0, 14), st.integers(0, 14)
    ),
    masked=st.booleans(),
)
def test_a_box_is_cut_at_the_edge_with_its_mask(spec: Maker, box: Box, masked: bool) -> None:
    height, width = 6, 9
    inside = np.zeros((40, 40), bool)
    inside[20 : 20 + height, 20 : 20 + width] = True
    mask = np.ones((box.height, box.width), bool) if masked else None
    (item,) = plan(stack("YX", Y=height, X=width), spec(), regions=[Region("r", box, mask)])
    rows = slice(20 + box.y, 20 + box.y + box.height)
    columns = slice(20 + box.x, 20 + box.x + box.width)
    covered = inside[rows, columns]
    if not covered.any():
        assert isinstance(item, ItemFault)
        assert isinstance(item.error, RegionError)
        return
    assert isinstance(item, Item)
    assert item.box is not None
    left, top = max(box.x, 0), max(box.y, 0)
    assert item.box == Box(
        left, top, int(covered[covered.any(1)][0].sum()), int(covered.any(1).sum())
    )
    clipped = not covered.all()
    assert [note.kind for note in item.notes] == (
        [ConversionKind.REGION_CLIPPED] if clipped else []
    )
    if masked:
        assert item.mask is not None
        assert item.mask.shape == (item.box.height, item.box.width)


def test_a_mask_is_cut_where_the_box_is(spec: Maker) -> None:
    mask = np.arange(12).reshape(3, 4) % 2 == 0
    (item,) = plan(stack("YX"), spec(), regions=[Region("r", Box(-1, 4, 4, 3), mask)])
    assert isinstance(item, Item)
    np.testing.assert_array_equal(item.mask, mask[:2, 1:])
    assert item.notes[0].detail == "4 × 3 at (-1, 4) → 3 × 2 at (0, 4)"


def test_one_bad_region_leaves_the_others_be(spec: Maker) -> None:
    regions = [
        Region("good", Box(0, 0, 2, 2)),
        Region("far", Box(90, 0, 2, 2)),
        Region("empty", Box(0, 0, 0, 2)),
        Region("mask", Box(0, 0, 2, 2), np.ones((2, 3), bool)),
        Region("void", Box(0, 0, 2, 2), np.zeros((2, 2), bool)),
        Region("huge", Box(0, 0, 2**31, 2**31)),
    ]
    items = plan(stack("YX"), spec(), regions=regions)
    assert [type(item) for item in items] == [Item, *[ItemFault] * 4, Item]
    sentences = [item.error.message for item in items if isinstance(item, ItemFault)]
    for sentence, part in zip(
        sentences,
        ["lies outside the picture, which is 6 × 6", "is empty", "2 × 3 pixels", "no pixel"],
        strict=True,
    ):
        assert part in sentence


def test_a_region_may_lie_in_planes_of_its_own(spec: Maker) -> None:
    picture = stack("TZYX", T=3, Z=2)
    regions = [
        Region("all", Box(0, 0, 2, 2)),
        Region("t1", Box(0, 0, 2, 2), plane={"T": 1}),
        Region("spot", Box(0, 0, 2, 2), plane={"T": 2, "Z": 1}),
        Region("off", Box(0, 0, 2, 2), plane={"T": 3}),
        Region("odd", Box(0, 0, 2, 2), plane={"Q": 0}),
    ]
    items = plan(picture, spec(), regions=regions, planes={"T": [1, 2]})
    assert [(i.region_id, i.plane.get("T"), i.plane.get("Z")) for i in items] == [
        ("all", 1, 0), ("t1", 1, 0), ("all", 1, 1), ("t1", 1, 1),
        ("all", 2, 0), ("all", 2, 1), ("spot", 2, 1),
        ("off", 3, None), ("odd", None, None),
    ]  # fmt: skip
    assert [item.index for item in items] == list(range(9))
    faults = [item.error.message for item in items if isinstance(item, ItemFault)]
    assert "no plane T=3; the picture has T 0…2" in faults[0]
    assert "no planes along 'Q'; it has T (0…2), Z (0…1)" in faults[1]


def test_a_region_in_a_plane_that_was_not_chosen_says_so(spec: Maker) -> None:
    regions = [Region("r", Box(0, 0, 2, 2), plane={"T": 2})]
    (fault,) = plan(stack("TYX"), spec(), regions=regions, planes={"T": [0]})
    assert isinstance(fault, ItemFault)
    assert "T=2, which is not among the chosen planes" in fault.error.message


@pytest.mark.parametrize(
    ("planes", "sentence"),
    [
        ({"Q": [0]}, r"no planes along 'Q'; it has T \(0…2\)"),
        ({"": [0]}, r"no planes along ''; it has T"),
        ({"T": [0, 3]}, "no plane T=3; the picture has T 0…2"),
        ({"C": [0]}, "channels are chosen by themselves"),
        ({"Y": [0]}, "chosen by regions"),
    ],
)
def test_planes_that_are_not_there_name_what_there_is(
    spec: Maker, planes: dict[str, list[int]], sentence: str
) -> None:
    with pytest.raises(RegionError, match=sentence):
        plan(stack("TCYX", T=3), spec(), planes=planes)
    with pytest.raises(RegionError, match="it is a single plane"):
        plan(stack("YX"), spec(), planes={"T": [0]})


def test_too_many_items_are_counted_before_they_are_made(spec: Maker) -> None:
    picture = Picture(np.broadcast_to(np.uint8(0), (1 << 20, 1 << 20, 4, 4)), "TPYX")
    regions = [Region(str(i), Box(0, 0, 2, 2)) for i in range(3)]
    with pytest.raises(LimitError, match="3,298,534,883,328 items, more than the 10,000 allowed"):
        plan(picture, spec(), regions=regions)
    with pytest.raises(LimitError):
        plan(picture, spec(), regions=[Region("r", Box(0, 0, 2, 2), plane={"T": 1})])
    spots = [Region("r", Box(0, 0, 2, 2), plane={"T": 1 << 19, "P": 5})] * 3
    assert len(plan(picture, spec(), regions=spots)) == 3


def test_a_region_that_is_known_to_be_wrong_is_answered_so(spec: Maker) -> None:
    error = RegionError("its mask was cut short")
    regions = [Region("bad", Box(0, 0, 2, 2), error=error), Region("good", Box(0, 0, 2, 2))]
    bad, good = plan(stack("YX"), spec(), regions=regions)
    assert isinstance(bad, ItemFault)
    assert bad.error is error
    assert isinstance(good, Item)
