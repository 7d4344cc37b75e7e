"""How many bits of its samples a TIFF file uses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.imaging._pictures import full_scale_of
from zoobridge.imaging._types import Conversion, ConversionKind

__all__ = ["expand_bits", "stated_full_scale"]

_SIGNIFICANT = re.compile(r"<(?:\w+:)?Pixels\b[^>]*\bSignificantBits=\"(\d{1,3})\"")


def expand_bits(
    array: NDArray[Any], page: tifffile.TiffPage
) -> tuple[NDArray[Any], tuple[Conversion, ...]]:
    """Spread samples of fewer than 8 bits over a byte, as libpng does for those of a PNG.

    Returns
    -------
    array : NDArray
        ``uint8``, or the same array where samples have 8 bits or more.
    notes : tuple of Conversion
        What was done.
    """
    bits = _bits(page)
    if array.dtype.kind not in "bu" or not 0 < bits < 8:
        return array, ()
    highest = (1 << bits) - 1
    table = (np.arange(highest + 1) * 255 / highest + 0.5).astype(np.uint8)
    # Bits beyond the stated ones cannot be there after unpacking; a broken file may still hold them.
    spread = np.take(table, array.view(np.uint8), mode="clip")
    note = Conversion(
        ConversionKind.INTENSITY_RESCALED, f"{bits}-bit 0…{highest} → 0…255, as in a PNG"
    )
    return spread, (note,)


def stated_full_scale(
    file: tifffile.TiffFile, page: tifffile.TiffPage, dtype: np.dtype[Any], index: int
) -> tuple[float, float] | None:
    """Return the range that a file states for its samples; `None` where that is all of the type.

    Read from BitsPerSample, from SMinSampleValue and SMaxSampleValue (TIFF 6.0, tags 340 and 341),
    and from OME's SignificantBits.

    Parameters
    ----------
    file
        The file.
    page
        A page of the picture.
    dtype
        Type of its samples.
    index
        The picture's place in the file.
    """
    low, high = (_extreme(page, name) for name in ("SMinSampleValue", "SMaxSampleValue"))
    if high is not None and (low is not None or dtype.kind == "u"):
        stated = (float(low or 0), float(high))
        whole = np.iinfo(dtype) if dtype.kind in "iu" else None
        if stated[0] < stated[1]:
            if whole is not None and stated == (whole.min, whole.max):
                return None
            return stated
    bits = _bits(page)
    if file.is_ome:
        found = _SIGNIFICANT.findall(file.ome_metadata or "")
        if found:
            bits = int(found[index] if index < len(found) else found[0])
    if dtype.kind != "u" or not 0 < bits < 8 * dtype.itemsize:
        return None
    return full_scale_of(bits, dtype)


def _bits(page: tifffile.TiffPage) -> int:
    bits = page.bitspersample
    return int(bits) if isinstance(bits, int) else 0


def _extreme(page: tifffile.TiffPage, name: str) -> float | None:
    tag = page.tags.get(name)
    if tag is None:
        return None
    values = np.atleast_1d(np.asarray(tag.value))
    if values.dtype.kind not in "iuf" or not values.size or not np.isfinite(values).all():
        return None
    return float(values.min() if name == "SMinSampleValue" else values.max())
