"""Whether a picture fits a model, and what would be done to it, without its pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoobridge.imaging._channels import plan_channels
from zoobridge.imaging._depth import check_depth, check_is_picture
from zoobridge.imaging._intensity import plan_intensity
from zoobridge.imaging._pictures import check_size
from zoobridge.imaging._plan import axes_of_planes
from zoobridge.imaging._sizes import plan_size
from zoobridge.imaging._types import Conversion, InputSpec, PictureLimits, Preparation
from zoobridge.protocol import check_axes

__all__ = ["ImageFacts", "ImagePlan", "check_image"]


@dataclass(frozen=True)
class ImageFacts:
    """What is known of a picture before its pixels.

    Parameters
    ----------
    dtype
        Type of its pixels.
    shape
        Length of each axis.
    axes
        One upper-case letter an axis.
    full_scale
        The range that its source states for its samples; `None`: that of the type.
    values
        Its smallest and greatest value; `None` where they are not known.
    """

    dtype: np.dtype[Any]
    shape: Sequence[int]
    axes: str
    full_scale: tuple[float, float] | None = None
    values: tuple[float, float] | None = None


@dataclass(frozen=True)
class ImagePlan:
    """How a picture would reach a model.

    Parameters
    ----------
    conversions
        What would be done to every item, in order.
    channels
        Channels of the picture that the model sees, in its order.
    size
        Height and width of an item as the model sees it; zeros where that depends on the region.
    plane_axes
        Letters of the axes along which the picture falls into planes.
    planes
        How many there are.
    """

    conversions: tuple[Conversion, ...]
    channels: tuple[int, ...]
    size: tuple[int, int]
    plane_axes: str
    planes: int


def check_image(
    facts: ImageFacts,
    spec: InputSpec,
    preparation: Preparation,
    *,
    regions: bool,
    limits: PictureLimits,
) -> ImagePlan:
    """Tell how a picture would reach a model; the functions that prepare pictures decide it.

    Parameters
    ----------
    facts
        The picture.
    spec
        The network's input.
    preparation
        What the caller asks for.
    regions
        Whether regions of various sizes are classified rather than whole planes.
    limits
        Bounds of a picture.

    Raises
    ------
    ZooBridgeError
        If the picture does not fit; the same error as where it is classified.
    """
    check_is_picture(spec)
    check_axes(facts.axes, facts.shape, field="pixels.axes")
    check_size(facts.shape, limits)
    axes = facts.axes if "C" in facts.axes else facts.axes.replace("S", "C")
    lengths = dict(zip(axes, facts.shape, strict=True))
    count = lengths.get("C", 1)
    channels = plan_channels(spec, preparation.channels, count=count, last=axes.endswith("C"))
    check_depth(spec, axes, facts.shape)
    intensity = plan_intensity(
        facts.dtype,
        spec,
        preparation.intensity,
        full_scale=facts.full_scale,
        values=lambda: facts.values,
    )
    conversions = list(channels.conversions)
    if intensity.conversion is not None:
        conversions.append(intensity.conversion)
    target = (0, 0)
    if not regions:
        size = plan_size(
            (lengths["Y"], lengths["X"]),
            spec,
            fit=preparation.fit,
            interpolation=preparation.interpolation,
        )
        conversions += size.conversions
        target = size.target
    plane_letters = axes_of_planes(axes, spec.axes)
    return ImagePlan(
        tuple(conversions),
        channels.taken or tuple(range(count)),
        target,
        plane_letters,
        math.prod(lengths[letter] for letter in plane_letters),
    )
