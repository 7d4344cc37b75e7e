"""Items whose pixels a file states but does not hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._items import Item, ItemFault
from zoobridge.imaging._types import MissingPlane, Picture

__all__ = ["without_missing"]


def without_missing(
    items: Sequence[Item | ItemFault], picture: Picture, plane_axes: str, channels: Sequence[int]
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
    channels
        Channels that are looked at; empty for all.
    """
    depth = max(map(len, picture.missing))
    letters = picture.axes[:depth]
    known = [letter for letter in letters if letter in plane_axes]
    missing: defaultdict[tuple[int, ...], list[MissingPlane]] = defaultdict(list)
    for key, one in picture.missing.items():
        plane = dict(zip(letters, key, strict=True))
        if channels and plane.get("C", channels[0]) not in channels:
            continue
        inside = {letter: index for letter, index in plane.items() if letter not in plane_axes}
        reason = f"its part {_written(inside)} is missing: {one.why}" if inside else one.why
        missing[tuple(plane[letter] for letter in known)].append(replace(one, why=reason))
    return [_checked(item, missing, known) for item in items]


def _checked(
    item: Item | ItemFault,
    missing: Mapping[tuple[int, ...], Sequence[MissingPlane]],
    known: Sequence[str],
) -> Item | ItemFault:
    if isinstance(item, ItemFault):
        return item
    near = missing.get(tuple(item.plane[letter] for letter in known), ())
    why = next((one.why for one in near if one.spoils(item.box)), None)
    if why is None:
        return item
    what = f"plane {_written(item.plane)}" if item.plane else "the picture"
    if item.box is not None:
        what = f"region '{item.region_id}' of {what}"
    error = ImageFormatError(f"{what} cannot be classified: {why}", field="image.encoded")
    return ItemFault(item.index, item.region_id, item.plane, error)


def _written(plane: Mapping[str, int]) -> str:
    return ", ".join(f"{letter}={index}" for letter, index in plane.items())
