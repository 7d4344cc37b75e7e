"""Reading the planes of a TIFF series: those that are there, and which are missing.

A plane that is missing in the file is never filled up: its place in the array stays empty and is
named, so that its items are answered with an error.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.errors import ImageFormatError

__all__ = ["FAULTS", "Planes", "read_planes"]

_FIELD = "image.encoded"
# GDAL writes files whose empty tiles are left out on purpose, and states their value.
_GDAL_NODATA = 42113

#: What tifffile and the codecs behind it raise over files that are broken or made to break them.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class Planes:
    """The pixels of a series.

    Parameters
    ----------
    array
        All planes that the file states.
    axes
        One letter an axis.
    missing
        Why planes are not in the file, by their indexes along the first axes of `array`.
    """

    array: NDArray[Any]
    axes: str
    missing: dict[tuple[int, ...], str]


def read_planes(
    series: tifffile.TiffPageSeries, size: int, check: Callable[[tuple[int, ...]], None]
) -> Planes:
    """Read a series of pages.

    Parameters
    ----------
    series
        The pages.
    size
        Bytes that the file really has.
    check
        Refuses shapes that are too large.

    Raises
    ------
    ImageFormatError
        If nothing of it can be read.
    Exception
        Any of :data:`FAULTS`, where a file of a single plane is broken.
    """
    axes, shape = series.axes, tuple(series.shape)
    leading = _leading(shape, math.prod(series.keyframe.shape))
    if leading is None:
        return Planes(series.asarray(maxworkers=1), axes, {})
    count = math.prod(shape[:leading])
    start = series.dataoffset
    if start is not None:
        there = max(0, size - start) // max(1, series.keyframe.nbytes)
        if there >= count:
            return Planes(series.asarray(maxworkers=1), axes, {})
        return _run_of_planes(series, start, there, leading)
    pages = _pages(series, count)
    faults = {rank: why for rank, page in enumerate(pages) if (why := _fault(page, size))}
    if _is_cut(series, size):
        if leading == 0:
            shape, axes, leading = (1, *shape), f"I{axes}", 1
        if leading == 1:
            shape = (shape[0] + 1, *shape[1:])
            pages.append(None)
            faults[len(pages) - 1] = (
                f"the file ends after page {len(pages) - 2}, and states at least one more"
            )
    if not faults:
        try:
            return Planes(series.asarray(maxworkers=1), axes, {})
        except FAULTS:
            # Which of several planes is broken is found below.
            if len(pages) == 1:
                raise
    check(shape)
    array = _one_by_one(series, pages, faults)
    return Planes(array.reshape(shape), axes, _placed(faults, shape[:leading]))


def _one_by_one(
    series: tifffile.TiffPageSeries, pages: list[Any], faults: dict[int, str]
) -> NDArray[Any]:
    """Decode the pages that have no fault, and add the faults of those that cannot be decoded."""
    array = np.zeros((len(pages), *series.keyframe.shape), series.dtype)
    for rank, page in enumerate(pages):
        if rank in faults:
            continue
        try:
            array[rank] = page.asarray(maxworkers=1)
        except FAULTS as error:
            faults[rank] = f"it cannot be decoded ({_first_line(error)})"
    if len(faults) == len(pages):
        raise ImageFormatError(
            f"no plane of the TIFF file can be read: {faults[0]}; send all of it", field=_FIELD
        )
    return array


def _leading(shape: tuple[int, ...], page: int) -> int | None:
    """Return how many of the first axes count pages; `None` where pages do not fill the others."""
    inner = 1
    for place in range(len(shape), -1, -1):
        if inner == page:
            return place
        inner *= shape[place - 1] if place else 1
    return None


def _run_of_planes(series: tifffile.TiffPageSeries, start: int, there: int, leading: int) -> Planes:
    """Read the planes that are there of those that lie behind one another without compression."""
    shape = tuple(series.shape)
    count = math.prod(shape[:leading])
    assert series.parent is not None  # noqa: S101 - it was read from a file
    if there == 0:
        raise ImageFormatError(
            "the TIFF file ends within its first plane; send all of it", field=_FIELD
        )
    page = math.prod(series.keyframe.shape)
    array = np.zeros((count, page), series.dtype)
    handle = series.parent.filehandle
    typecode = series.parent.byteorder + series.dtype.char
    read = handle.read_array(typecode, there * page, start)
    array[:there] = read.reshape(there, page)
    why = f"the file states {count} planes and holds {there}"
    faults = dict.fromkeys(range(there, count), why)
    return Planes(array.reshape(shape), series.axes, _placed(faults, shape[:leading]))


def _pages(series: tifffile.TiffPageSeries, count: int) -> list[Any]:
    """Return the pages that a series states; `None` for those that the file does not have."""
    pages: list[Any] = list(series.pages)
    if len(pages) < count and series.kind == "shaped" and series.parent is not None:
        # tifffile takes the first page for all where some are missing.
        every = series.parent.pages
        first = series.keyframe.index
        pages = [every[place] for place in range(first, min(len(every), first + count))]
    return (pages + [None] * count)[:count]


def _fault(page: Any, size: int) -> str:
    """Return what is wrong with a page before it is decoded; empty where nothing is."""
    if page is None:
        return "the file does not hold it"
    segments = math.prod(page.chunked)
    offsets, counts = page.dataoffsets[:segments], page.databytecounts[:segments]
    if any(start + count > size for start, count in zip(offsets, counts, strict=False)):
        return "the file ends before it does"
    if page.is_contiguous:
        return ""
    absent = segments - min(len(offsets), len(counts))
    absent += sum(not (start and count) for start, count in zip(offsets, counts, strict=False))
    if absent and _GDAL_NODATA not in page.keyframe.tags:
        return f"{absent} of its {segments} strips or tiles are not in the file"
    return ""


def _is_cut(series: tifffile.TiffPageSeries, size: int) -> bool:
    """Tell whether the last page names a further one that the file does not hold."""
    file = series.parent
    if file is None or series.kind not in {"uniform", "generic"}:
        return False
    last = file.pages[-1]
    handle, tiff = file.filehandle, file.tiff
    handle.seek(last.offset)
    (tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
    handle.seek(last.offset + tiff.tagnosize + tags * tiff.tagsize)
    (following,) = struct.unpack(tiff.offsetformat, handle.read(tiff.offsetsize))
    if not following or len(file.series) > 1:
        return False
    return bool(following + tiff.tagnosize > size)


def _placed(faults: dict[int, str], leading: tuple[int, ...]) -> dict[tuple[int, ...], str]:
    return {
        tuple(int(index) for index in np.unravel_index(rank, leading)) if leading else (): why
        for rank, why in faults.items()
    }


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
