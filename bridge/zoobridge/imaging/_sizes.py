"""Which size an item gets, decided without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from zoobridge.errors import BrokenPackageError, ModelInputError
from zoobridge.imaging._types import (
    AxisSize,
    Conversion,
    ConversionKind,
    Fit,
    InputSpec,
    Interpolation,
)

__all__ = ["SizePlan", "nearest_size", "plan_size"]

# A package may state any size; this many pixels an item, and no machine would hold a batch.
_MAX_TARGET = 1 << 28
_ANY_SIZE = AxisSize(1, 1)

Size = tuple[int, int]


@dataclass(frozen=True)
class SizePlan:
    """How items of one size reach a size that the network takes.

    Parameters
    ----------
    before, target
        Height and width of an item, and as the network takes them.
    fit
        What is done.
    interpolation
        How pixels between pixels are found.
    factor
        For :attr:`Fit.PAD` and :attr:`Fit.CROP`: the scale of both sides.
    scaled
        The size after scaling; equal to `before` where nothing is scaled.
    conversions
        All that as phrases.
    """

    before: Size
    target: Size
    fit: Fit
    interpolation: Interpolation
    factor: float = 1.0
    scaled: Size = (0, 0)
    conversions: tuple[Conversion, ...] = ()


def nearest_size(length: int, size: AxisSize) -> int:
    """Return the allowed length that is nearest to a length; of two equally near the greater."""
    if size.step <= 0 or length <= size.min:
        return size.min
    return size.min + (2 * (length - size.min) + size.step) // (2 * size.step) * size.step


def plan_size(
    before: Size, spec: InputSpec, *, fit: Fit | None, interpolation: Interpolation | None
) -> SizePlan:
    """Decide how items of a size reach one that the network takes.

    Parameters
    ----------
    before
        Height and width of the items.
    spec
        The network's input.
    fit, interpolation
        What the caller asked for; `None`: as `spec` says.

    Raises
    ------
    BrokenPackageError
        If the package asks for a size that no machine can hold.
    ModelInputError
        If the size does not fit and may not be changed.
    """
    target = (
        nearest_size(before[0], spec.sizes.get("Y", _ANY_SIZE)),
        nearest_size(before[1], spec.sizes.get("X", _ANY_SIZE)),
    )
    mode = fit or spec.fit
    how = interpolation or spec.interpolation
    if before == target:
        return SizePlan(before, target, mode, how, scaled=before)
    if target[0] * target[1] > _MAX_TARGET:
        raise BrokenPackageError(
            f"the package asks for {target[0]} × {target[1]} pixels an item, which no "
            "machine can hold in number; correct its input sizes"
        )
    if mode is Fit.REFUSE:
        raise ModelInputError(
            f"the model takes {_described(spec)} pixels (height × width), the item has "
            f"{before[0]} × {before[1]}; choose a fit such as stretch, pad or crop",
            field="options.fit",
        )
    factor, scaled = 1.0, before
    if mode is Fit.STRETCH:
        scaled = target
    elif mode is Fit.PAD:
        factor = min(target[0] / before[0], target[1] / before[1])
        scaled = (
            min(target[0], max(1, int(before[0] * factor + 0.5))),
            min(target[1], max(1, int(before[1] * factor + 0.5))),
        )
    elif mode is Fit.CROP:
        factor = max(target[0] / before[0], target[1] / before[1])
        if factor != 1:
            scaled = (
                max(target[0], round(before[0] * factor)),
                max(target[1], round(before[1] * factor)),
            )
    done = []
    if scaled != before:
        done.append(_resized(before, scaled, mode, how))
    inner = (min(scaled[0], target[0]), min(scaled[1], target[1]))
    if inner != scaled:
        done.append(_cropped(scaled, inner))
    if inner != target:
        done.append(
            Conversion(
                ConversionKind.PADDED,
                f"{inner[0]} × {inner[1]} → {target[0]} × {target[1]} evenly with zeros",
            )
        )
    return SizePlan(before, target, mode, how, factor, scaled, tuple(done))


def _resized(before: Size, after: Size, mode: Fit, how: Interpolation) -> Conversion:
    return Conversion(
        ConversionKind.RESIZED,
        f"{before[0]} × {before[1]} → {after[0]} × {after[1]} "
        f"({'aspect not kept' if mode is Fit.STRETCH else 'aspect kept'}: {mode.value}, {how.value})",
    )


def _cropped(before: Size, after: Size) -> Conversion:
    return Conversion(
        ConversionKind.CROPPED,
        f"{before[0]} × {before[1]} → {after[0]} × {after[1]} around the centre",
    )


def _described(spec: InputSpec) -> str:
    sizes = (spec.sizes.get(letter, _ANY_SIZE) for letter in "YX")
    return " × ".join(
        f"({size.min} + n · {size.step})" if size.step else str(size.min) for size in sizes
    )
