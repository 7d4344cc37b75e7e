"""Named rules by which intensities reach the range that a model was trained on."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import InvalidRequestError, ModelInputError
from zoobridge.imaging._types import (
    Conversion,
    ConversionKind,
    InputSpec,
    Intensity,
    IntensityRule,
)

__all__ = ["rescale"]


def rescale(
    items: NDArray[Any], spec: InputSpec, intensity: Intensity | None
) -> tuple[NDArray[Any], list[Conversion] | None]:
    """Map the intensities of items linearly.

    Parameters
    ----------
    items
        Items of one size, the first axis counts them.
    spec
        The network's input.
    intensity
        What the caller asked for; `None`: the range of the type for integers whose type reaches
        beyond the range that the model expects, and the values as they are otherwise.

    Returns
    -------
    items : NDArray
        The same array if nothing is to be done, else ``float32`` (``float64`` for pixels that it
        cannot hold).
    conversions : list of Conversion or None
        One an item; `None` if nothing was done.

    Raises
    ------
    ModelInputError
        If the rule cannot be applied to these pixels or this model.
    """
    wanted = spec.intensity_range
    rule = _default_rule(items.dtype, wanted) if intensity is None else intensity.rule
    if rule is IntensityRule.AS_IS:
        return items, None
    if wanted is None:
        raise ModelInputError(
            f"the model does not state which intensities it expects, so '{rule}' has no range to "
            "map to; use as_is, or set intensity_range in the package's config.zoobridge",
            field="options.intensity",
        )
    count = len(items)
    lows: NDArray[Any]
    highs: NDArray[Any]
    if rule is IntensityRule.DTYPE_RANGE:
        if items.dtype.kind not in "biu":
            raise ModelInputError(
                f"dtype_range maps the whole range of an integer type, but the pixels are "
                f"{items.dtype}; use min_max or explicit",
                field="options.intensity.rule",
            )
        low, high = _type_range(items.dtype)
        lows, highs = np.full(count, low, np.float64), np.full(count, high, np.float64)
    elif rule is IntensityRule.MIN_MAX:
        inner = tuple(range(1, items.ndim))
        lows = items.min(axis=inner).astype(np.float64)
        highs = items.max(axis=inner).astype(np.float64)
    else:
        assert intensity is not None  # noqa: S101 - only a caller asks for this rule
        if not (
            np.isfinite([intensity.low, intensity.high]).all() and intensity.low < intensity.high
        ):
            raise InvalidRequestError(
                f"the intensity range {intensity.low:g}…{intensity.high:g} is empty; "
                "low must be less than high",
                field="options.intensity",
            )
        lows = np.full(count, intensity.low, np.float64)
        highs = np.full(count, intensity.high, np.float64)
    if rule is IntensityRule.DTYPE_RANGE and (lows[0], highs[0]) == tuple(wanted):
        return items, None
    mapped = _mapped(items, lows, highs, wanted)
    if rule is IntensityRule.EXPLICIT:
        np.clip(mapped, wanted[0], wanted[1], out=mapped)
    return mapped, _conversions(items.dtype, rule, lows, highs, wanted)


def _default_rule(dtype: np.dtype[Any], wanted: tuple[float, float] | None) -> IntensityRule:
    if wanted is None or dtype.kind not in "iu":
        return IntensityRule.AS_IS
    low, high = _type_range(dtype)
    wider = high - low > wanted[1] - wanted[0]
    return IntensityRule.DTYPE_RANGE if wider else IntensityRule.AS_IS


@functools.lru_cache(maxsize=64)
def _type_range(dtype: np.dtype[Any]) -> tuple[int, int]:
    if dtype.kind == "b":
        return 0, 1
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def _mapped(
    items: NDArray[Any],
    lows: NDArray[Any],
    highs: NDArray[Any],
    wanted: tuple[float, float],
) -> NDArray[Any]:
    # float32 holds every integer of 16 bits; wider pixels lose digits in it before they are mapped.
    small = items.dtype.itemsize <= 2 and items.dtype.kind != "f"
    working = np.float32 if small else np.float64
    spread = highs - lows
    # A flat item has nothing to spread: all of it becomes the lower end.
    gains = np.divide(wanted[1] - wanted[0], spread, out=np.zeros_like(spread), where=spread > 0)
    shape = (-1, *(1,) * (items.ndim - 1))
    mapped: NDArray[Any] = np.subtract(items, lows.astype(working).reshape(shape), dtype=working)
    mapped *= gains.astype(working).reshape(shape)
    mapped += working(wanted[0])
    return mapped.astype(np.float32, copy=False)


def _conversions(
    dtype: np.dtype[Any],
    rule: IntensityRule,
    lows: NDArray[Any],
    highs: NDArray[Any],
    wanted: tuple[float, float],
) -> list[Conversion]:
    target = f"{wanted[0]:.6g}…{wanted[1]:.6g} ({rule.value})"
    made: dict[tuple[float, float], Conversion] = {}
    result = []
    for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
        conversion = made.get((low, high))
        if conversion is None:
            detail = f"{dtype} {_number(low, dtype)}…{_number(high, dtype)} → {target}"
            conversion = made[low, high] = Conversion(ConversionKind.INTENSITY_RESCALED, detail)
        result.append(conversion)
    return result


def _number(value: float, dtype: np.dtype[Any]) -> str:
    return str(int(value)) if dtype.kind in "biu" and value.is_integer() else f"{value:.6g}"
