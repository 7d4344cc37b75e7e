"""What a picture, an item and a network's input are."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import RegionError
from zoobridge.protocol import AxisSize

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
    "Orientation",
    "OutputSpec",
    "Picture",
    "PictureLimits",
    "Preparation",
    "Region",
]


class Fit(StrEnum):
    """What to do with a picture whose size the model does not take (``zoobridge.v1.Fit``)."""

    STRETCH = "stretch"
    PAD = "pad"
    CROP = "crop"
    CENTER = "center"
    REFUSE = "refuse"


class Interpolation(StrEnum):
    """How pixels between pixels are found (``zoobridge.v1.Interpolation``)."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    LANCZOS = "lanczos"


class IntensityRule(StrEnum):
    """How intensities reach the model's range (``zoobridge.v1.IntensityRule``)."""

    AS_IS = "as_is"
    DTYPE_RANGE = "dtype_range"
    MIN_MAX = "min_max"
    EXPLICIT = "explicit"
    UNIT_RANGE = "unit_range"


class MaskFill(StrEnum):
    """What stands outside a region's mask (``zoobridge.v1.MaskFill``)."""

    ZERO = "zero"
    MEAN = "mean"
    KEEP = "keep"


class Orientation(StrEnum):
    """What to do with a file's orientation tag (``zoobridge.v1.Orientation``)."""

    AS_STORED = "as_stored"
    APPLY = "apply"


class ConversionKind(StrEnum):
    """What was done to an item (``zoobridge.v1.ConversionKind``, lower case)."""

    GREY_TO_RGB = "grey_to_rgb"
    RGB_TO_GREY = "rgb_to_grey"
    ALPHA_DROPPED = "alpha_dropped"
    CHANNELS_SELECTED = "channels_selected"
    INTENSITY_RESCALED = "intensity_rescaled"
    RESIZED = "resized"
    PADDED = "padded"
    CROPPED = "cropped"
    MASKED = "masked"
    REGION_CLIPPED = "region_clipped"
    ORIENTATION = "orientation"
    PALETTE_EXPANDED = "palette_expanded"
    INTENSITY_UNCHANGED = "intensity_unchanged"
    SERIES_SELECTED = "series_selected"


@dataclass(frozen=True)
class Conversion:
    """One conversion.

    Parameters
    ----------
    kind
        Which one.
    detail
        Its particulars, as a phrase for people.
    notice
        A sentence for the user where something was assumed that cannot be known; else empty.
    notice_field
        The field of the request that changes the assumption.
    """

    kind: ConversionKind
    detail: str
    notice: str = ""
    notice_field: str = ""


def _unbounded() -> None:
    """Let a file be read for as long as it takes."""


@dataclass(frozen=True)
class MissingPlane:
    """A plane that a file states but does not hold, or not as a whole.

    Parameters
    ----------
    why
        Why it is missing, as in "cannot be classified: …".
    lost
        ``(height, width)`` booleans, true where pixels are lost; `None` for all of them.
    """

    why: str
    lost: NDArray[np.bool_] | None = None

    def spoils(self, box: Box | None) -> bool:
        """Tell whether pixels of a box are lost; `None` for the whole plane."""
        if self.lost is None or box is None:
            return True
        part = self.lost[box.y : box.y + box.height, box.x : box.x + box.width]
        return bool(part.any())


@dataclass(frozen=True)
class PictureLimits:
    """Bounds that hold before any pixel is decoded.

    Parameters
    ----------
    pixels
        All axes of a picture multiplied.
    check
        Called now and then while a file is read, between its directories and strips; what it raises
        ends that, such as after a deadline.
    """

    pixels: int = 1 << 30
    check: Callable[[], None] = _unbounded


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Parameters
    ----------
    array
        The pixels, any dtype, never modified.
    axes
        One upper-case letter an axis of `array`: ``YX``, ``YXC``, ``TZCYX``. Always holds Y and X.
    notes
        What decoding itself changed (palette, orientation); part of every item's conversions.
    full_scale
        The range of values that the file states for its samples, such as 0…4095 of a camera of 12
        bits; `None`: all of the type.
    missing
        Planes that the file states but does not hold, or not as a whole, by their indexes along the
        first axes of `array`. What stands in their place means nothing.
    """

    array: NDArray[np.generic]
    axes: str
    notes: tuple[Conversion, ...] = ()
    full_scale: tuple[float, float] | None = None
    missing: Mapping[tuple[int, ...], MissingPlane] = field(default_factory=dict)

    @functools.cached_property
    def values(self) -> tuple[float, float]:
        """The smallest and the greatest finite value; zeros where none is finite."""
        array = self.array
        low, high = float(array.min()), float(array.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            finite = array[np.isfinite(array)]
            low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        return low, high


@dataclass(slots=True)
class Box:
    """An axis-parallel box in pixels; (0, 0) is the first pixel.

    Like :class:`Region` and :class:`~zoobridge.imaging.Item` it is not frozen, since thousands are made.
    """

    x: int
    y: int
    width: int
    height: int


@dataclass(slots=True)
class Region:
    """A place in a picture.

    Parameters
    ----------
    id
        The caller's name for it.
    box
        Its bounds.
    mask
        ``(height, width)`` booleans, true inside; `None` where the whole box belongs to it.
    plane
        Index by axis letter; `None` where it is looked at in every selected plane.
    error
        What is known to be wrong with it already; its items are answered with that.
    """

    id: str
    box: Box
    mask: NDArray[np.bool_] | None = None
    plane: Mapping[str, int] | None = None
    error: RegionError | None = None


@dataclass(frozen=True)
class Operation:
    """A BioImage.IO pre- or postprocessing step: its id and its keyword arguments."""

    id: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InputSpec:
    """The network's input as the package describes it.

    Parameters
    ----------
    name
        Tensor id.
    axes
        Upper-case letters in the tensor's order, ``N`` for the batch: ``NCYX``.
    dtype
        NumPy name of the tensor's element type.
    sizes
        Allowed lengths by axis letter, for every axis but ``N``.
    channel_names
        Meaning of each channel; empty if the tensor has no channel axis.
    preprocessing
        The steps, `ensure_dtype` included, in order.
    intensity_range
        The range of raw intensities that the first step expects; `None` if not known.
    fit, interpolation
        How to reach an allowed size.
    """

    name: str
    axes: str
    dtype: str
    sizes: Mapping[str, AxisSize]
    channel_names: tuple[str, ...] = ()
    preprocessing: tuple[Operation, ...] = ()
    intensity_range: tuple[float, float] | None = None
    fit: Fit = Fit.STRETCH
    interpolation: Interpolation = Interpolation.BILINEAR

    @property
    def least_shape(self) -> tuple[int, ...]:
        """The shape of one item of the smallest size that it takes, as a batch."""
        return tuple(1 if axis == "N" else self.sizes[axis].min for axis in self.axes)


@dataclass(frozen=True)
class OutputSpec:
    """The network's output that holds the classes.

    Parameters
    ----------
    name
        Tensor id.
    axes
        Upper-case letters in the tensor's order, ``N`` for the batch: ``NC``.
    dtype
        NumPy name of the tensor's element type.
    postprocessing
        The steps in order.
    index
        Its position among the network's outputs.
    """

    name: str
    axes: str
    dtype: str
    postprocessing: tuple[Operation, ...] = ()
    index: int = 0


@dataclass(frozen=True)
class Intensity:
    """An intensity rule, with its range for :attr:`IntensityRule.EXPLICIT`."""

    rule: IntensityRule
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class Preparation:
    """What a caller asks of the way from picture to tensor; `None` means as the package says.

    `values` are the smallest and the greatest value of the picture that the pixels are part of; `None` for
    those of the pixels.
    """

    fit: Fit | None = None
    interpolation: Interpolation | None = None
    intensity: Intensity | None = None
    channels: tuple[int, ...] = ()
    mask_fill: MaskFill = MaskFill.ZERO
    values: tuple[float, float] | None = None
