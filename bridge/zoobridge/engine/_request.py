"""From the messages of a request to the types of :mod:`zoobridge.imaging`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError, RegionError
from zoobridge.imaging import (
    Box,
    Fit,
    Intensity,
    IntensityRule,
    Interpolation,
    MaskFill,
    Orientation,
    Picture,
    PictureLimits,
    Preparation,
    Region,
    decode,
    picture_from_array,
)
from zoobridge.protocol import from_pixels, to_enum, unpack_mask
from zoobridge.protocol.v1 import classification_pb2 as messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoobridge.protocol.v1 import image_pb2

__all__ = ["open_picture", "preparation_of", "regions_of", "selection_of"]


def open_picture(request: messages.ClassifyRequest, limits: PictureLimits) -> Picture:
    """Decode the picture of a request, or wrap its pixels.

    Raises
    ------
    ZooBridgeError
        If there is none, or it is not sound.
    """
    image = request.image
    source = image.WhichOneof("source")
    if source == "encoded":
        orientation = to_enum(
            Orientation,
            messages.Orientation,
            request.options.orientation,
            field="options.orientation",
        )
        return decode(
            image.encoded,
            axes=image.axes,
            limits=limits,
            orientation=orientation or Orientation.AS_STORED,
        )
    if source == "pixels":
        return picture_from_array(from_pixels(image.pixels), image.pixels.axes, limits=limits)
    raise InvalidRequestError(
        "the request holds no picture; set image.encoded or image.pixels", field="image"
    )


def selection_of(request: messages.ClassifyRequest) -> Mapping[str, Sequence[int]]:
    """Return the chosen indexes by axis letter."""
    selection: dict[str, Sequence[int]] = {}
    for chosen in request.planes:
        if chosen.axis in selection:
            raise InvalidRequestError(
                f"axis {chosen.axis!r} is selected twice; name all its indexes in one selection",
                field="planes",
            )
        selection[chosen.axis] = tuple(chosen.indexes)
    return selection


def regions_of(request: messages.ClassifyRequest) -> list[Region]:
    """Return the regions, their masks unpacked; one whose mask is wrong carries its error."""
    return [_region(region) for region in request.regions]


def _region(region: image_pb2.Region) -> Region:
    box = Box(region.box.x, region.box.y, region.box.width, region.box.height)
    plane = dict(region.plane.indexes) if region.HasField("plane") else None
    if not region.mask:
        return Region(region.id, box, None, plane)
    try:
        mask = unpack_mask(region.mask, box.width, box.height)
    except RegionError as error:
        return Region(region.id, box, None, plane, error)
    return Region(region.id, box, mask, plane)


def preparation_of(options: messages.ClassificationOptions) -> Preparation:
    """Return what a caller asks of the way to the tensor."""
    intensity = None
    rule = to_enum(
        IntensityRule,
        messages.IntensityRule,
        options.intensity.rule,
        field="options.intensity.rule",
    )
    if rule is not None:
        intensity = Intensity(rule, options.intensity.low, options.intensity.high)
    mask_fill = to_enum(MaskFill, messages.MaskFill, options.mask_fill, field="options.mask_fill")
    return Preparation(
        fit=to_enum(Fit, messages.Fit, options.fit, field="options.fit"),
        interpolation=to_enum(
            Interpolation,
            messages.Interpolation,
            options.interpolation,
            field="options.interpolation",
        ),
        intensity=intensity,
        channels=tuple(options.channels),
        mask_fill=mask_fill or MaskFill.ZERO,
    )
