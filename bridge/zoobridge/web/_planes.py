"""Planes of a picture's file, as a person may look at them.

Decoded as a worker decodes them (:mod:`zoobridge.imaging`), so that the page shows what a model sees.
Runs in a separate process (:mod:`zoobridge.web._decoder`); the page's process decodes nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import ConversionKind, PictureLimits, decode_plane

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from zoobridge.imaging import Picture

__all__ = ["Described", "PlaneView", "describe", "is_colour", "picture_of", "plane_of", "render"]

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
        of the first plane that the file holds.
    notes
        What decoding did, such as which of several pictures of the file was taken.
    several
        Whether the file holds several pictures.
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
    notes: list[str]
    several: bool


@dataclass(frozen=True)
class PlaneView:
    """A part of a plane as it is shown.

    Parameters
    ----------
    channel
        Channel to show in grey; -1 for colour, or the first channel of a picture without colour.
    low, high
        Values that become black and white.
    box
        ``x, y, width, height`` in pixels of the picture.
    longest
        Pixels that the longer side of the view may have; larger parts are reduced.
    """

    channel: int
    low: float
    high: float
    box: tuple[int, int, int, int]
    longest: int = 2048


def picture_of(
    path: Path, plane: Mapping[str, int], *, pixels: int, series: int | None = None
) -> tuple[Picture, Mapping[str, int]]:
    """Decode a plane of a file, and of most stacks no other.

    Parameters
    ----------
    path
        The file.
    plane
        Index by axis letter; 0 for axes that are not named.
    pixels
        Pixels that it may have, all planes together.
    series
        Which of several pictures of the file; `None` for the one that is classified where none is
        named.

    Returns
    -------
    picture : Picture
        Of length 1 along the axes in `lengths`, else as it is in the file.
    lengths : Mapping
        How long these axes are in the file, by letter.

    Raises
    ------
    ImageFormatError
        If it is not a picture that can be read.
    LimitError
        If it is larger.
    """
    try:
        limits = PictureLimits(pixels=pixels)
        return decode_plane(path.read_bytes(), plane, limits=limits, series=series)
    except LimitError as error:
        raise LimitError(
            f"{error.message.partition(', more than')[0]}: too many to be shown here (at most "
            f"{pixels:,}); it can still be classified",
            field="picture",
        ) from None


def is_colour(picture: Picture) -> bool:
    """Tell whether the channels are red, green and blue."""
    # Channels of a stain lie before the pixels, samples of a colour behind them.
    return picture.axes.endswith("C") and picture.array.shape[-1] in (3, 4)


def describe(picture: Picture, stated: Mapping[str, int]) -> Described:
    """Describe a picture by its first plane; `stated` are lengths as :func:`picture_of` returns them."""
    lengths = dict(zip(picture.axes, picture.array.shape, strict=True))
    planes = {letter: lengths[letter] for letter in picture.axes if letter not in "YXC"}
    first = next(
        (
            dict(zip(planes, indexes, strict=True))
            for indexes in np.ndindex(*planes.values())
            if not _why_missing(picture, dict(zip(planes, indexes, strict=True)))
        ),
        None,
    )
    if first is None:
        raise ImageFormatError("the file holds no whole plane", field="picture")
    low, high = _range(plane_of(picture, first))
    return Described(
        width=lengths["X"],
        height=lengths["Y"],
        data_type=str(picture.array.dtype),
        axes=picture.axes,
        planes={letter: length for letter, length in {**planes, **stated}.items() if length > 1},
        channels=lengths.get("C", 1),
        colour=is_colour(picture),
        low=low,
        high=high if high > low else low + 1,
        notes=[
            note.notice or note.detail
            for note in picture.notes
            if note.notice
            or note.kind in (ConversionKind.ORIENTATION, ConversionKind.SERIES_SELECTED)
        ],
        several=any(note.kind is ConversionKind.SERIES_SELECTED for note in picture.notes),
    )


def plane_of(picture: Picture, plane: Mapping[str, int]) -> NDArray[Any]:
    """Return a plane as ``YX`` or ``YXC``; 0 stands for axes that are not named.

    Raises
    ------
    ImageFormatError
        If the file does not hold this plane.
    """
    why = _why_missing(picture, plane)
    if why:
        raise ImageFormatError(f"this plane cannot be shown: {why}", field="picture")
    index = tuple(
        slice(None) if letter in "YXC" else min(max(plane.get(letter, 0), 0), length - 1)
        for letter, length in zip(picture.axes, picture.array.shape, strict=True)
    )
    left = [letter for letter in picture.axes if letter in "YXC"]
    array = picture.array[index]
    return array.transpose([left.index(letter) for letter in "YXC" if letter in left])


def _why_missing(picture: Picture, plane: Mapping[str, int]) -> str:
    """Return why a plane is not in the file, in whole or in part; empty where it is."""
    for key, missing in picture.missing.items():
        place = zip(picture.axes, key, strict=False)
        if all(letter in "YXC" or plane.get(letter, 0) == index for letter, index in place):
            return missing.why
    return ""


def _range(array: NDArray[Any]) -> tuple[float, float]:
    if array.dtype == np.uint8:
        return 0.0, 255.0
    if array.dtype == np.bool_:
        return 0.0, 1.0
    step = max(1, int((array.size / _SAMPLED) ** 0.5))
    sample = array[::step, ::step]
    finite = sample[np.isfinite(sample)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


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
