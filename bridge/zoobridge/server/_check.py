"""``CheckImage``: whether a picture fits a model, without its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.errors import BrokenPackageError, ZooBridgeError
from zoobridge.imaging import (
    ImageFacts,
    check_image,
    conversion_message,
    full_scale_of,
    preparation_of,
)
from zoobridge.protocol import pixel_dtype, status_from_error
from zoobridge.protocol.v1 import classification_pb2

if TYPE_CHECKING:
    from zoobridge.imaging import PictureLimits
    from zoobridge.zoo import ModelDescription

__all__ = ["checked"]


def checked(
    model: ModelDescription,
    request: classification_pb2.CheckImageRequest,
    limits: PictureLimits,
) -> classification_pb2.CheckImageResponse:
    """Answer whether a picture fits a model, and what would be done to it.

    Parameters
    ----------
    model
        The model.
    request
        The picture without its pixels, and the options.
    limits
        Bounds of a picture.

    Raises
    ------
    ZooBridgeError
        If the options or the model, rather than the picture, are wrong.
    """
    if model.input is None:
        raise BrokenPackageError(f"model {model.reference} cannot be run: {model.problem}")
    pixels = request.pixels
    values = (request.values.low, request.values.high) if request.HasField("values") else None
    preparation = preparation_of(request.options)
    try:
        dtype = pixel_dtype(pixels.data_type)
        full_scale = full_scale_of(pixels.significant_bits, dtype)
        facts = ImageFacts(dtype, tuple(pixels.shape), pixels.axes, full_scale, values)
        plan = check_image(facts, model.input, preparation, regions=request.regions, limits=limits)
    except ZooBridgeError as error:
        return classification_pb2.CheckImageResponse(refusal=status_from_error(error))
    return classification_pb2.CheckImageResponse(
        plan=classification_pb2.ImagePlan(
            conversions=map(conversion_message, plan.conversions),
            channels=plan.channels,
            height=plan.size[0],
            width=plan.size[1],
            plane_axes=plan.plane_axes,
            planes=plan.planes,
        )
    )
