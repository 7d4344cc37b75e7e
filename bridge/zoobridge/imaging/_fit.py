"""Bringing items to a size that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zoobridge.imaging._sizes import SizePlan
from zoobridge.imaging._types import Fit, Interpolation

__all__ = ["fit_items", "resize"]

_FILTERS = {
    Interpolation.BILINEAR: Image.Resampling.BILINEAR,
    Interpolation.BICUBIC: Image.Resampling.BICUBIC,
    Interpolation.BOX: Image.Resampling.BOX,
    Interpolation.LANCZOS: Image.Resampling.LANCZOS,
}

#: Left, upper, right and lower edge in pixels, fractions allowed.
Window = tuple[float, float, float, float]


def fit_items(items: NDArray[Any], axes: str, plan: SizePlan) -> tuple[NDArray[Any], str]:
    """Bring items to a size that the network takes.

    Parameters
    ----------
    items
        Items of one size, the first axis counts them.
    axes
        Letters of the other axes; Y, X and C among them.
    plan
        How.

    Returns
    -------
    items : NDArray
        Items of the new size.
    axes : str
        Their axes, which may have changed places.
    """
    if plan.fit is Fit.CROP and plan.factor != 1 and plan.before != plan.target:
        return _covering(items, axes, plan)
    if plan.scaled != plan.before:
        items, axes = resize(items, axes, plan.scaled, plan.interpolation)
    return _centred(items, axes, plan.target), axes


def _covering(items: NDArray[Any], axes: str, plan: SizePlan) -> tuple[NDArray[Any], str]:
    height, width = plan.before
    # Only what remains is computed: a long thin item, scaled as a whole, could fill the memory.
    down = min(height, plan.target[0] / plan.factor)
    across = min(width, plan.target[1] / plan.factor)
    top, left = (height - down) / 2, (width - across) / 2
    # Rounding must not carry the far edges out of the item.
    window = (left, top, min(left + across, width), min(top + down, height))
    return resize(items, axes, plan.target, plan.interpolation, window=window)


def _centred(items: NDArray[Any], axes: str, size: tuple[int, int]) -> NDArray[Any]:
    """Crop around the centre, and pad evenly with zeros where an item is too small."""
    places = [1 + axes.index(letter) for letter in "YX"]
    where = [slice(None)] * items.ndim
    for place, wanted in zip(places, size, strict=True):
        length = items.shape[place]
        if length > wanted:
            start = (length - wanted) // 2
            where[place] = slice(start, start + wanted)
    items = items[tuple(where)]
    inner = (items.shape[places[0]], items.shape[places[1]])
    if inner == size:
        return items
    shape = list(items.shape)
    inside = [slice(None)] * items.ndim
    for place, length, wanted in zip(places, inner, size, strict=True):
        start = (wanted - length) // 2
        shape[place] = wanted
        inside[place] = slice(start, start + length)
    padded = np.zeros(shape, items.dtype)
    padded[tuple(inside)] = items
    return padded


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
