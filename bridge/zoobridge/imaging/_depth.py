"""The axes that an item and a network's input share beside rows, columns and channels."""

from __future__ import annotations

from collections.abc import Sequence

from zoobridge.errors import BrokenPackageError, ModelInputError
from zoobridge.imaging._sizes import nearest_size
from zoobridge.imaging._types import AxisSize, InputSpec

__all__ = ["check_depth", "check_is_picture"]


def check_is_picture(spec: InputSpec) -> None:
    """Check that a network's input has rows and columns.

    Raises
    ------
    BrokenPackageError
        If it has not.
    """
    if not {"Y", "X"} <= set(spec.axes):
        raise BrokenPackageError(
            f"the model's input '{spec.name}' has the axes {spec.axes}; a model that "
            "classifies pictures needs Y and X"
        )


def check_depth(spec: InputSpec, axes: str, shape: Sequence[int]) -> None:
    """Check the axes beside Y, X and C that a picture shares with a network: they are not resampled.

    Raises
    ------
    ModelInputError
        If the picture lacks one, or its length is not allowed.
    """
    for letter in spec.axes:
        if letter in "NCYX":
            continue
        length = shape[axes.index(letter)] if letter in axes else 1
        size = spec.sizes.get(letter, AxisSize(1, 1))
        if nearest_size(length, size) != length:
            allowed = f"{size.min} + n · {size.step}" if size.step else str(size.min)
            raise ModelInputError(
                f"the model takes {allowed} pixels along {letter}, the image has "
                + (str(length) if letter in axes else "no such axis"),
                field="image",
            )
