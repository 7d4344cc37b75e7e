"""What decoders of single formats return, and raise."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from zoobridge.imaging._types import Conversion, ConversionKind, MissingPlane

__all__ = ["PALETTE", "PILLOW_FAULTS", "Decoded"]

PALETTE = Conversion(ConversionKind.PALETTE_EXPANDED, "colour table → RGB")

#: What Pillow raises over files that are broken.
PILLOW_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    struct.error,
)


@dataclass(frozen=True)
class Decoded:
    """One picture of a file.

    Parameters
    ----------
    array
        The pixels.
    axes
        As the file states them, ``S`` for the samples of a colour picture; pages of which nothing
        is known have a letter such as ``I`` or ``Q``.
    notes
        What decoding changed, and which picture was taken.
    orientation
        1 (upright) to 8.
    full_scale
        The range that the file states for its samples; `None`: that of the type.
    missing
        Planes that are not in the file, or not as a whole, by their indexes along the first axes.
    lengths
        How long the axes are of which a single index was decoded.
    """

    array: NDArray[Any]
    axes: str
    notes: tuple[Conversion, ...] = ()
    orientation: int = 1
    full_scale: tuple[float, float] | None = None
    missing: Mapping[tuple[int, ...], MissingPlane] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
