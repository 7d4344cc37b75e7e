"""Boxes in columns are the same items as regions one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.errors import LimitError
from zoobridge.imaging import (
    Box,
    BoxItems,
    Intensity,
    IntensityRule,
    Picture,
    Preparation,
    Preparer,
    Region,
    plan_items,
)
from zoobridge.protocol import Boxes

Maker = Callable[..., Any]

_corner = st.integers(0, 20)
_box = st.tuples(_corner, _corner, st.integers(1, 4), st.integers(1, 4))


def _both(rows: list[Any], *, named: bool) -> tuple[Boxes, list[Region]]:
    ids = [f"r{place}" for place in range(len(rows))] if named else []
    regions = [Region(ids[n] if ids else "", Box(*row)) for n, row in enumerate(rows)]
    return Boxes(np.array(rows, np.int64).reshape(-1, 4), ids), regions


def _picture(axes: str = "YX", **lengths: int) -> Picture:
    shape = tuple({"Y": 24, "X": 24, **lengths}[letter] for letter in axes)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return Picture(pixels, axes)


@given(
    rows=st.lists(_box, min_size=1, max_size=12),
    named=st.booleans(),
    axes=st.sampled_from(["YX", "ZYX"]),
)
def test_the_same_items_are_planned(spec: Maker, rows: list[Any], named: bool, axes: str) -> None:
    boxes, regions = _both(rows, named=named)
    picture = _picture(axes, Z=3)
    for planes in ({}, {"Z": (1,)}) if "Z" in axes else ({},):
        planned = [
            plan_items(picture, spec(C=1), planes=planes, regions=given, max_items=10_000)
            for given in (boxes, regions)
        ]
        assert list(planned[0]) == list(planned[1])


@pytest.mark.parametrize("row", [(-1, 0, 3, 3), (22, 0, 3, 3), (0, 0, 0, 3), (50, 50, 3, 3)])
def test_a_box_that_is_not_inside_has_its_note_or_its_error(spec: Maker, row: Any) -> None:
    boxes, regions = _both([(0, 0, 4, 4), row], named=True)
    one, other = (
        list(plan_items(_picture(), spec(C=1), planes={}, regions=given, max_items=10))
        for given in (boxes, regions)
    )
    assert repr(one) == repr(other)
    assert not isinstance(one, BoxItems)


def test_the_limit_holds_for_boxes(spec: Maker) -> None:
    boxes, _ = _both([(0, 0, 1, 1)] * 11, named=False)
    with pytest.raises(LimitError):
        plan_items(_picture(), spec(C=1), planes={}, regions=boxes, max_items=10)


@given(
    rows=st.lists(_box, min_size=1, max_size=12),
    rule=st.sampled_from([None, Intensity(IntensityRule.EXPLICIT, 3, 200)]),
    cut=st.integers(0, 12),
)
def test_the_same_inputs_are_prepared(
    spec: Maker, rows: list[Any], rule: Intensity | None, cut: int
) -> None:
    boxes, _ = _both(rows, named=True)
    picture = _picture()
    described = spec(C=1)
    items = plan_items(picture, described, planes={}, regions=boxes, max_items=100)
    assert isinstance(items, BoxItems)
    preparer = Preparer(described, Preparation(intensity=rule))
    for part in (items[:cut], items[cut:]):
        if not part:
            continue
        assert isinstance(part, BoxItems)
        for one, other in zip(
            preparer.prepare(picture, part)[0],
            preparer.prepare(picture, list(part))[0],
            strict=True,
        ):
            assert list(one.items) == list(other.items)
            assert list(one.conversions) == list(other.conversions)
            np.testing.assert_array_equal(one.array, other.array)
