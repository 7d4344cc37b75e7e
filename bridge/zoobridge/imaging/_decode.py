"""From the bytes of a picture file to a picture."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._animations import decode_gif, decode_webp
from zoobridge.imaging._decoded import PALETTE, PILLOW_FAULTS, Decoded
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
    MissingPlane,
    Orientation,
    Picture,
    PictureLimits,
)
from zoobridge.protocol import check_axes

__all__ = ["decode", "decode_plane"]

_FIELD = "image.encoded"
_CODEC_FAULTS = (RuntimeError, ValueError, TypeError, MemoryError)


def decode(
    data: bytes | memoryview,
    *,
    axes: str = "",
    limits: PictureLimits,
    orientation: Orientation = Orientation.AS_STORED,
    series: int | None = None,
) -> Picture:
    """Decode a PNG, JPEG, TIFF, BMP, GIF or WebP file.

    The first bytes determine the format, and the size that the header states is checked before
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
    series
        Which picture of a TIFF file that holds several; `None`: the first that is a picture of its
        own.

    Returns
    -------
    Picture
        ``YX`` or ``YXC`` for PNG, JPEG and BMP; ``YXC`` or ``TYXC`` for GIF and WebP; for TIFF the
        axes that the file states.

    Raises
    ------
    ImageFormatError
        If the file is not a picture of these formats, is broken, or `axes` does not match.
    LimitError
        If the picture is too large.
    """
    return _picture(_decoded(data, limits, series, None), axes, orientation)


def decode_plane(
    data: bytes | memoryview,
    plane: Mapping[str, int],
    *,
    limits: PictureLimits,
    series: int | None = None,
) -> tuple[Picture, Mapping[str, int]]:
    """Decode one plane of a file, and no other where its planes can be decoded one by one.

    Parameters
    ----------
    data, limits, series
        As for :func:`decode`.
    plane
        Index by axis letter; 0 for axes that are not named.

    Returns
    -------
    picture : Picture
        Of length 1 along the axes in `lengths`; what :func:`decode` returns where there are none.
    lengths : Mapping
        How long these axes are in the file, by letter.

    Raises
    ------
    ImageFormatError, LimitError
        As :func:`decode` does.
    """
    decoded = _decoded(data, limits, series, plane)
    return _picture(decoded, "", Orientation.AS_STORED), decoded.lengths


def _decoded(
    data: bytes | memoryview,
    limits: PictureLimits,
    series: int | None,
    plane: Mapping[str, int] | None,
) -> Decoded:
    view = memoryview(data).cast("B")
    file_format = sniff(view)
    if file_format is FileFormat.TIFF:
        return decode_tiff(view, limits, series=series, plane=plane)
    if series:
        raise ImageFormatError(
            f"the file holds no picture {series}; a {file_format.value} file is one picture",
            field="image.series",
        )
    return _READERS[file_format](view, limits)


def _picture(decoded: Decoded, axes: str, orientation: Orientation) -> Picture:
    array, stated, notes = decoded.array, decoded.axes, decoded.notes
    if axes:
        check_axes(axes, array.shape, field="image.axes")
        stated = axes
    elif "S" in stated and "C" not in stated:
        stated = stated.replace("S", "C")
    if not axes:
        _check_stated(stated, array.shape)
    missing = _named(decoded.missing, stated)
    turned = decoded.orientation
    if turned != 1:
        if orientation is Orientation.APPLY:
            array, stated = _turned(array, stated, turned)
            missing = {key: replace(one, lost=None) for key, one in missing.items()}
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
    return Picture(array, stated, notes, decoded.full_scale, missing)


def _named(
    missing: Mapping[tuple[int, ...], MissingPlane], axes: str
) -> Mapping[tuple[int, ...], MissingPlane]:
    """Return missing planes; those whose rows and columns were given other names are lost as a whole."""
    if all(axes[len(key) :].strip("CS") == "YX" for key in missing):
        return missing
    return {key: replace(one, lost=None) for key, one in missing.items()}


def _check_stated(axes: str, shape: tuple[int, ...]) -> None:
    if len(set(axes)) == len(axes) and {"Y", "X"} <= set(axes) and not {"S", "N"} & set(axes):
        return
    raise ImageFormatError(
        f"the file states the axes {axes} ({times(shape)}), which is not a picture of one kind of "
        "channel; name the axes yourself, such as PYXC for several colour pictures",
        field="image.axes",
    )


def _png(data: memoryview, limits: PictureLimits) -> Decoded:
    header = read_png_header(data)
    check_size(header.shape, limits)
    array = _coded(imagecodecs.png_decode, data, "PNG", header)
    notes = (PALETTE,) if header.palette else ()
    return Decoded(array, _axes(array), notes, header.orientation)


def _jpeg(data: memoryview, limits: PictureLimits) -> Decoded:
    header = read_jpeg_header(data)
    check_size(header.shape, limits)
    array = _coded(imagecodecs.jpeg8_decode, data, "JPEG", header)
    return Decoded(array, _axes(array), (), header.orientation)


def _axes(array: NDArray[Any]) -> str:
    return "YX" if array.ndim == 2 else "YXS"


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


def _bmp(data: memoryview, limits: PictureLimits) -> Decoded:
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
    except PILLOW_FAULTS as error:
        raise ImageFormatError(
            f"the BMP file cannot be decoded ({error}); it may be truncated or damaged",
            field=_FIELD,
        ) from None
    return Decoded(array, _axes(array), (PALETTE,) if palette else ())


_READERS: dict[FileFormat, Callable[[memoryview, PictureLimits], Decoded]] = {
    FileFormat.PNG: _png,
    FileFormat.JPEG: _jpeg,
    FileFormat.BMP: _bmp,
    FileFormat.GIF: decode_gif,
    FileFormat.WEBP: decode_webp,
}


def _turned(array: NDArray[Any], axes: str, orientation: int) -> tuple[NDArray[Any], str]:
    """Turn a picture so that it stands upright.

    EXIF 2.3, tag 274: the value states at which side of the scene the stored first row and first
    column lie. From 5 on, rows are stored as columns.
    """
    y, x = axes.index("Y"), axes.index("X")
    if orientation >= 5:
        array = np.swapaxes(array, y, x)
    mirrored: tuple[int, ...] = (x,) if orientation in {2, 3, 6, 7} else ()
    mirrored += (y,) if orientation in {3, 4, 7, 8} else ()
    return np.ascontiguousarray(np.flip(array, mirrored)), axes
