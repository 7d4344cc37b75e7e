"""Options and conversions between the contract's messages and the words of imaging."""

from __future__ import annotations

import math

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging._types import (
    Conversion,
    Fit,
    Intensity,
    IntensityRule,
    Interpolation,
    MaskFill,
    Preparation,
)
from zoobridge.protocol import from_enum, to_enum
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2

__all__ = ["conversion_message", "preparation_of"]


def preparation_of(options: classification_pb2.ClassificationOptions) -> Preparation:
    """Return what a caller asks of the way from picture to tensor.

    Raises
    ------
    InvalidRequestError
        If an option has a value that only a newer peer knows.
    """
    intensity = None
    rule = to_enum(
        IntensityRule,
        classification_pb2.IntensityRule,
        options.intensity.rule,
        field="options.intensity.rule",
    )
    if rule is not None:
        intensity = Intensity(rule, options.intensity.low, options.intensity.high)
    mask_fill = to_enum(
        MaskFill, classification_pb2.MaskFill, options.mask_fill, field="options.mask_fill"
    )
    return Preparation(
        fit=to_enum(Fit, classification_pb2.Fit, options.fit, field="options.fit"),
        interpolation=to_enum(
            Interpolation,
            classification_pb2.Interpolation,
            options.interpolation,
            field="options.interpolation",
        ),
        intensity=intensity,
        channels=tuple(options.channels),
        mask_fill=mask_fill or MaskFill.ZERO,
        values=_values(options),
    )


def _values(options: classification_pb2.ClassificationOptions) -> tuple[float, float] | None:
    if not options.HasField("values"):
        return None
    low, high = options.values.low, options.values.high
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InvalidRequestError(
            f"the values {low:g}…{high:g} of the picture are not a range; state the smallest and the "
            "greatest",
            field="options.values",
        )
    return low, high


def conversion_message(conversion: Conversion) -> prediction_pb2.Conversion:
    """Return a conversion as a message."""
    return prediction_pb2.Conversion(
        kind=from_enum(prediction_pb2.ConversionKind, conversion.kind),  # type: ignore[arg-type]
        detail=conversion.detail,
        notice=conversion.notice,
        notice_field=conversion.notice_field,
    )
