"""What the axes of a layer mean, proposed from what is known and checked when it is typed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.client import check_axes
from zoobridge.errors import ImageFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PlaneAxesError", "parse_axes", "propose_axes"]

_NAMED = {
    "t": "T",
    "time": "T",
    "z": "Z",
    "depth": "Z",
    "c": "C",
    "channel": "C",
    "channels": "C",
    "y": "Y",
    "row": "Y",
    "x": "X",
    "column": "X",
    "p": "P",
    "position": "P",
    "s": "S",
    "a": "A",
    "angle": "A",
}
_SPARE = "ZTPASVUWBDEFGHIJKLMNOQR"


class PlaneAxesError(ValueError):
    """The axes do not describe the layer."""


def propose_axes(
    shape: Sequence[int],
    *,
    rgb: bool = False,
    axis_labels: Sequence[str] = (),
    displayed: Sequence[int] = (),
    channels: int | None = None,
) -> str:
    """Propose one letter for each axis of a layer's array.

    Parameters
    ----------
    shape
        Lengths of the array's axes, the colour axis of an RGB layer included.
    rgb
        The last axis is colour.
    axis_labels
        Names that the layer gives to its axes (without colour); unknown ones are passed over.
    displayed
        The two axes that the viewer shows, as indexes into the layer's axes: rows, then columns.
        Empty: the last two.
    channels
        How many channels the model takes. An axis of just that length is taken for the channels.

    Returns
    -------
    str
        Upper-case letters in the order of the array, such as ``TZYX`` or ``YXC``.
    """
    lengths = list(shape[:-1] if rgb else shape)
    count = len(lengths)
    if count < 2:
        raise PlaneAxesError("the layer has fewer than two axes, so it has no plane to classify")
    rows, columns = displayed if len(displayed) == 2 else (count - 2, count - 1)
    letters = [""] * count
    letters[rows], letters[columns] = "Y", "X"

    taken = {"Y", "X"} | ({"C"} if rgb else set())
    for axis, label in enumerate(axis_labels):
        letter = _NAMED.get(label.strip().lower(), "")
        if axis < count and not letters[axis] and letter and letter not in taken:
            letters[axis] = letter
            taken.add(letter)
    if "C" not in taken and channels is not None and channels > 1:
        fitting = [a for a in range(count) if not letters[a] and lengths[a] == channels]
        if fitting:
            letters[fitting[-1]] = "C"
            taken.add("C")
    spare = (letter for letter in _SPARE if letter not in taken)
    for axis in reversed(range(count)):
        if not letters[axis]:
            letters[axis] = next(spare)
    return "".join(letters) + ("C" if rgb else "")


def parse_axes(axes: str, shape: Sequence[int], *, rgb: bool = False) -> str:
    """Return axes that a user typed.

    Parameters
    ----------
    axes
        One letter for each axis; case and blanks do not matter.
    shape
        Lengths of the array's axes, the colour axis of an RGB layer included.
    rgb
        The last axis is colour, and has to be ``C``.

    Returns
    -------
    str
        The axes in upper case.

    Raises
    ------
    PlaneAxesError
        With a sentence that says what to type.
    """
    letters = "".join(axes.split()).upper()
    try:
        check_axes(letters, shape)
    except ImageFormatError as error:
        raise PlaneAxesError(error.message) from None
    if rgb and letters[-1] != "C":
        raise PlaneAxesError(f"axes {letters} must end with C: the layer's last axis is colour")
    return letters
