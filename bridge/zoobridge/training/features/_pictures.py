"""Reading a picture, or a place in it, as a worker would."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import PictureLimits, decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.client import Region

__all__ = ["changed_error", "read_item"]

_LIMITS = PictureLimits()


def changed_error(path: Path) -> InvalidRequestError:
    """Return the error of a picture whose file is not what was annotated."""
    return InvalidRequestError(
        f"{path} was changed after it was annotated; annotate it again, or restore the file"
    )


def read_item(path: Path, region: Region | None, digest: str) -> tuple[NDArray[Any], str]:
    """Return the pixels of an item, and their axes.

    Parameters
    ----------
    path
        The picture's file.
    region
        The place in it; `None` for all of it.
    digest
        SHA-256 of the file when it was annotated; empty to take it as it is.

    Raises
    ------
    InvalidRequestError
        If the file is gone or has changed, holds several planes, or the region leaves it.
    ImageFormatError
        If it is not a picture that can be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"cannot read {path}: {error.strerror or error}") from error
    if digest and hashlib.sha256(data).hexdigest() != digest:
        raise changed_error(path)
    picture = decode(data, limits=_LIMITS)
    array, axes = picture.array, picture.axes
    for axis in [one for one in axes if one not in "YXC"]:
        place = axes.index(axis)
        if array.shape[place] != 1:
            raise InvalidRequestError(
                f"{path} has {array.shape[place]} planes along {axis}; save the plane to annotate "
                "as a separate picture"
            )
        array, axes = array.squeeze(place), axes.replace(axis, "")
    if region is None:
        return array, axes
    height, width = array.shape[axes.index("Y")], array.shape[axes.index("X")]
    right, bottom = region.x + region.width, region.y + region.height
    if region.x < 0 or region.y < 0 or right > width or bottom > height:
        raise InvalidRequestError(
            f"the region {region.x},{region.y},{region.width},{region.height} leaves {path} "
            f"({width} × {height}); correct it"
        )
    cut: list[slice] = [slice(None)] * array.ndim
    cut[axes.index("Y")] = slice(region.y, bottom)
    cut[axes.index("X")] = slice(region.x, right)
    return array[tuple(cut)], axes
