"""Cutting places out of a picture that a caller sent, as a worker would."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from zoobridge.errors import InvalidRequestError, RegionError
from zoobridge.imaging import Picture, PictureLimits, decode, picture_from_array
from zoobridge.protocol import pixels_array, unpack_mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zoobridge.protocol.v1 import image_pb2
    from zoobridge.protocol.v1 import training_pb2 as pb

__all__ = ["Cut", "cut_items", "cut_region", "picture_of"]

_LIMITS: Final = PictureLimits()


@dataclass(frozen=True)
class Cut:
    """An item as a file.

    Parameters
    ----------
    data
        The file: TIFF, or the caller's own where the item is the whole picture.
    suffix
        Of its name.
    source
        SHA-256 of what it was cut from, hexadecimal.
    region
        ``x,y,width,height``; empty for the whole picture.
    region_id
        What the caller calls the place.
    """

    data: bytes
    suffix: str
    source: str
    region: str = ""
    region_id: str = ""


def cut_items(request: pb.AnnotateRequest) -> list[Cut]:
    """Return the items of a message as files.

    Raises
    ------
    ZooBridgeError
        If the picture cannot be read, or a place lies outside it.
    """
    image = request.image
    picture = picture_of(image)
    data = image.encoded or image.pixels.SerializeToString(deterministic=True)
    source = hashlib.sha256(data).hexdigest()
    # A file that is one plane is kept as it came.
    single = bool(image.encoded) and not image.axes and not image.HasField("series")
    single = single and set(picture.axes) <= set("YXC")
    found = []
    for item in request.items:
        region = item.region
        if single and not region.HasField("box"):
            found.append(Cut(image.encoded, ".picture", source, region_id=region.id))
            continue
        pixels, place = cut_region(picture, region)
        found.append(Cut(_tiff(pixels), ".tif", source, place, region.id))
    return found


def cut_region(picture: Picture, region: image_pb2.Region) -> tuple[NDArray[Any], str]:
    """Return the pixels of a place, ``YX`` or ``YXC``, and the place as text.

    Parameters
    ----------
    picture
        The picture.
    region
        The place; without a box, the whole plane.

    Raises
    ------
    RegionError
        If it lies outside, or the plane is not stated.
    """
    array = _plane(picture, dict(region.plane.indexes))
    if not region.HasField("box"):
        return _full_range(array, picture.full_scale), ""
    box = region.box
    height, width = array.shape[:2]
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(width, box.x + box.width), min(height, box.y + box.height)
    if right <= left or bottom <= top:
        raise RegionError(
            f"the region {box.x},{box.y},{box.width},{box.height} lies outside the picture "
            f"({width} × {height}); correct it",
            field="items.region.box",
        )
    cut = _full_range(array[top:bottom, left:right], picture.full_scale)
    if region.mask:
        mask = unpack_mask(region.mask, box.width, box.height)
        inside = mask[top - box.y : bottom - box.y, left - box.x : right - box.x]
        cut = np.where(inside[..., None] if cut.ndim == 3 else inside, cut, cut.dtype.type(0))
    return cut, f"{left},{top},{right - left},{bottom - top}"


def picture_of(image: image_pb2.Image) -> Picture:
    """Return the picture of a message.

    Raises
    ------
    ZooBridgeError
        If it holds none, or one that cannot be read.
    """
    source = image.WhichOneof("source")
    if source == "encoded":
        series = image.series if image.HasField("series") else None
        return decode(image.encoded, axes=image.axes, limits=_LIMITS, series=series)
    if source == "pixels":
        pixels = image.pixels
        array = pixels_array(pixels.data, pixels.data_type, tuple(pixels.shape), pixels.axes)
        return picture_from_array(
            array, pixels.axes, limits=_LIMITS, significant_bits=pixels.significant_bits
        )
    raise InvalidRequestError(
        "the message holds no picture; set image, or picture for one that was sent before",
        field="image",
    )


def _plane(picture: Picture, indexes: Mapping[str, int]) -> NDArray[Any]:
    array: NDArray[Any] = picture.array
    axes = picture.axes
    for axis in [one for one in axes if one not in "YXC"]:
        place = axes.index(axis)
        length = array.shape[place]
        index = indexes.get(axis, 0 if length == 1 else -1)
        if not 0 <= index < length:
            raise RegionError(
                f"the picture has {length} planes along {axis}; name one of them (region.plane)",
                field="items.region.plane",
            )
        # A view: a plane of a large picture is not copied for each of its places.
        array, axes = array[(slice(None),) * place + (index,)], axes.replace(axis, "")
    return array.transpose([axes.index(axis) for axis in "YXC" if axis in axes])


def _full_range(array: NDArray[Any], full_scale: tuple[float, float] | None) -> NDArray[Any]:
    """Spread values of fewer bits over their type, which a model sees them mapped from."""
    if full_scale is None or array.dtype.kind != "u":
        return array
    most = np.iinfo(array.dtype).max
    spread = np.rint(array.astype(np.float64) * (most / full_scale[1]))
    return spread.clip(0, most).astype(array.dtype)


def _tiff(array: NDArray[Any]) -> bytes:
    pixels = np.ascontiguousarray(array)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype == np.uint8
    file = io.BytesIO()
    # Nothing that changes with time or versions: the bytes name the item.
    tifffile.imwrite(
        file,
        pixels,
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if pixels.ndim == 3 else None,
        metadata=None,
        software=False,
    )
    return file.getvalue()
