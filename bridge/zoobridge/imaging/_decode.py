"""From the bytes of a picture file to a picture."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._headers import (
    FileFormat,
    Header,
    read_jpeg_header,
    read_png_header,
    sniff,
)
from zoobridge.imaging._pictures import check_size, times
from zoobridge.imaging._tiff import decode_tiff
from zoobridge.imaging._types import (
    Conversion,
    ConversionKind,
    Orientation,
    Picture,
    PictureLimits,
)
from zoobridge.protocol import check_axes

__all__ = ["decode"]

_FIELD = "image.encoded"
_PALETTE = Conversion(ConversionKind.PALETTE_EXPANDED, "colour table → RGB")
_PILLOW_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    struct.error,
)
_CODEC_FAULTS = (RuntimeError, ValueError, TypeError, MemoryError)


def decode(
    data: bytes | memoryview,
    *,
    axes: str = "",
    limits: PictureLimits,
    orientation: Orientation = Orientation.AS_STORED,
) -> Picture:
    """Decode a PNG, JPEG, TIFF or BMP file.

    The format is told by the first bytes, and the size that the header states is checked before
    any pixel is decoded. Pixels keep their type and values: 16-bit PNG and TIFF of any type are
    exact, colour tables are resolved to RGB (and noted).

    Parameters
    ----------
    data
        The whole file.
    axes
        One letter an axis of the decoded array, where it differs from what the file states;
        empty: as the file states.
    limits
        Bounds.
    orientation
        What to do with an orientation tag; it is noted in any case.

    Returns
    -------
    Picture
        ``YX`` or ``YXC`` for PNG, JPEG and BMP; for TIFF the axes that the file states.

    Raises
    ------
    ImageFormatError
        If the file is not a picture of these formats, is broken, or `axes` does not match.
    LimitError
        If the picture is too large.
    """
    view = memoryview(data).cast("B")
    file_format = sniff(view)
    notes: tuple[Conversion, ...]
    if file_format is FileFormat.TIFF:
        array, stated, notes, turned = decode_tiff(view, limits)
    else:
        header = _READERS[file_format](view, limits)
        array, notes, turned = header
        stated = "YX" if array.ndim == 2 else "YXS"
    if axes:
        check_axes(axes, array.shape, field="image.axes")
        stated = axes
    elif "S" in stated and "C" not in stated:
        stated = stated.replace("S", "C")
    if not axes:
        _check_stated(stated, array.shape)
    if turned != 1:
        if orientation is Orientation.APPLY:
            array, stated = _turned(array, stated, turned)
            notes += (Conversion(ConversionKind.ORIENTATION, f"EXIF orientation {turned} applied"),)
        else:
            notes += (
                Conversion(
                    ConversionKind.ORIENTATION,
                    f"EXIF orientation {turned} not applied: pixels as stored",
                ),
            )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    array.flags.writeable = False
    return Picture(array, stated, notes)


def _check_stated(axes: str, shape: tuple[int, ...]) -> None:
    if len(set(axes)) == len(axes) and {"Y", "X"} <= set(axes) and not {"S", "N"} & set(axes):
        return
    raise ImageFormatError(
        f"the file states the axes {axes} ({times(shape)}), which is not a picture of one kind of "
        "channel; name the axes yourself, such as PYXC for several colour pictures",
        field="image.axes",
    )


_Decoded = tuple[NDArray[Any], tuple[Conversion, ...], int]


def _png(data: memoryview, limits: PictureLimits) -> _Decoded:
    header = read_png_header(data)
    check_size(header.shape, limits)
    array = _coded(imagecodecs.png_decode, data, "PNG", header)
    return array, (_PALETTE,) if header.palette else (), header.orientation


def _jpeg(data: memoryview, limits: PictureLimits) -> _Decoded:
    header = read_jpeg_header(data)
    check_size(header.shape, limits)
    return _coded(imagecodecs.jpeg8_decode, data, "JPEG", header), (), header.orientation


def _coded(codec: Any, data: memoryview, name: str, header: Header) -> NDArray[Any]:
    try:
        array: NDArray[Any] = codec(data)
    except _CODEC_FAULTS as error:
        raise ImageFormatError(
            f"the {name} file cannot be decoded ({error}); it may be truncated or damaged",
            field=_FIELD,
        ) from None
    if array.shape[:2] != header.shape[:2]:
        raise ImageFormatError(
            f"the {name} file states {times(header.shape[:2])} pixels but holds "
            f"{times(array.shape[:2])}",
            field=_FIELD,
        )
    return array


def _bmp(data: memoryview, limits: PictureLimits) -> _Decoded:
    try:
        # The class itself, not Image.open: that has a limit of its own, in a global variable.
        picture: Image.Image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
        check_size((picture.height, picture.width, len(picture.getbands())), limits)
        palette = picture.mode == "P"
        if palette:
            picture = picture.convert("RGB")
        elif picture.mode == "1":
            picture = picture.convert("L")
        array = np.array(picture)
    except _PILLOW_FAULTS as error:
        raise ImageFormatError(
            f"the BMP file cannot be decoded ({error}); it may be truncated or damaged",
            field=_FIELD,
        ) from None
    return array, (_PALETTE,) if palette else (), 1


_READERS = {FileFormat.PNG: _png, FileFormat.JPEG: _jpeg, FileFormat.BMP: _bmp}


def _turned(array: NDArray[Any], axes: str, orientation: int) -> tuple[NDArray[Any], str]:
    """Turn a picture so that it stands upright.

    EXIF 2.3, tag 274: the value tells at which side of the scene the stored first row and first
    column lie. From 5 on, rows are stored as columns.
    """
    y, x = axes.index("Y"), axes.index("X")
    if orientation >= 5:
        array = np.swapaxes(array, y, x)
    mirrored: tuple[int, ...] = (x,) if orientation in {2, 3, 6, 7} else ()
    mirrored += (y,) if orientation in {3, 4, 7, 8} else ()
    return np.ascontiguousarray(np.flip(array, mirrored)), axes
