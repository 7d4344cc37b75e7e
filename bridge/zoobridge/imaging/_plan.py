"""From a picture, chosen planes and regions to items."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import LimitError, RegionError
from zoobridge.imaging._items import BoxItems, Item, ItemFault
from zoobridge.imaging._missing import without_missing
from zoobridge.imaging._types import Box, Conversion, ConversionKind, InputSpec, Picture, Region
from zoobridge.protocol import Boxes

__all__ = ["axes_of_planes", "plan_items", "plane_axes"]


def plane_axes(picture: Picture, spec: InputSpec) -> str:
    """Return the axes along which a picture falls into planes, in the picture's order.

    These are the axes that the network's input does not have. Channels always belong to the item.
    """
    return axes_of_planes(picture.axes, spec.axes)


@functools.lru_cache(maxsize=64)
def axes_of_planes(axes: str, tensor_axes: str) -> str:
    """Return the letters of `axes` that an item of a network with `tensor_axes` does not have."""
    kept = {"Y", "X", "C", *tensor_axes}
    return "".join(letter for letter in axes if letter not in kept)


def plan_items(
    picture: Picture,
    spec: InputSpec,
    *,
    planes: Mapping[str, Sequence[int]],
    regions: Sequence[Region] | Boxes,
    max_items: int,
    channels: Sequence[int] = (),
) -> Sequence[Item | ItemFault]:
    """Return the items of a picture, in order.

    Planes come in the order of the product of the chosen indexes, the picture's last plane axis
    fastest; within each plane its regions in order, or the plane as a whole if there are no
    regions. A region whose own plane is not among the chosen ones comes last, as a fault.

    Parameters
    ----------
    picture
        The picture.
    spec
        The network's input: axes that it has itself (such as Z) do not make planes.
    planes
        Chosen indexes by axis letter; of an axis that is not named, all.
    regions
        Places to look at.
    max_items
        How many items are allowed.
    channels
        Channels that are looked at; empty for all.

    Returns
    -------
    Sequence
        Items, and faults of single ones; :class:`BoxItems` for boxes in a single plane.

    Raises
    ------
    RegionError
        If `planes` names an axis or index that is not there.
    LimitError
        If there are more than `max_items`.
    """
    axes = plane_axes(picture, spec)
    items = _planned(picture, axes, planes, regions, max_items)
    return without_missing(items, picture, axes, channels) if picture.missing else items


def _planned(
    picture: Picture,
    axes: str,
    planes: Mapping[str, Sequence[int]],
    regions: Sequence[Region] | Boxes,
    max_items: int,
) -> Sequence[Item | ItemFault]:
    if not (axes or planes or regions):
        _check_count(1, max_items)
        return [Item(0)]
    lengths = dict(zip(picture.axes, picture.array.shape, strict=True))
    _check_selection(planes, axes, lengths)
    chosen: list[Sequence[int]] = [planes.get(letter) or range(lengths[letter]) for letter in axes]
    count = math.prod(map(len, chosen))
    # Checked before anything is laid out: 100,000 planes times 10,000 regions are easily asked for.
    if isinstance(regions, Boxes):
        _check_count(count * len(regions), max_items)
        if count == 1 and _inside(regions.table.T, lengths["Y"], lengths["X"]).all():
            plane = {letter: indexes[0] for letter, indexes in zip(axes, chosen, strict=True)}
            return BoxItems(np.arange(len(regions)), regions.table, regions.ids, plane)
        regions = _one_by_one(regions)
    free = sum(not region.plane for region in regions)
    _check_count(count * (free if regions else 1), max_items)
    if regions and free < len(regions):
        return _with_own_planes(axes, chosen, lengths, regions, max_items)
    every = [dict(zip(axes, indexes, strict=True)) for indexes in itertools.product(*chosen)]
    if not regions:
        return [Item(index, "", plane) for index, plane in enumerate(every)]
    places = _Places(regions, lengths["Y"], lengths["X"])
    pairs = itertools.product(every, regions)
    items: list[Item | ItemFault] = [
        Item(index, region.id, plane, region.box) for index, (plane, region) in enumerate(pairs)
    ]
    for number in places.special:
        for rank, plane in enumerate(every):
            index = rank * len(regions) + number
            items[index] = places.item(index, plane, number)
    return items


def _one_by_one(boxes: Boxes) -> list[Region]:
    ids = boxes.ids or [""] * len(boxes)
    return [Region(name, Box(*row)) for name, row in zip(ids, boxes.table.tolist(), strict=True)]


def _inside(columns: Iterable[NDArray[Any]], height: int, width: int) -> NDArray[np.bool_]:
    """Return which boxes, given as x, y, widths and heights, lie wholly in a plane and are not empty."""
    x, y, across, down = columns
    inside: NDArray[np.bool_] = (
        (x >= 0) & (y >= 0) & (across >= 1) & (down >= 1)
        & (x + across <= width) & (y + down <= height)
    )  # fmt: skip
    return inside


def _with_own_planes(
    axes: str,
    chosen: Sequence[Sequence[int]],
    lengths: Mapping[str, int],
    regions: Sequence[Region],
    max_items: int,
) -> list[Item | ItemFault]:
    ranks = [_ranks(indexes) for indexes in chosen]
    faults: list[tuple[Region, RegionError]] = []
    spots: list[tuple[tuple[int, ...], int]] = []
    for number, region in enumerate(regions):
        own = region.plane or {}
        error = _plane_error(own, axes, lengths)
        if error is None:
            wanted: list[Sequence[int]] = [
                rank(own[letter]) if letter in own else range(len(indexes))
                for letter, rank, indexes in zip(axes, ranks, chosen, strict=True)
            ]
            matching = math.prod(map(len, wanted))
            _check_count(matching + len(spots) + len(faults), max_items)
            spots += [(spot, number) for spot in itertools.product(*wanted)]
            if matching == 0:
                error = RegionError(
                    f"region '{region.id}' lies in plane {_written(own)}, which is not among the "
                    "chosen planes; choose it too, or leave the region out",
                    field="regions.plane",
                )
        if error is not None:
            faults.append((region, error))
    _check_count(len(spots) + len(faults), max_items)
    spots.sort()
    places = _Places(regions, lengths["Y"], lengths["X"])
    known: dict[tuple[int, ...], dict[str, int]] = {}
    items: list[Item | ItemFault] = []
    for spot, number in spots:
        plane = known.get(spot)
        if plane is None:
            plane = known[spot] = {
                letter: indexes[rank]
                for letter, indexes, rank in zip(axes, chosen, spot, strict=True)
            }
        items.append(places.item(len(items), plane, number))
    for region, error in faults:
        items.append(ItemFault(len(items), region.id, dict(region.plane or {}), error))
    return items


def _ranks(indexes: Sequence[int]) -> Callable[[int], Sequence[int]]:
    """Return a look-up of the places at which an index was chosen (it may be chosen twice)."""
    if isinstance(indexes, range):
        return lambda index: (index,)
    found: dict[int, list[int]] = {}
    for rank, index in enumerate(indexes):
        found.setdefault(index, []).append(rank)
    return lambda index: found.get(index, ())


class _Places:
    """Regions of a plane of a given size, checked and clipped once for all planes.

    Parameters
    ----------
    regions
        As the caller gave them.
    height, width
        Of the plane, in pixels.

    Attributes
    ----------
    special
        Places of the regions of which more is to be said than that they are boxes in the plane.
    """

    def __init__(self, regions: Sequence[Region], height: int, width: int) -> None:
        self._size = (height, width)
        self._regions = regions
        self._clipped: dict[int, tuple[Box, object, tuple[Conversion, ...]] | RegionError] = {}
        boxes = [region.box for region in regions]
        columns = (
            np.fromiter(map(attrgetter(name), boxes), np.float64, len(boxes))
            for name in ("x", "y", "width", "height")
        )
        inside = _inside(columns, height, width)
        self.special = frozenset(
            number
            for number, (within, region) in enumerate(zip(inside.tolist(), regions, strict=True))
            if not within or region.mask is not None or region.error is not None
        )

    def item(self, index: int, plane: Mapping[str, int], number: int) -> Item | ItemFault:
        region = self._regions[number]
        if number not in self.special:
            return Item(index, region.id, plane, region.box)
        if number not in self._clipped:
            self._clipped[number] = self._clip(region)
        clipped = self._clipped[number]
        if isinstance(clipped, RegionError):
            return ItemFault(index, region.id, plane, clipped)
        box, mask, notes = clipped
        return Item(index, region.id, plane, box, mask, notes)  # type: ignore[arg-type]

    def _clip(self, region: Region) -> tuple[Box, object, tuple[Conversion, ...]] | RegionError:
        if region.error is not None:
            return region.error
        height, width = self._size
        box, mask = region.box, region.mask
        if box.width < 1 or box.height < 1:
            return RegionError(
                f"the box of region '{region.id}' is empty ({box.width} × {box.height}); "
                "give it at least one pixel",
                field="regions.box",
            )
        if mask is not None and mask.shape != (box.height, box.width):
            return RegionError(
                f"the mask of region '{region.id}' is {' × '.join(map(str, mask.shape))} pixels, "
                f"its box {box.height} × {box.width} (height × width); they must be equal",
                field="regions.mask",
            )
        left, top = max(box.x, 0), max(box.y, 0)
        right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
        if right <= left or bottom <= top:
            return RegionError(
                f"region '{region.id}' (x {box.x}, y {box.y}, {box.width} × {box.height}) lies "
                f"outside the picture, which is {width} × {height} (width × height)",
                field="regions.box",
            )
        notes: tuple[Conversion, ...] = ()
        inside = Box(left, top, right - left, bottom - top)
        if inside != box:
            if mask is not None:
                mask = mask[top - box.y : bottom - box.y, left - box.x : right - box.x]
            notes = (
                Conversion(
                    ConversionKind.REGION_CLIPPED,
                    f"{box.width} × {box.height} at ({box.x}, {box.y}) → "
                    f"{inside.width} × {inside.height} at ({inside.x}, {inside.y})",
                ),
            )
        if mask is not None and not mask.any():
            return RegionError(
                f"the mask of region '{region.id}' holds no pixel of the picture",
                field="regions.mask",
            )
        return inside, mask, notes


def _check_count(count: int, max_items: int) -> None:
    if count > max_items:
        raise LimitError(
            f"the request has {count:,} items, more than the {max_items:,} allowed; "
            "send it in parts or raise the server's limit",
            metadata={"items": str(count), "limit": str(max_items)},
        )


def _check_selection(
    planes: Mapping[str, Sequence[int]],
    axes: str,
    lengths: Mapping[str, int],
) -> None:
    for letter, indexes in planes.items():
        if letter in lengths and letter not in axes:
            if letter == "C":
                hint = (
                    "channels are chosen by themselves, in the order in which the model takes them"
                )
            elif letter in "YX":
                hint = "rows and columns are chosen by regions"
            else:
                hint = f"the model takes the whole of {letter}"
            raise RegionError(f"planes cannot be chosen along {letter}: {hint}", field="planes")
        error = _index_error(letter, indexes, axes, lengths)
        if error is not None:
            raise error


def _plane_error(
    plane: Mapping[str, int], axes: str, lengths: Mapping[str, int]
) -> RegionError | None:
    errors: Iterator[RegionError | None] = (
        _index_error(letter, (index,), axes, lengths) for letter, index in plane.items()
    )
    return next((error for error in errors if error is not None), None)


def _index_error(
    letter: str, indexes: Sequence[int], axes: str, lengths: Mapping[str, int]
) -> RegionError | None:
    # Not by the string alone: it holds the empty one, and two of its letters as one.
    if letter not in set(axes):
        there = ", ".join(f"{axis} (0…{lengths[axis] - 1})" for axis in axes)
        return RegionError(
            f"the picture has no planes along '{letter}'; "
            + (f"it has {there}" if there else "it is a single plane"),
            field="planes",
        )
    wrong = next((index for index in indexes if not 0 <= index < lengths[letter]), None)
    if wrong is None:
        return None
    return RegionError(
        f"there is no plane {letter}={wrong}; the picture has {letter} 0…{lengths[letter] - 1}",
        field="planes",
    )


def _written(plane: Mapping[str, int]) -> str:
    return ", ".join(f"{letter}={index}" for letter, index in plane.items())
