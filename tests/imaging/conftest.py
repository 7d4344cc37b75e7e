"""Pictures and network inputs that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    Prepared,
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
        return Preparer(spec, preparation or Preparation()).prepare(picture, items)

    return run


@pytest.fixture(scope="session")
def prepare_one(prepare: Callable[..., list[Any]]) -> Callable[..., Prepared]:
    def run(*args: Any, **kwargs: Any) -> Prepared:
        (result,) = prepare(*args, **kwargs)
        if isinstance(result, Exception):
            raise result
        return result

    return run


@pytest.fixture(scope="session")
def kinds() -> Kinds:
    return lambda conversions: [conversion.kind for conversion in conversions]
