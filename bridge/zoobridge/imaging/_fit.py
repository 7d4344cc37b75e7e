"""Bringing items to a size that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zoobridge.errors import BrokenPackageError, ModelInputError
from zoobridge.imaging._types import (
    AxisSize,
    Conversion,
    ConversionKind,
    Fit,
    InputSpec,
    Interpolation,
)

__all__ = ["fit_items", "nearest_size", "resize"]

# A package may state any size; this many pixels an item, and no machine would hold a batch.
_MAX_TARGET = 1 << 28

_FILTERS = {
    Interpolation.BILINEAR: Image.Resampling.BILINEAR,
    Interpolation.BICUBIC: Image.Resampling.BICUBIC,
    Interpolation.BOX: Image.Resampling.BOX,
    Interpolation.LANCZOS: Image.Resampling.LANCZOS,
}

_ANY_SIZE = AxisSize(1, 1)

#: Left, upper, right and lower edge in pixels, fractions allowed.
Window = tuple[float, float, float, float]


def nearest_size(length: int, size: AxisSize) -> int:
    """Return the allowed length that is nearest to a length; of two equally near the greater."""
    if size.step <= 0 or length <= size.min:
        return size.min
    return size.min + (2 * (length - size.min) + size.step) // (2 * size.step) * size.step


def fit_items(
    items: NDArray[Any],
    axes: str,
    spec: InputSpec,
    *,
    fit: Fit | None,
    interpolation: Interpolation | None,
) -> tuple[NDArray[Any], str, tuple[Conversion, ...]]:
    """Bring items to a size that the network takes.

    Parameters
    ----------
    items
        Items of one size, the first axis counts them.
    axes
        Letters of the other axes; Y, X and C among them.
    spec
        The network's input.
    fit, interpolation
        What the caller asked for; `None`: as `spec` says.

    Returns
    -------
    items : NDArray
        Items of the new size.
    axes : str
        Their axes, which may have changed places.
    conversions : tuple of Conversion
        What was done.

    Raises
    ------
    ModelInputError
        If the size does not fit and may not be changed.
    """
    height, width = items.shape[1 + axes.index("Y")], items.shape[1 + axes.index("X")]
    target_height = nearest_size(height, spec.sizes.get("Y", _ANY_SIZE))
    target_width = nearest_size(width, spec.sizes.get("X", _ANY_SIZE))
    if (height, width) == (target_height, target_width):
        return items, axes, ()
    if target_height * target_width > _MAX_TARGET:
        raise BrokenPackageError(
            f"the package asks for {target_height} × {target_width} pixels an item, which no "
            "machine can hold in number; correct its input sizes"
        )
    size = (target_height, target_width)
    mode = fit or spec.fit
    how = interpolation or spec.interpolation
    if mode is Fit.REFUSE:
        raise ModelInputError(
            f"the model takes {_described(spec)} pixels (height × width), the item has "
            f"{height} × {width}; choose a fit such as stretch, pad or crop",
            field="options.fit",
        )
    if mode is Fit.CENTER:
        items, done = _centred(items, axes, size)
        return items, axes, done
    if mode is Fit.STRETCH:
        items, axes = resize(items, axes, size, how)
        return items, axes, (_resized((height, width), size, mode, how),)
    factors = (target_height / height, target_width / width)
    if mode is Fit.PAD:
        return _padded(items, axes, size, min(factors), how)
    return _covering(items, axes, size, max(factors), how)


def _padded(
    items: NDArray[Any],
    axes: str,
    size: tuple[int, int],
    factor: float,
    how: Interpolation,
) -> tuple[NDArray[Any], str, tuple[Conversion, ...]]:
    height, width = (items.shape[1 + axes.index(letter)] for letter in "YX")
    inner = (
        min(size[0], max(1, int(height * factor + 0.5))),
        min(size[1], max(1, int(width * factor + 0.5))),
    )
    done: list[Conversion] = []
    if inner != (height, width):
        items, axes = resize(items, axes, inner, how)
        done.append(_resized((height, width), inner, Fit.PAD, how))
    items, padded = _centred(items, axes, size)
    return items, axes, (*done, *padded)


def _covering(
    items: NDArray[Any],
    axes: str,
    size: tuple[int, int],
    factor: float,
    how: Interpolation,
) -> tuple[NDArray[Any], str, tuple[Conversion, ...]]:
    if factor == 1:
        items, done = _centred(items, axes, size)
        return items, axes, done
    height, width = (items.shape[1 + axes.index(letter)] for letter in "YX")
    # Only what remains is computed: a long thin item, scaled as a whole, could fill the memory.
    down, across = min(height, size[0] / factor), min(width, size[1] / factor)
    top, left = (height - down) / 2, (width - across) / 2
    # Rounding must not carry the far edges out of the item.
    window = (left, top, min(left + across, width), min(top + down, height))
    items, axes = resize(items, axes, size, how, window=window)
    scaled = (max(size[0], round(height * factor)), max(size[1], round(width * factor)))
    done = (_resized((height, width), scaled, Fit.CROP, how),)
    if scaled != size:
        done = (*done, _cropped(scaled, size))
    return items, axes, done


def _centred(
    items: NDArray[Any], axes: str, size: tuple[int, int]
) -> tuple[NDArray[Any], tuple[Conversion, ...]]:
    """Crop around the centre, and pad evenly with zeros where an item is too small."""
    done: list[Conversion] = []
    places = [1 + axes.index(letter) for letter in "YX"]
    before = (items.shape[places[0]], items.shape[places[1]])
    where = [slice(None)] * items.ndim
    for place, length, wanted in zip(places, before, size, strict=True):
        if length > wanted:
            start = (length - wanted) // 2
            where[place] = slice(start, start + wanted)
    items = items[tuple(where)]
    inner = (items.shape[places[0]], items.shape[places[1]])
    if inner != before:
        done.append(_cropped(before, inner))
    if inner != size:
        shape = list(items.shape)
        inside = [slice(None)] * items.ndim
        for place, length, wanted in zip(places, inner, size, strict=True):
            start = (wanted - length) // 2
            shape[place] = wanted
            inside[place] = slice(start, start + length)
        padded = np.zeros(shape, items.dtype)
        padded[tuple(inside)] = items
        items = padded
        done.append(
            Conversion(
                ConversionKind.PADDED,
                f"{inner[0]} × {inner[1]} → {size[0]} × {size[1]} evenly with zeros",
            )
        )
    return items, tuple(done)


def resize(
    items: NDArray[Any],
    axes: str,
    size: tuple[int, int],
    how: Interpolation,
    *,
    window: Window | None = None,
) -> tuple[NDArray[Any], str]:
    """Resample items with Pillow's filters, which widen when reducing so that nothing is skipped.

    Parameters
    ----------
    items
        Items of one size, the first axis counts them.
    axes
        Letters of the other axes.
    size
        New height and width.
    how
        The filter.
    window
        Which part of each item fills the new size; `None` for all of it.

    Returns
    -------
    items : NDArray
        ``uint8`` stays, and any type does with the nearest pixel; else ``float32``.
    axes : str
        The axes, which may have changed places.
    """
    y, x = (1 + axes.index(letter) for letter in "YX")
    if how is Interpolation.NEAREST:
        left, top, right, lower = window or (0, 0, items.shape[x], items.shape[y])
        items = np.take(items, _nearest(top, lower, size[0], items.shape[y]), axis=y)
        return np.take(items, _nearest(left, right, size[1], items.shape[x]), axis=x), axes
    colour = items.dtype == np.uint8 and axes[-1] == "C" and items.shape[-1] == 3
    tail = "YXC" if colour else "YX"
    order = "".join(letter for letter in axes if letter not in tail) + tail
    items = items.transpose(0, *(1 + axes.index(letter) for letter in order))
    if items.dtype != np.uint8:
        items = items.astype(np.float32)
    outer = items.shape[: -len(tail)]
    planes = items.reshape(-1, *items.shape[-len(tail) :])
    mode = "RGB" if colour else ("L" if items.dtype == np.uint8 else "F")
    result = _resample(planes, size, mode, _FILTERS[how], window)
    return result.reshape(*outer, *result.shape[1:]), order


def _resample(
    planes: NDArray[Any],
    size: tuple[int, int],
    mode: str,
    resampling: Image.Resampling,
    window: Window | None,
) -> NDArray[Any]:
    """Resample planes of shape ``(count, height, width[, 3])`` with two calls of Pillow for all.

    Pillow resamples rows first and columns of the result then. Rows know nothing of each other,
    so those of all planes make one tall picture; nor do columns, which make one broad picture.
    The pixels are those of a call for each plane, without the cost of many calls.
    """
    count, height, width = planes.shape[:3]
    left, top, right, lower = window or (0, 0, width, height)
    tall = planes.reshape(count * height, *planes.shape[2:])
    rows = _pillow(tall, (count * height, size[1]), mode, resampling, (left, 0, right, len(tall)))
    rows = rows.reshape(count, height, *rows.shape[1:])
    if count == 1:
        broad = rows[0]
    else:
        broad = np.moveaxis(rows, 0, 1).reshape(height, count * size[1], *rows.shape[3:])
    done = _pillow(
        broad, (size[0], broad.shape[1]), mode, resampling, (0, top, broad.shape[1], lower)
    )
    return np.moveaxis(done.reshape(size[0], count, *rows.shape[2:]), 1, 0)


def _pillow(
    pixels: NDArray[Any],
    size: tuple[int, int],
    mode: str,
    resampling: Image.Resampling,
    window: Window,
) -> NDArray[Any]:
    shape = (pixels.shape[1], pixels.shape[0])
    pixels = np.ascontiguousarray(pixels)
    picture = Image.frombuffer(mode, shape, pixels, "raw", "F;32NF" if mode == "F" else mode, 0, 1)
    return np.asarray(picture.resize((size[1], size[0]), resampling, window))


def _nearest(start: float, stop: float, count: int, length: int) -> NDArray[np.intp]:
    centres = start + (np.arange(count) + 0.5) * (stop - start) / count
    places: NDArray[np.intp] = np.clip(np.floor(centres), 0, length - 1).astype(np.intp)
    return places


def _resized(
    before: tuple[int, int], after: tuple[int, int], mode: Fit, how: Interpolation
) -> Conversion:
    return Conversion(
        ConversionKind.RESIZED,
        f"{before[0]} × {before[1]} → {after[0]} × {after[1]} "
        f"({'aspect not kept' if mode is Fit.STRETCH else 'aspect kept'}: {mode.value}, {how.value})",
    )


def _cropped(before: tuple[int, int], after: tuple[int, int]) -> Conversion:
    return Conversion(
        ConversionKind.CROPPED,
        f"{before[0]} × {before[1]} → {after[0]} × {after[1]} around the centre",
    )


def _described(spec: InputSpec) -> str:
    sizes = (spec.sizes.get(letter, _ANY_SIZE) for letter in "YX")
    return " × ".join(
        f"({size.min} + n · {size.step})" if size.step else str(size.min) for size in sizes
    )
