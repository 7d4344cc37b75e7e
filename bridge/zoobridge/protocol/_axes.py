"""The letters that name a picture's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.errors import ImageFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_axes"]


def check_axes(axes: str, shape: Sequence[int], *, field: str = "image.pixels.axes") -> None:
    """Check that an axes string describes a picture of this shape.

    Parameters
    ----------
    axes
        One upper-case letter an axis.
    shape
        Length of each axis.
    field
        The request's field, for the error.

    Raises
    ------
    ImageFormatError
        If the letters are not one for each axis, not upper case, not different from one another,
        lack ``Y`` or ``X``, or hold ``N``.
    """
    if len(axes) != len(shape):
        lengths = " × ".join(map(str, shape))
        raise ImageFormatError(
            f"axes '{axes}' name {len(axes)} axes, the picture has {len(shape)} ({lengths}); "
            "give one letter for each, such as YX, YXC or ZYX",
            field=field,
        )
    if axes and not (axes.isascii() and axes.isalpha() and axes.isupper()):
        raise ImageFormatError(
            f"axes '{axes}' may hold upper-case letters only, such as YX, YXC or TZCYX", field=field
        )
    if len(set(axes)) != len(axes):
        raise ImageFormatError(
            f"axes '{axes}' name an axis twice; every letter may appear once", field=field
        )
    if "Y" not in axes or "X" not in axes:
        raise ImageFormatError(
            f"axes '{axes}' lack Y or X; a picture needs rows (Y) and columns (X)", field=field
        )
    if "N" in axes:
        raise ImageFormatError(
            f"axes '{axes}' hold N, which stands for a model's batch; call an axis of positions P",
            field=field,
        )
