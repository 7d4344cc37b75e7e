"""Reading TIFF: pages, channels and axes as OME-TIFF, ImageJ and plain files state them."""

from __future__ import annotations

import io
import logging
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._decoded import Decoded
from zoobridge.imaging._headers import jpeg_frame
from zoobridge.imaging._pictures import check_size, times
from zoobridge.imaging._tiff_depth import expand_bits, stated_full_scale
from zoobridge.imaging._tiff_planes import FAULTS, Planes, read_plane, read_planes
from zoobridge.imaging._tiff_series import choose_series
from zoobridge.imaging._types import Conversion, ConversionKind, PictureLimits

__all__ = ["decode_tiff"]

_FIELD = "image.encoded"

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
    data: memoryview,
    limits: PictureLimits,
    *,
    series: int | None,
    plane: Mapping[str, int] | None = None,
) -> Decoded:
    """Decode one picture of a TIFF file.

    Parameters
    ----------
    data
        The file.
    limits
        Checked against what the file states before anything is decoded.
    series
        Which of its pictures; `None`: the first that is not a thumbnail, reduced copy or mask.
    plane
        The only plane to decode, where planes can be decoded one by one; `None` for all.

    Raises
    ------
    ImageFormatError
        If it cannot be decoded.
    LimitError
        If it is too large.
    """
    try:
        with _opened(data, limits) as file:
            stated = _imagej_bytes(file, limits)
            if stated <= len(data):
                return _decoded(file, len(data), limits, series, plane)
        # A stack behind one directory is understood where all of it could be there.
        with _opened(bytes(data) + bytes(stated - len(data)), limits) as file:
            return _decoded(file, len(data), limits, series, plane)
    except FAULTS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageFormatError(
            f"the TIFF file cannot be read ({reason[:200]}); it may be truncated or of a kind "
            "that is not understood",
            field=_FIELD,
        ) from None


class _Checked(io.BytesIO):
    """A file that ends its reader where the limits say so."""

    def __init__(self, data: bytes | memoryview, limits: PictureLimits) -> None:
        super().__init__(data)
        self._check = limits.check

    def read(self, size: int | None = -1, /) -> bytes:
        self._check()
        return super().read(size)


def _opened(data: bytes | memoryview, limits: PictureLimits) -> tifffile.TiffFile:
    # Nothing beside the picture is looked for: neither further files of an OME set, nor the
    # index files of two kinds of Micro-Manager, whose pages are read as plain pages.
    file = tifffile.TiffFile(
        _Checked(data, limits), _multifile=False, is_ndtiff=False, is_mmstack=False
    )
    _check_chain(file, data, limits)
    return file


def _check_chain(file: tifffile.TiffFile, data: bytes | memoryview, limits: PictureLimits) -> None:
    """Refuse a file whose directories lead back to an earlier one: it would be read for ever."""
    # Brent's algorithm finds the loop without a list of the directories before.
    mark, steps, until = file.pages.first.offset, 1, 1
    offset = _next_directory(file.tiff, data, mark)
    while offset:
        if offset == mark:
            raise ImageFormatError(
                "the directories of the TIFF file lead back to themselves; the file is damaged",
                field=_FIELD,
            )
        if steps == until:
            mark, steps, until = offset, 0, 2 * until
        if steps % 1024 == 0:
            limits.check()
        offset = _next_directory(file.tiff, data, offset)
        steps += 1


def _next_directory(form: Any, data: bytes | memoryview, offset: int) -> int:
    """Return where the next directory lies; 0 if there is none, or it lies outside the file."""
    try:
        (tags,) = struct.unpack_from(form.tagnoformat, data, offset)
        end = offset + form.tagnosize + tags * form.tagsize
        return int(struct.unpack_from(form.offsetformat, data, end)[0])
    except (struct.error, OverflowError):
        return 0


def _imagej_bytes(file: tifffile.TiffFile, limits: PictureLimits) -> int:
    """Return how long a file must be that holds the stack of ImageJ's that it states."""
    stated = file.imagej_metadata if file.is_imagej else None
    if not stated:
        return 0
    lengths = [stated.get(name, 1) for name in ("frames", "slices", "channels")]
    images = stated.get("images", 1)
    page = file.pages.first
    if not all(isinstance(one, int) and one > 0 for one in (*lengths, images)):
        return 0
    images = max(images, math.prod(lengths))
    if images == 1 or not page.is_final or file.pages.is_multipage:
        return 0
    check_size((images, *page.shape), limits)
    return int(page.dataoffsets[0] + images * page.nbytes)


def _decoded(
    file: tifffile.TiffFile,
    size: int,
    limits: PictureLimits,
    asked: int | None,
    plane: Mapping[str, int] | None,
) -> Decoded:
    chosen = choose_series(file, asked)
    # tifffile logs what is raised while it reads a tag, and goes on.
    limits.check()
    series = chosen.series
    page = series.keyframe
    check_size(series.shape, limits)
    # A page of 10 × 10 pixels may still state one tile of a million by a million.
    check_size(page.shape, limits)
    check_size((page.tilelength or 1, page.tilewidth or 1, page.samplesperpixel), limits)
    _check_kind(file, series, size, limits)
    one = None if plane is None else read_plane(series, size, plane)
    planes = (
        read_planes(series, size, lambda shape: check_size(shape, limits))
        if one is None
        else Planes(one, series.axes, {})
    )
    array, axes = planes.array, planes.axes
    lengths = (
        {}
        if one is None
        else {
            letter: stated
            for letter, stated, read in zip(axes, series.shape, one.shape, strict=True)
            if read != stated
        }
    )
    if len(axes) != array.ndim:
        raise ImageFormatError(
            f"the TIFF file states axes {axes} for {times(array.shape)} pixels", field=_FIELD
        )
    if array.dtype.kind not in "biuf":
        raise ImageFormatError(
            f"the TIFF file's pixels are {array.dtype}; convert them to integers or floats",
            field=_FIELD,
        )
    notes: tuple[Conversion, ...]
    full_scale = None
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
    else:
        full_scale = stated_full_scale(file, page, array.dtype, chosen.index)
        array, notes = expand_bits(array, page)
        if notes:
            full_scale = None
    tag = page.tags.get("Orientation")
    stated = tag.value if tag is not None else 1
    orientation = int(stated) if isinstance(stated, int) and 1 <= stated <= 8 else 1
    return Decoded(
        array, axes, (*chosen.notes, *notes), orientation, full_scale, planes.missing, lengths
    )


def _check_kind(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, size: int, limits: PictureLimits
) -> None:
    """Refuse compressions and colours that are not decoded."""
    page = series.keyframe
    if page.compression not in _COMPRESSIONS:
        name = getattr(page.compression, "name", str(page.compression))
        raise ImageFormatError(
            f"the TIFF file is compressed with {name}; save it with LZW, ZIP, Zstandard or JPEG",
            field=_FIELD,
        )
    jpeg = page.compression == tifffile.COMPRESSION.JPEG
    if jpeg:
        _check_jpegs(file, series, size, limits)
    if page.photometric not in _COLOURS and not (
        jpeg and page.photometric == tifffile.PHOTOMETRIC.YCBCR
    ):
        name = getattr(page.photometric, "name", str(page.photometric))
        raise ImageFormatError(
            f"the TIFF file's colours are {name}; convert it to grey or RGB", field=_FIELD
        )


def _check_jpegs(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, size: int, limits: PictureLimits
) -> None:
    for page in series.pages:
        if page is None:
            continue
        for start, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            if start + count > size:
                continue  # Its plane is answered as missing.
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
