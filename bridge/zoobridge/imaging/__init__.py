"""What a picture is: decoding, axes, regions, resizing, and the BioImage.IO processing steps."""

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
    OutputSpec,
    Picture,
    PictureLimits,
    Preparation,
    Region,
)

__all__ = [
    "AxisSize",
    "Box",
    "Conversion",
    "ConversionKind",
    "Fit",
    "InputSpec",
    "Intensity",
    "IntensityRule",
    "Interpolation",
    "MaskFill",
    "Operation",
    "OutputSpec",
    "Picture",
    "PictureLimits",
    "Preparation",
    "Region",
]
