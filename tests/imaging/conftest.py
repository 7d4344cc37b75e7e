"""Pictures and network inputs that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from zoobridge.imaging import (
    AxisSize,
    Conversion,
    ConversionKind,
    InputSpec,
    Item,
    Operation,
    Picture,
    PictureLimits,
    Preparation,
    Preparer,
    Region,
    picture_from_array,
    plan_items,
)

settings.register_profile("imaging", max_examples=60, deadline=None)
settings.load_profile("imaging")

Kinds = Callable[[Sequence[Conversion]], list[ConversionKind]]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def picture() -> Callable[..., Picture]:
    def make(array: Any, axes: str) -> Picture:
        return picture_from_array(np.asarray(array), axes, limits=PictureLimits())

    return make


@pytest.fixture(scope="session")
def spec() -> Callable[..., InputSpec]:
    """Make a network input; lengths are given by letter, such as ``Y=224``."""

    def make(axes: str = "NCYX", **kwargs: Any) -> InputSpec:
        sizes = {letter: AxisSize(1, 1) for letter in axes if letter != "N"}
        for letter in "CZTYX":
            if letter in kwargs:
                size = kwargs.pop(letter)
                sizes[letter] = size if isinstance(size, AxisSize) else AxisSize(size)
        if "C" in axes and sizes["C"].step:
            sizes["C"] = AxisSize(1)
        steps = kwargs.pop("steps", [("ensure_dtype", {"dtype": kwargs.get("dtype", "float32")})])
        preprocessing = tuple(Operation(*step) for step in steps)
        defaults = {"name": "input", "dtype": "float32", "preprocessing": preprocessing}
        return InputSpec(axes=axes, sizes=sizes, **(defaults | kwargs))

    return make


@dataclass(frozen=True)
class PreparedItem:
    """One item as the network takes it."""

    array: np.ndarray
    conversions: tuple[Conversion, ...]


def item_by_item(preparer: Preparer, picture: Picture, items: Sequence[Item]) -> list[Any]:
    """Prepare items, and return what each became, or its error, in the items' order."""
    prepared, faults = preparer.prepare(picture, items)
    found: dict[int, Any] = {fault.index: fault.error for fault in faults}
    for group in prepared:
        for row in zip(group.items, group.array, group.conversions, strict=True):
            found[row[0].index] = PreparedItem(*row[1:])
    assert len(found) == len(items)
    return [found[item.index] for item in items]


@pytest.fixture(scope="session")
def prepare_items() -> Callable[..., list[Any]]:
    return item_by_item


@pytest.fixture(scope="session")
def prepare() -> Callable[..., list[Any]]:
    """Plan and prepare all of a picture, or its regions."""

    def run(
        picture: Picture,
        spec: InputSpec,
        preparation: Preparation | None = None,
        regions: Sequence[Region] = (),
    ) -> list[Any]:
        items = plan_items(picture, spec, planes={}, regions=regions, max_items=1000)
        assert all(isinstance(item, Item) for item in items)
        return item_by_item(Preparer(spec, preparation or Preparation()), picture, items)

    return run


@pytest.fixture(scope="session")
def prepare_one(prepare: Callable[..., list[Any]]) -> Callable[..., PreparedItem]:
    def run(*args: Any, **kwargs: Any) -> PreparedItem:
        (result,) = prepare(*args, **kwargs)
        if isinstance(result, Exception):
            raise result
        return result

    return run


@pytest.fixture(scope="session")
def kinds() -> Kinds:
    return lambda conversions: [conversion.kind for conversion in conversions]
