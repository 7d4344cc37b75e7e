"""Reading what is there of a TIFF page that is not there as a whole, strip by strip or tile by tile."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.imaging._types import MissingPlane

__all__ = ["FAULTS", "GDAL_NODATA", "read_parts", "rows_there"]

#: GDAL writes files whose empty tiles are left out on purpose, and states their value.
GDAL_NODATA = 42113

#: What tifffile and the codecs behind it raise over files that are broken or made to break them.
FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)

_JPEG = tifffile.COMPRESSION.JPEG


def read_parts(page: Any, size: int, why: str) -> tuple[NDArray[Any] | None, MissingPlane]:
    """Read the strips or tiles of a page that are there and can be decoded.

    Parameters
    ----------
    page
        The page.
    size
        Bytes that the file really has.
    why
        What is wrong with the page.

    Returns
    -------
    array : NDArray or None
        The page; what is lost of it holds one of its other values. `None` where nothing is there.
    missing : MissingPlane
        Which part is lost.
    """
    frame = page.keyframe
    if frame.imagedepth != 1:
        return None, MissingPlane(why)
    array = np.zeros(frame.shaped, frame.dtype)
    lost = np.zeros(frame.shaped[2:4], np.bool_)
    file = page.parent.filehandle
    more = {"_fullsize": frame.is_tiled}
    if frame.compression == _JPEG:
        more |= {"jpegtables": page.jpegtables, "jpegheader": frame.jpegheader}
    for number in range(math.prod(frame.chunked)):
        start, count = _place(page, number)
        _, (sample, _, y, x, _), (_, height, width, _) = frame.decode(None, number, **more)
        rows = slice(y, min(y + height, lost.shape[0])), slice(x, min(x + width, lost.shape[1]))
        if not (start and count):
            lost[rows] |= GDAL_NODATA not in frame.tags
            array[sample, 0, *rows] = page.nodata
            continue
        there = max(0, min(count, size - start))
        if there < count and not _is_plain(frame):
            lost[rows] = True
            continue
        file.seek(start)
        try:
            data = file.read(there) + bytes(count - there)
            part = frame.decode(data, number, **more)[0]
            array[sample, 0, *rows] = part[0, : rows[0].stop - y, : rows[1].stop - x]
        except FAULTS:
            lost[rows] = True
            continue
        lost[y + there * height // count : rows[0].stop, rows[1]] |= there < count
    if lost.all():
        return None, MissingPlane(why)
    found = np.argwhere(~lost)[0]
    array[:, 0, lost] = array[:, 0, *found][:, np.newaxis]
    return array.reshape(frame.shape), MissingPlane(why, lost)


def rows_there(page: Any, there: int) -> NDArray[np.bool_] | None:
    """Return what is lost of a page whose first bytes are there; `None` for all of it.

    Parameters
    ----------
    page
        A page without compression, whose pixels lie behind one another.
    there
        How many of its bytes.
    """
    if page.planarconfig != tifffile.PLANARCONFIG.CONTIG and page.samplesperpixel > 1:
        return None
    rows = there * page.imagelength // page.nbytes
    if rows == 0 or page.imagedepth != 1:
        return None
    lost = np.zeros((page.imagelength, page.imagewidth), np.bool_)
    lost[rows:] = True
    return lost


def _place(page: Any, number: int) -> tuple[int, int]:
    """Return where a strip or tile lies, and its length; zeros where the file does not say."""
    offsets, counts = page.dataoffsets, page.databytecounts
    return (offsets[number], counts[number]) if number < min(len(offsets), len(counts)) else (0, 0)


def _is_plain(frame: Any) -> bool:
    """Tell whether the rows of a strip lie behind one another as they are."""
    return bool(
        frame.compression == tifffile.COMPRESSION.NONE
        and not frame.is_tiled
        and frame.bitspersample == 8 * frame.dtype.itemsize
        and frame.fillorder == tifffile.FILLORDER.MSB2LSB
    )
