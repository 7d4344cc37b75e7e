"""Reading the planes of a TIFF series: those that are there, and which are missing.

A plane that is missing in the file, or part of one, is never filled up: it is named, so that the items in
it are answered with an error. What stands in its place is one of the other values, which leaves the
smallest and the greatest value of the picture what they are.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._tiff_parts import FAULTS, GDAL_NODATA, read_parts, rows_there
from zoobridge.imaging._types import MissingPlane

__all__ = ["FAULTS", "Planes", "read_plane", "read_planes"]

_FIELD = "image.encoded"
# Axes along which planes are not chosen: channels and samples.
_TOGETHER = frozenset("CS")


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
        Planes that are not in the file, or not as a whole, by their indexes along the first axes of
        `array`.
    """

    array: NDArray[Any]
    axes: str
    missing: dict[tuple[int, ...], MissingPlane]


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
        return _run_of_planes(series, start, size, leading)
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
            if math.prod(series.keyframe.chunked) == len(pages) == 1:
                raise
    check(shape)
    array, missing = _one_by_one(series, pages, faults, size)
    return Planes(array.reshape(shape), axes, _placed(missing, shape[:leading]))


def read_plane(
    series: tifffile.TiffPageSeries, size: int, plane: Mapping[str, int]
) -> NDArray[Any] | None:
    """Read one plane of a series of whole pages, and no other.

    Parameters
    ----------
    series
        The pages.
    size
        Bytes that the file really has.
    plane
        Index by axis letter; 0 for axes that are not named. Channels are read together.

    Returns
    -------
    NDArray or None
        With the axes of the series, of length 1 along those that count pages. `None` where the series
        is a single page, or where not all of it is there or can be decoded: see :func:`read_planes`.
    """
    axes, shape = series.axes, tuple(series.shape)
    frame = series.keyframe
    leading = _leading(shape, math.prod(frame.shape))
    if not leading or len(axes) != len(shape) or not set(axes[:leading]) - _TOGETHER:
        return None
    chosen = [
        range(length) if letter in _TOGETHER else (min(max(plane.get(letter, 0), 0), length - 1),)
        for letter, length in zip(axes[:leading], shape[:leading], strict=True)
    ]
    count = math.prod(shape[:leading])
    ranks = [int(np.ravel_multi_index(key, shape[:leading])) for key in itertools.product(*chosen)]
    start = series.dataoffset
    if start is not None and series.parent is not None:
        if (size - start) // max(1, frame.nbytes) < count:
            return None
        handle, kind = series.parent.filehandle, series.parent.byteorder + series.dtype.char
        length = math.prod(frame.shape)
        found = [handle.read_array(kind, length, start + rank * frame.nbytes) for rank in ranks]
    else:
        pages = _pages(series, count)
        if any(_fault(page, size) for page in pages) or _is_cut(series, size):
            return None
        try:
            found = [pages[rank].asarray(maxworkers=1) for rank in ranks]
        except FAULTS:
            # What is there of it is found where all are read.
            return None
    return np.stack(found).reshape(*map(len, chosen), *shape[leading:])


def _one_by_one(
    series: tifffile.TiffPageSeries, pages: list[Any], faults: dict[int, str], size: int
) -> tuple[NDArray[Any], dict[int, MissingPlane]]:
    """Decode the pages that have no fault, and what is there of the others."""
    array = np.zeros((len(pages), *series.keyframe.shape), series.dtype)
    missing: dict[int, MissingPlane] = {}
    absent: list[int] = []
    for rank, page in enumerate(pages):
        why = faults.get(rank, "")
        if not why:
            try:
                array[rank] = page.asarray(maxworkers=1)
                continue
            except FAULTS as error:
                why = f"it cannot be decoded ({_first_line(error)})"
        part = None
        missing[rank] = MissingPlane(why)
        if page is not None:
            part, missing[rank] = read_parts(page, size, why)
        if part is None:
            absent.append(rank)
        else:
            array[rank] = part
    if len(absent) == len(pages):
        raise ImageFormatError(
            f"no plane of the TIFF file can be read: {missing[0].why}; send all of it", field=_FIELD
        )
    if absent:
        array[absent] = array[next(rank for rank in range(len(pages)) if rank not in absent)].flat[
            0
        ]
    return array, missing


def _leading(shape: tuple[int, ...], page: int) -> int | None:
    """Return how many of the first axes count pages; `None` where pages do not fill the others."""
    inner = 1
    for place in range(len(shape), -1, -1):
        if inner == page:
            return place
        inner *= shape[place - 1] if place else 1
    return None


def _run_of_planes(series: tifffile.TiffPageSeries, start: int, size: int, leading: int) -> Planes:
    """Read the planes that are there of those that lie behind one another without compression."""
    shape = tuple(series.shape)
    frame = series.keyframe
    count, page = math.prod(shape[:leading]), math.prod(frame.shape)
    assert series.parent is not None  # noqa: S101 - it was read from a file
    there, rest = divmod(max(0, size - start), frame.nbytes)
    lost = rows_there(frame, rest)
    if there == 0 and lost is None:
        raise ImageFormatError(
            "the TIFF file ends within its first plane; send all of it", field=_FIELD
        )
    read = there * page + (
        int(np.count_nonzero(~lost)) * page // lost.size if lost is not None else 0
    )
    handle = series.parent.filehandle
    data = handle.read_array(series.parent.byteorder + series.dtype.char, read, start)
    array = np.full(count * page, data[0], series.dtype)
    array[:read] = data
    why = (
        f"the file states {count} planes and holds {there}"
        if count > 1
        else "the file ends before it does"
    )
    missing = {rank: MissingPlane(why) for rank in range(there, count)}
    missing[there] = MissingPlane(why, lost)
    return Planes(array.reshape(shape), series.axes, _placed(missing, shape[:leading]))


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
    if absent and GDAL_NODATA not in page.keyframe.tags:
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


def _placed(
    missing: dict[int, MissingPlane], leading: tuple[int, ...]
) -> dict[tuple[int, ...], MissingPlane]:
    return {
        tuple(int(index) for index in np.unravel_index(rank, leading)) if leading else (): one
        for rank, one in missing.items()
    }


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
