"""The one place that decides how intensities reach the range that a model was trained on.

``docs/intensities.md`` holds the same rules as a table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
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

__all__ = ["IntensityPlan", "plan_intensity", "rescale"]

Range = tuple[float, float]

#: Values that fill less of the range than this may have been stored in it by chance.
_FILLED = 1 / 8
_OPTION = "options.intensity"


@dataclass(frozen=True)
class IntensityPlan:
    """What is done to the intensities of a picture.

    Parameters
    ----------
    rule
        The rule, asked for or chosen.
    source
        The range that becomes `target`; `None` where nothing is mapped, or where each item has its
        own (:attr:`IntensityRule.MIN_MAX`).
    target
        The range that the model expects; `None` where that is not known or not needed.
    conversion
        The same as a phrase, with a notice where something was assumed; `None` where pixels stay as
        they are and there is nothing to note.
    """

    rule: IntensityRule
    source: Range | None = None
    target: Range | None = None
    conversion: Conversion | None = None


_UNCHANGED = IntensityPlan(IntensityRule.AS_IS)


def plan_intensity(
    dtype: np.dtype[Any],
    spec: InputSpec,
    asked: Intensity | None,
    *,
    full_scale: Range | None = None,
    values: Callable[[], Range | None],
) -> IntensityPlan:
    """Decide what is done to the intensities of a picture.

    Parameters
    ----------
    dtype
        Type of the pixels.
    spec
        The network's input.
    asked
        What the caller asked for; `None`: what the type of the pixels, the depth that the file
        states and the range that the model expects suggest.
    full_scale
        The range that the file states for its samples; `None`: that of the type.
    values
        Returns the smallest and the greatest value of the picture, `None` where they are not known.
        Called where the decision or a notice depends on them.

    Raises
    ------
    InvalidRequestError
        If the caller's range is empty.
    ModelInputError
        If the rule cannot be applied to these pixels or this model.
    """
    wanted = spec.intensity_range
    if asked is None:
        return _UNCHANGED if wanted is None else _chosen(dtype, wanted, full_scale, values)
    if asked.rule is IntensityRule.AS_IS:
        return _UNCHANGED
    if wanted is None:
        raise ModelInputError(
            f"the model does not state which intensities it expects, so '{asked.rule}' has no range "
            "to map to; use as_is, or set intensity_range in the package's config.zoobridge",
            field=_OPTION,
        )
    if asked.rule is IntensityRule.MIN_MAX:
        return IntensityPlan(asked.rule, None, wanted)
    source = _asked_range(dtype, asked, full_scale)
    if source == wanted and asked.rule is not IntensityRule.EXPLICIT:
        return _UNCHANGED
    return _mapping(dtype, asked.rule, source, wanted)


def _asked_range(dtype: np.dtype[Any], asked: Intensity, full_scale: Range | None) -> Range:
    if asked.rule is IntensityRule.DTYPE_RANGE:
        if dtype.kind not in "biu":
            raise ModelInputError(
                f"dtype_range maps the whole range of an integer type, but the pixels are {dtype}; "
                "use unit_range, min_max or explicit",
                field=f"{_OPTION}.rule",
            )
        return full_scale or _type_range(dtype)
    if asked.rule is IntensityRule.UNIT_RANGE:
        if dtype.kind != "f":
            raise ModelInputError(
                f"unit_range maps floats of 0…1, but the pixels are {dtype}; use dtype_range, "
                "min_max or explicit",
                field=f"{_OPTION}.rule",
            )
        return 0.0, 1.0
    if not (np.isfinite([asked.low, asked.high]).all() and asked.low < asked.high):
        raise InvalidRequestError(
            f"the intensity range {asked.low:g}…{asked.high:g} is empty; low must be less than high",
            field=_OPTION,
        )
    return asked.low, asked.high


def _chosen(
    dtype: np.dtype[Any],
    wanted: Range,
    full_scale: Range | None,
    values: Callable[[], Range | None],
) -> IntensityPlan:
    """Choose a rule where the caller left it open."""
    stated = _stated(full_scale, values)
    if stated is None and dtype.kind == "f":
        return _chosen_for_floats(dtype, wanted, values())
    source = stated or _type_range(dtype)
    known = stated is not None or dtype.kind == "b"
    if source == wanted:
        return _UNCHANGED
    if not known and wanted[0] <= source[0] and source[1] <= wanted[1]:
        few = _share(source, wanted) < _FILLED
        return _kept(dtype, source, wanted, "fill") if few else _UNCHANGED
    # Ordinary pictures of 8 bits need not be looked through.
    found = None if known or dtype == np.uint8 else values()
    notice = ""
    if found is not None and found[0] < found[1] and _share(found, source) < _FILLED:
        notice = (
            f"the {dtype} values {_range(found)} fill {_percent(_share(found, source))} of the range "
            f"{_range(source)} that was assumed for them"
        )
    return _mapping(dtype, IntensityRule.DTYPE_RANGE, source, wanted, notice)


def _stated(full_scale: Range | None, values: Callable[[], Range | None]) -> Range | None:
    """Return the range that the file states, unless the values contradict it."""
    if full_scale is None:
        return None
    found = values()
    fits = found is None or (full_scale[0] <= found[0] and found[1] <= full_scale[1])
    return full_scale if fits else None


def _chosen_for_floats(dtype: np.dtype[Any], wanted: Range, found: Range | None) -> IntensityPlan:
    if found is None or found[0] == found[1] == 0:
        return _UNCHANGED
    unit = (0.0, 1.0)
    if found[0] >= 0 and found[1] <= 1 and _share(unit, wanted) < _FILLED:
        notice = (
            f"the {dtype} values {_range(found)} lie in 0…1, and the model expects "
            f"{_range(wanted)}: the range 0…1 was assumed for them"
        )
        return _mapping(dtype, IntensityRule.UNIT_RANGE, unit, wanted, notice)
    if found[0] < wanted[0] or found[1] > wanted[1]:
        return _kept(dtype, found, wanted, "exceed")
    if found[0] < found[1] and _share(found, wanted) < _FILLED:
        return _kept(dtype, found, wanted, "fill")
    return _UNCHANGED


def _kept(dtype: np.dtype[Any], found: Range, wanted: Range, what: str) -> IntensityPlan:
    if what == "fill":
        what = f"fill {_percent(_share(found, wanted))} of"
    notice = (
        f"the {dtype} values {_range(found)} {what} the range {_range(wanted)} that the model "
        "expects; they were passed unchanged"
    )
    detail = f"{dtype} {_range(found)} passed unchanged; the model expects {_range(wanted)}"
    conversion = Conversion(ConversionKind.INTENSITY_UNCHANGED, detail, notice, _OPTION)
    return IntensityPlan(IntensityRule.AS_IS, None, wanted, conversion)


def _mapping(
    dtype: np.dtype[Any], rule: IntensityRule, source: Range, wanted: Range, notice: str = ""
) -> IntensityPlan:
    conversion = _conversion(dtype, rule, source, wanted, notice)
    return IntensityPlan(rule, source, wanted, conversion)


def _conversion(
    dtype: np.dtype[Any], rule: IntensityRule, source: Range, wanted: Range, notice: str = ""
) -> Conversion:
    return Conversion(
        ConversionKind.INTENSITY_RESCALED,
        f"{dtype} {_range(source)} → {_range(wanted)} ({rule.value})",
        notice,
        _OPTION if notice else "",
    )


def rescale(
    items: NDArray[Any], plan: IntensityPlan
) -> tuple[NDArray[Any], list[Conversion] | None]:
    """Map the intensities of items linearly.

    Parameters
    ----------
    items
        Items of one size, the first axis counts them.
    plan
        How.

    Returns
    -------
    items : NDArray
        The same array if nothing changes, else ``float32``.
    conversions : list of Conversion or None
        One an item; `None` if there is nothing to note.
    """
    count = len(items)
    if plan.rule is IntensityRule.AS_IS or plan.target is None:
        return items, None if plan.conversion is None else [plan.conversion] * count
    lows: NDArray[Any]
    highs: NDArray[Any]
    if plan.source is None:
        inner = tuple(range(1, items.ndim))
        lows = items.min(axis=inner).astype(np.float64)
        highs = items.max(axis=inner).astype(np.float64)
        conversions = [
            _conversion(items.dtype, plan.rule, source, plan.target)
            for source in zip(lows.tolist(), highs.tolist(), strict=True)
        ]
    else:
        lows = np.full(count, plan.source[0], np.float64)
        highs = np.full(count, plan.source[1], np.float64)
        assert plan.conversion is not None  # noqa: S101 - a mapping is always stated
        conversions = [plan.conversion] * count
    mapped = _mapped(items, lows, highs, plan.target)
    if plan.rule is IntensityRule.EXPLICIT:
        np.clip(mapped, plan.target[0], plan.target[1], out=mapped)
    return mapped, conversions


@functools.lru_cache(maxsize=64)
def _type_range(dtype: np.dtype[Any]) -> Range:
    if dtype.kind == "b":
        return 0, 1
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)


def _mapped(
    items: NDArray[Any],
    lows: NDArray[Any],
    highs: NDArray[Any],
    wanted: Range,
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


def _share(found: Range, whole: Range) -> float:
    return (found[1] - found[0]) / (whole[1] - whole[0])


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 0.0001 else "less than 0.01 %"


def _range(ends: Range) -> str:
    return "…".join(
        str(int(end)) if float(end).is_integer() and abs(end) < 1e15 else f"{end:.6g}"
        for end in ends
    )
