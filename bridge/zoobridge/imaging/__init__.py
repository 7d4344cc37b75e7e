"""What a picture is: decoding, axes, regions, resizing, and the BioImage.IO processing steps."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.imaging._check import ImageFacts, ImagePlan, check_image
from zoobridge.imaging._items import BoxItems, Item, ItemFault, Prepared
from zoobridge.imaging._messages import conversion_message, preparation_of
from zoobridge.imaging._operations import IMPLEMENTED_OPERATIONS, postprocess, preprocess
from zoobridge.imaging._pictures import full_scale_of, picture_from_array
from zoobridge.imaging._plan import plan_items, plane_axes
from zoobridge.imaging._scores import best_classes, scores_of
from zoobridge.imaging._types import (
    AxisSize,
    Box,
    Conversion,
    ConversionKind,
    Fit,
    InputSpec,
    Intensity,
    IntensityRule,
    Interpolation,
    MaskFill,
    MissingPlane,
    Operation,
    Orientation,
    OutputSpec,
    Picture,
    PictureLimits,
    Preparation,
    Region,
)

if TYPE_CHECKING:
    from zoobridge.imaging._decode import decode, decode_plane
    from zoobridge.imaging._prepare import Preparer

__all__ = [
    "IMPLEMENTED_OPERATIONS",
    "AxisSize",
    "Box",
    "BoxItems",
    "Conversion",
    "ConversionKind",
    "Fit",
    "ImageFacts",
    "ImagePlan",
    "InputSpec",
    "Intensity",
    "IntensityRule",
    "Interpolation",
    "Item",
    "ItemFault",
    "MaskFill",
    "MissingPlane",
    "Operation",
    "Orientation",
    "OutputSpec",
    "Picture",
    "PictureLimits",
    "Preparation",
    "Prepared",
    "Preparer",
    "Region",
    "best_classes",
    "check_image",
    "conversion_message",
    "decode",
    "decode_plane",
    "full_scale_of",
    "picture_from_array",
    "plan_items",
    "plane_axes",
    "postprocess",
    "preparation_of",
    "preprocess",
    "scores_of",
]

# What needs the image libraries is loaded on first use: the server process knows this package too,
# and never decodes a picture.
_LAZY = {
    "Preparer": "zoobridge.imaging._prepare",
    "decode": "zoobridge.imaging._decode",
    "decode_plane": "zoobridge.imaging._decode",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
