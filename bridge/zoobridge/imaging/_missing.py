"""Items whose pixels a file states but does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._items import Item, ItemFault
from zoobridge.imaging._types import Picture

__all__ = ["without_missing"]


def without_missing(
    items: Sequence[Item | ItemFault], picture: Picture, plane_axes: str
) -> list[Item | ItemFault]:
    """Return items with an error in the place of each that lies in a missing plane.

    Parameters
    ----------
    items
        As they were planned.
    picture
        Knows which planes are missing.
    plane_axes
        Letters of the axes along which it falls into planes.
    """
    depth = max(map(len, picture.missing))
    letters = picture.axes[:depth]
    known = [letter for letter in letters if letter in plane_axes]
    lost: dict[tuple[int, ...], str] = {}
    for key, why in picture.missing.items():
        plane = dict(zip(letters, key, strict=True))
        inside = {letter: index for letter, index in plane.items() if letter not in plane_axes}
        reason = f"its part {_written(inside)} is missing: {why}" if inside else why
        lost.setdefault(tuple(plane[letter] for letter in known), reason)
    return [_checked(item, lost, known) for item in items]


def _checked(
    item: Item | ItemFault, lost: Mapping[tuple[int, ...], str], known: Sequence[str]
) -> Item | ItemFault:
    if isinstance(item, ItemFault):
        return item
    why = lost.get(tuple(item.plane[letter] for letter in known))
    if why is None:
        return item
    what = f"plane {_written(item.plane)}" if item.plane else "the picture"
    error = ImageFormatError(f"{what} cannot be classified: {why}", field="image.encoded")
    return ItemFault(item.index, item.region_id, item.plane, error)


def _written(plane: Mapping[str, int]) -> str:
    return ", ".join(f"{letter}={index}" for letter, index in plane.items())
