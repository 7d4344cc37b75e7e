"""What a picture is: decoding, axes, regions, resizing, and the BioImage.IO processing steps."""

from zoobridge.imaging._decode import decode
from zoobridge.imaging._items import Item, ItemFault, Prepared
from zoobridge.imaging._operations import IMPLEMENTED_OPERATIONS, postprocess, preprocess
from zoobridge.imaging._pictures import picture_from_array, picture_from_buffer
from zoobridge.imaging._plan import plan_items, plane_axes
from zoobridge.imaging._prepare import Preparer
from zoobridge.imaging._scores import scores_of
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
    Operation,
    Orientation,
    OutputSpec,
    Picture,
    PictureLimits,
    Preparation,
    Region,
)

__all__ = [
    "IMPLEMENTED_OPERATIONS",
    "AxisSize",
    "Box",
    "Conversion",
    "ConversionKind",
    "Fit",
    "InputSpec",
    "Intensity",
    "IntensityRule",
    "Interpolation",
    "Item",
    "ItemFault",
    "MaskFill",
    "Operation",
    "Orientation",
    "OutputSpec",
    "Picture",
    "PictureLimits",
    "Preparation",
    "Prepared",
    "Preparer",
    "Region",
    "decode",
    "picture_from_array",
    "picture_from_buffer",
    "plan_items",
    "plane_axes",
    "postprocess",
    "preprocess",
    "scores_of",
]
