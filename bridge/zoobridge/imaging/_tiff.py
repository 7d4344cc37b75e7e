"""Reading TIFF: pages, channels and axes as OME-TIFF, ImageJ and plain files state them."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._headers import jpeg_frame
from zoobridge.imaging._pictures import check_size, times
from zoobridge.imaging._types import Conversion, ConversionKind, PictureLimits

__all__ = ["decode_tiff"]

_FIELD = "image.encoded"

# What tifffile and the codecs behind it raise over files that are broken or made to break them.
_FAULTS = (
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

_COLOURS = {
    tifffile.PHOTOMETRIC.MINISWHITE,
    tifffile.PHOTOMETRIC.MINISBLACK,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
}
# Formats that state a size of their own inside a TIFF could fill the memory with one small tile;
# JPEG is checked for that, the others are not on the list.
_COMPRESSIONS = {
    tifffile.COMPRESSION.NONE,
    tifffile.COMPRESSION.CCITTRLE,
    tifffile.COMPRESSION.CCITT_T4,
    tifffile.COMPRESSION.CCITT_T6,
    tifffile.COMPRESSION.LZW,
    tifffile.COMPRESSION.JPEG,
    tifffile.COMPRESSION.ADOBE_DEFLATE,
    tifffile.COMPRESSION.DEFLATE,
    tifffile.COMPRESSION.PACKBITS,
    tifffile.COMPRESSION.LZMA,
    tifffile.COMPRESSION.ZSTD,
}

# tifffile speaks of broken files through logging; they are answered with an error instead.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def decode_tiff(
    data: memoryview, limits: PictureLimits
) -> tuple[NDArray[Any], str, tuple[Conversion, ...], int]:
    """Decode the first series of pages of one size.

    Parameters
    ----------
    data
        The file.
    limits
        Checked against what the file states before anything is decoded.

    Returns
    -------
    array : NDArray
        The pixels.
    axes : str
        As the file states them, ``S`` for the samples of a colour picture; pages of which
        nothing is known have a letter such as ``I`` or ``Q``.
    notes : tuple of Conversion
        Whether a colour table was resolved.
    orientation : int
        1 (upright) to 8.
    """
    try:
        # Nothing beside the picture is looked for: neither further files of an OME set, nor the
        # index files of two kinds of Micro-Manager, whose pages are read as plain pages.
        with tifffile.TiffFile(
            io.BytesIO(data), _multifile=False, is_ndtiff=False, is_mmstack=False
        ) as file:
            return _first_series(file, limits)
    except _FAULTS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageFormatError(
            f"the TIFF file cannot be read ({reason[:200]}); it may be truncated or of a kind "
            "that is not understood",
            field=_FIELD,
        ) from None


def _first_series(
    file: tifffile.TiffFile, limits: PictureLimits
) -> tuple[NDArray[Any], str, tuple[Conversion, ...], int]:
    if not file.series:
        raise ImageFormatError("the TIFF file holds no picture", field=_FIELD)
    series = file.series[0]
    page = series.keyframe
    check_size(series.shape, limits)
    # A page of 10 × 10 pixels may still state one tile of a million by a million.
    check_size(page.shape, limits)
    check_size((page.tilelength or 1, page.tilewidth or 1, page.samplesperpixel), limits)
    if page.compression not in _COMPRESSIONS:
        name = getattr(page.compression, "name", str(page.compression))
        raise ImageFormatError(
            f"the TIFF file is compressed with {name}; save it with LZW, ZIP, Zstandard or JPEG",
            field=_FIELD,
        )
    jpeg = page.compression == tifffile.COMPRESSION.JPEG
    if jpeg:
        _check_jpegs(file, series, limits)
    if page.photometric not in _COLOURS and not (
        jpeg and page.photometric == tifffile.PHOTOMETRIC.YCBCR
    ):
        name = getattr(page.photometric, "name", str(page.photometric))
        raise ImageFormatError(
            f"the TIFF file's colours are {name}; convert it to grey or RGB", field=_FIELD
        )
    array = series.asarray(maxworkers=1)
    axes = series.axes
    if len(axes) != array.ndim:
        raise ImageFormatError(
            f"the TIFF file states axes {axes} for {times(array.shape)} pixels", field=_FIELD
        )
    if array.dtype.kind not in "biuf":
        raise ImageFormatError(
            f"the TIFF file's pixels are {array.dtype}; convert them to integers or floats",
            field=_FIELD,
        )
    notes: tuple[Conversion, ...] = ()
    colours = page.colormap
    # In a scientific file a colour table is a way of showing values, not the values' meaning.
    if (
        page.photometric == tifffile.PHOTOMETRIC.PALETTE
        and colours is not None
        and not (file.is_imagej or file.is_ome)
    ):
        check_size((*array.shape, 3), limits)
        array = _resolved(array, colours)
        axes += "S"
        notes = (Conversion(ConversionKind.PALETTE_EXPANDED, f"{colours.shape[1]} colours → RGB"),)
    tag = page.tags.get("Orientation")
    stated = tag.value if tag is not None else 1
    orientation = int(stated) if isinstance(stated, int) and 1 <= stated <= 8 else 1
    return array, axes, notes, orientation


def _check_jpegs(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, limits: PictureLimits
) -> None:
    for page in series.pages:
        if page is None:
            continue
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            file.filehandle.seek(start)
            # The frame header lies behind tables and comments of at most 64 KiB each.
            frame = jpeg_frame(memoryview(file.filehandle.read(min(count, 1 << 20))))
            if count and frame is None:
                raise ImageFormatError(
                    "the TIFF file holds a JPEG part without a header; it may be damaged",
                    field=_FIELD,
                )
            if frame is not None:
                check_size(frame, limits)


def _resolved(indexes: NDArray[Any], colours: NDArray[Any]) -> NDArray[Any]:
    # Entries have 16 bits; files of eight-bit colours repeat each byte, or leave the lower one out.
    table = (colours.T >> 8).astype(np.uint8) if colours.max() > 255 else colours.T.astype(np.uint8)
    return np.take(table, indexes, axis=0)
