"""Pictures out of pixels that are in memory already, and the checks that every picture passes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging._types import MissingPlane, Picture, PictureLimits
from zoobridge.protocol import check_axes

__all__ = [
    "check_size",
    "full_scale_of",
    "picture_from_array",
    "times",
]

_KINDS = "biuf"


def times(lengths: Sequence[int]) -> str:
    """Write lengths for people: ``3 × 224 × 224``."""
    return " × ".join(map(str, lengths))


def check_size(shape: Sequence[int], limits: PictureLimits) -> None:
    """Check a picture's lengths before anything is made of them.

    Raises
    ------
    ImageFormatError
        If it is empty.
    LimitError
        If it has more pixels than are allowed.
    """
    if min(shape, default=1) < 1:
        raise ImageFormatError(
            f"the picture is empty ({times(shape)}); send at least one pixel", field="image"
        )
    pixels = math.prod(map(int, shape))
    if pixels > limits.pixels:
        raise LimitError(
            f"the picture has {pixels:,} pixels ({times(shape)}), more than the "
            f"{limits.pixels:,} allowed; send it in parts or raise the server's limit",
            field="image",
            metadata={"pixels": str(pixels), "limit": str(limits.pixels)},
        )


def full_scale_of(bits: int, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Return the range of samples of so many bits; `None` where that is the range of the type.

    Parameters
    ----------
    bits
        Bits that are used of each sample; 0 for all.
    dtype
        Type of the samples.

    Raises
    ------
    ImageFormatError
        If the type is not one of unsigned integers, or has fewer bits.
    """
    if bits == 0:
        return None
    if dtype.kind != "u" or bits > 8 * dtype.itemsize:
        raise ImageFormatError(
            f"{bits} significant bits were stated for pixels of type {dtype}; state at most as many "
            "as an unsigned integer type has",
            field="image.pixels.significant_bits",
        )
    return None if bits == 8 * dtype.itemsize else (0, (1 << bits) - 1)


def picture_from_array(
    array: NDArray[Any],
    axes: str,
    *,
    limits: PictureLimits,
    significant_bits: int = 0,
    missing: Mapping[tuple[int, ...], MissingPlane] = MappingProxyType({}),
) -> Picture:
    """Make a picture of an array, without a copy.

    Parameters
    ----------
    array
        Booleans, integers or floats; must not change while the picture is used.
    axes
        One upper-case letter an axis, Y and X among them. ``S`` (samples) is taken as ``C``.
    limits
        Bounds.
    significant_bits
        Bits that are used of each sample; 0 for all.
    missing
        Planes that are not there, by their indexes along the first axes.

    Raises
    ------
    ImageFormatError
        If `axes` does not describe `array`, or its type is not one of pixels.
    LimitError
        If it has more pixels than are allowed.
    """
    field = "image.pixels.axes"
    if array.dtype.kind not in _KINDS or array.dtype.itemsize > 8:
        raise ImageFormatError(
            f"pixels of type {array.dtype} are not understood; send bool, integers of 8 to 64 bits "
            "or floats of 16 to 64 bits",
            field="image.pixels.data_type",
        )
    check_axes(axes, array.shape, field=field)
    check_size(array.shape, limits)
    full_scale = full_scale_of(significant_bits, array.dtype)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    view = array.view()
    view.flags.writeable = False
    letters = axes if "C" in axes else axes.replace("S", "C")
    _check_missing(missing, letters, array.shape)
    return Picture(view, letters, full_scale=full_scale, missing=missing)


def _check_missing(
    missing: Mapping[tuple[int, ...], MissingPlane], axes: str, shape: Sequence[int]
) -> None:
    depths = set(map(len, missing))
    if not depths:
        return
    depth = max(depths)
    sound = len(depths) == 1 and depth <= len(axes) and not set(axes[:depth]) & {"Y", "X"}
    lengths = shape[:depth]
    if not sound or any(
        index >= length for key in missing for index, length in zip(key, lengths, strict=True)
    ):
        raise ImageFormatError(
            f"a missing plane is not among those of {axes} ({times(shape)}); name each by its indexes "
            "along the same first axes",
            field="image.pixels.missing",
        )
