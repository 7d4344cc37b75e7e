"""Planes of a picture's file, as a person may look at them.

Runs in a process of its own (:mod:`zoobridge.web._decoder`). What a model sees is decoded by the
server's worker; nothing of this changes it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import ImageFormatError, LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Described", "PlaneView", "describe", "plane_of", "render"]

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

# Values that a range is estimated from.
_SAMPLED = 2_000_000


@dataclass(frozen=True)
class Described:
    """What a picture is.

    Parameters
    ----------
    width, height
        Of a plane, in pixels.
    data_type
        NumPy name of the pixels' type.
    axes
        One letter an axis.
    planes
        Length of each axis that planes are chosen along.
    channels
        Number of channels of a plane.
    colour
        Whether the channels are red, green and blue.
    low, high
        The range that the view begins with: all of 8 bits, else from the least to the greatest value
        of the first plane.
    """

    width: int
    height: int
    data_type: str
    axes: str
    planes: dict[str, int]
    channels: int
    colour: bool
    low: float
    high: float


@dataclass(frozen=True)
class PlaneView:
    """A part of a plane as it is shown.

    Parameters
    ----------
    plane
        Index by axis letter; 0 where an axis is not named.
    channel
        Channel to show in grey; -1 for colour, or the first channel where there is none.
    low, high
        Values that become black and white.
    box
        ``x, y, width, height`` in pixels of the picture.
    longest
        Pixels that the longer side of the view may have; larger parts are reduced.
    """

    plane: Mapping[str, int]
    channel: int
    low: float
    high: float
    box: tuple[int, int, int, int]
    longest: int = 2048


def describe(path: Path, *, pixels: int) -> Described:
    """Describe a file.

    Parameters
    ----------
    path
        The file.
    pixels
        Pixels that a plane may have.

    Raises
    ------
    ImageFormatError
        If it is not a picture that can be shown.
    LimitError
        If its planes are larger.
    """
    array, axes, colour = plane_of(path, {}, pixels=pixels)
    full_axes, lengths = _axes(path)
    height, width = array.shape[:2]
    step = max(1, int((array.size / _SAMPLED) ** 0.5))
    sample = array[::step, ::step]
    if array.dtype == np.uint8:
        low, high = 0.0, 255.0
    elif array.dtype == np.bool_:
        low, high = 0.0, 1.0
    else:
        finite = sample[np.isfinite(sample)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Described(
        width=width,
        height=height,
        data_type=str(array.dtype),
        axes=full_axes or axes,
        planes=lengths,
        channels=1 if array.ndim == 2 else array.shape[2],
        colour=colour,
        low=low,
        high=high if high > low else low + 1,
    )


def plane_of(
    path: Path, plane: Mapping[str, int], *, pixels: int
) -> tuple[NDArray[Any], str, bool]:
    """Return a plane as ``YX`` or ``YXC``, its axes, and whether its channels are colours."""
    with path.open("rb") as file:
        start = file.read(4)
    if start in _TIFF:
        return _tiff_plane(path, plane, pixels=pixels)
    return _plain(path, pixels=pixels)


def render(array: NDArray[Any], *, colour: bool, view: PlaneView) -> bytes:
    """Return a part of a plane as a PNG file of 8 bits."""
    from PIL import Image

    x, y, width, height = view.box
    part = array[max(y, 0) : y + height, max(x, 0) : x + width]
    if part.size == 0:
        raise LimitError("this part lies outside the picture", field="box")
    if part.ndim == 3:
        shown = view.channel if 0 <= view.channel < part.shape[2] else -1
        if shown >= 0:
            part = part[:, :, shown]
        else:
            part = part[:, :, :3] if colour and part.shape[2] >= 3 else part[:, :, 0]
    factor = max(1, -(-max(part.shape[:2]) // view.longest))
    eight = _eight_bits(part, view.low, view.high)
    picture = Image.fromarray(np.ascontiguousarray(eight))
    if factor > 1:
        picture = picture.reduce(factor)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _eight_bits(part: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if part.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return part
    scale = 255.0 / max(high - low, 1e-12)
    if part.dtype == np.bool_:
        part = part.view(np.uint8)
    if part.dtype in (np.uint8, np.uint16):
        values = np.arange(np.iinfo(part.dtype).max + 1, dtype=np.float64)
        table = np.clip((values - low) * scale + 0.5, 0, 255).astype(np.uint8)
        return np.asarray(table[part])
    out = np.empty(part.shape, np.uint8)
    rows = max(1, 4_000_000 // max(1, part[0].size))
    for first in range(0, len(part), rows):
        values = np.nan_to_num(part[first : first + rows].astype(np.float64))
        out[first : first + rows] = np.clip((values - low) * scale + 0.5, 0, 255)
    return out


def _check(width: int, height: int, pixels: int) -> None:
    if width * height > pixels:
        raise LimitError(
            f"a plane of {width} × {height} pixels is too large to be shown here "
            f"(at most {pixels} pixels); it can still be classified",
            field="picture",
        )


def _plain(path: Path, *, pixels: int) -> tuple[NDArray[Any], str, bool]:
    from PIL import Image, UnidentifiedImageError

    # Sizes are checked below, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path, formats=("PNG", "JPEG", "BMP")) as picture:
            _check(picture.width, picture.height, pixels)
            if picture.mode in {"L", "RGB", "I;16", "I", "F"}:
                array = np.asarray(picture)
            elif picture.mode in {"1", "LA"}:
                array = np.asarray(picture.convert("L"))
            else:
                array = np.asarray(picture.convert("RGB"))
    except UnidentifiedImageError:
        raise ImageFormatError(
            "this is not a PNG, JPEG, TIFF or BMP file", field="picture"
        ) from None
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageFormatError(f"the file cannot be shown: {error}", field="picture") from error
    return array, "YX" if array.ndim == 2 else "YXC", array.ndim == 3


def _axes(path: Path) -> tuple[str, dict[str, int]]:
    """Return a file's axes and the length of those that planes are chosen along."""
    with path.open("rb") as file:
        start = file.read(4)
    if start not in _TIFF:
        return "", {}
    import tifffile

    with tifffile.TiffFile(path, _multifile=False, is_ndtiff=False, is_mmstack=False) as tiff:
        axes, shape = _named(tiff.series[0])
    lengths = {
        axis: int(length)
        for axis, length in zip(axes, shape, strict=True)
        if axis not in "YXC" and length > 1
    }
    return axes, lengths


def _named(series: Any) -> tuple[str, tuple[int, ...]]:
    axes = series.axes if "C" in series.axes else series.axes.replace("S", "C")
    return axes, tuple(series.shape)


def _tiff_plane(
    path: Path, plane: Mapping[str, int], *, pixels: int
) -> tuple[NDArray[Any], str, bool]:
    import tifffile

    try:
        with tifffile.TiffFile(path, _multifile=False, is_ndtiff=False, is_mmstack=False) as tiff:
            if not tiff.series:
                raise ImageFormatError("the TIFF file holds no picture", field="picture")
            series = tiff.series[0]
            axes, shape = _named(series)
            sizes = dict(zip(axes, shape, strict=True))
            _check(sizes.get("X", 1), sizes.get("Y", 1), pixels)
            array, left = _selected(path, series, axes, shape, plane, pixels)
            page = series.keyframe
            palette = page.colormap if page.photometric == 3 else None
    except (ImageFormatError, LimitError):
        raise
    except Exception as error:
        first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ImageFormatError(
            f"the TIFF file cannot be shown: {first}", field="picture"
        ) from error
    array = array.transpose([left.index(axis) for axis in "YXC" if axis in left])
    if palette is not None and array.ndim == 2:
        colours = np.asarray(palette).T[array]
        array = (colours >> 8).astype(np.uint8)
        return array, axes, True
    colour = array.ndim == 3 and array.shape[2] in (3, 4) and "S" in series.axes
    return array, axes, colour


def _selected(
    path: Path,
    series: Any,
    axes: str,
    shape: tuple[int, ...],
    plane: Mapping[str, int],
    pixels: int,
) -> tuple[NDArray[Any], str]:
    """Return the pixels of a plane with the axes that are left, reading no more than needed."""
    index: list[Any] = []
    for axis, length in zip(axes, shape, strict=True):
        if axis in "YXC":
            index.append(slice(None))
        else:
            index.append(min(max(plane.get(axis, 0), 0), length - 1))
    left = "".join(axis for axis in axes if axis in "YXC")
    if series.dataoffset is not None:
        # One block of plain pixels: nothing but the plane is read.
        array = np.memmap(path, series.dtype, "r", series.dataoffset, shape)[tuple(index)]
        native = array.dtype.newbyteorder("=")
        return np.array(array, dtype=native), left
    inner = len(series.keyframe.shape)
    outer = axes[:-inner] if inner < len(axes) else ""
    if outer and "C" not in outer and len(series.pages) == int(np.prod(shape[: len(outer)])):
        number = int(np.ravel_multi_index(tuple(index[: len(outer)]), shape[: len(outer)]))
        page = series.pages[number].asarray(maxworkers=1)
        return np.asarray(page[tuple(index[len(outer) :])]), left
    if int(np.prod(shape, dtype=np.int64)) > 4 * pixels:
        raise LimitError(
            "the file is too large to be shown here; it can still be classified", field="picture"
        )
    return np.asarray(series.asarray(maxworkers=1)[tuple(index)]), left
