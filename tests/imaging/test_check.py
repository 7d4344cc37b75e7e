"""What is said of a picture before a run is what is done to it in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.errors import ModelInputError, ZooBridgeError
from zoobridge.imaging import (
    AxisSize,
    Fit,
    ImageFacts,
    ImagePlan,
    InputSpec,
    Intensity,
    IntensityRule,
    PictureLimits,
    Preparation,
    check_image,
)

Maker = Callable[..., Any]


def check(array: np.ndarray, axes: str, spec: InputSpec, preparation: Preparation) -> ImagePlan:
    values = (float(array.min()), float(array.max()))
    return check_image(
        ImageFacts(array.dtype, array.shape, axes, None, values),
        spec,
        preparation,
        regions=False,
        limits=PictureLimits(),
    )


@given(
    axes=st.sampled_from(["YX", "YXC", "CYX", "ZYX", "TCYX"]),
    length=st.sampled_from([1, 2, 3, 4, 5]),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32", "bool"]),
    channels=st.sampled_from([AxisSize(1), AxisSize(3), AxisSize(4), AxisSize(1, 1)]),
    names=st.sampled_from([(), ("red", "green", "blue"), ("nucleus", "er", "tubules")]),
    depth=st.sampled_from(["", "Z"]),
    wanted=st.sampled_from([None, (0.0, 1.0), (0.0, 255.0)]),
    fit=st.sampled_from(Fit),
    rule=st.sampled_from([None, *IntensityRule]),
    chosen=st.sampled_from([(), (0,), (2, 0, 1)]),
)
def test_the_plan_of_a_picture_is_what_preparing_it_does(
    axes: str,
    length: int,
    size: tuple[int, int],
    dtype: str,
    channels: AxisSize,
    names: tuple[str, ...],
    depth: str,
    wanted: tuple[float, float] | None,
    fit: Fit,
    rule: IntensityRule | None,
    chosen: tuple[int, ...],
    prepare: Maker,
    picture: Maker,
    spec: Maker,
) -> None:
    lengths = {"Y": size[0], "X": size[1], "C": length, "Z": length, "T": 2}
    array = np.arange(np.prod([lengths[letter] for letter in axes]))
    array = (array % 7).reshape([lengths[letter] for letter in axes]).astype(dtype)
    model = spec(f"NC{depth}YX", Y=16, X=16, channel_names=names, intensity_range=wanted, fit=fit)
    model = InputSpec(**{**vars(model), "sizes": {**model.sizes, "C": channels}})
    asked = Preparation(intensity=None if rule is None else Intensity(rule, 0, 9), channels=chosen)
    try:
        results = prepare(picture(array, axes), model, asked)
        failure = next((one for one in results if isinstance(one, ZooBridgeError)), None)
    except ZooBridgeError as error:
        failure = error
    if failure is not None:
        with pytest.raises(type(failure)) as refusal:
            check(array, axes, model, asked)
        assert str(refusal.value) == str(failure)
        return
    plan = check(array, axes, model, asked)
    assert plan.planes == len(results)
    for result in results:
        assert result.array.shape[-2:] == plan.size
        if rule is IntensityRule.MIN_MAX:
            continue  # Each item has a range of its own.
        assert result.conversions == plan.conversions


def test_grey_is_refused_by_a_model_of_stained_structures(spec: Maker) -> None:
    model = spec("NCYX", C=3, channel_names=("nucleus", "er", "tubules"))
    with pytest.raises(
        ModelInputError, match=r"3 channels \(nucleus, er, tubules\); the image has 1"
    ):
        check(np.zeros((9, 9), np.uint8), "YX", model, Preparation())


def test_channels_are_named_in_the_order_of_the_model(spec: Maker) -> None:
    array = np.zeros((5, 8, 8), np.uint8)
    model = spec("NCYX", C=2)
    assert check(array, "CYX", model, Preparation(channels=(4, 1))).channels == (4, 1)
    colours = spec("NCYX", C=3, channel_names=("blue", "green", "red"))
    assert check(np.zeros((8, 8, 3), "u1"), "YXC", colours, Preparation()).channels == (2, 1, 0)
