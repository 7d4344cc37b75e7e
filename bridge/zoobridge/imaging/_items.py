"""Items: which places of a picture are classified, and what they have been made into.

A picture may have a hundred thousand: items are not frozen, since that would make each take three
times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from zoobridge.backend import ByteTable
from zoobridge.errors import ZooBridgeError
from zoobridge.imaging._types import Box, Conversion

__all__ = ["BoxItems", "Item", "ItemFault", "Prepared"]


@dataclass(slots=True)
class Item:
    """One thing to classify.

    Parameters
    ----------
    index
        Its place in the request, from 0.
    region_id
        The region's id as sent; empty for a whole plane.
    plane
        Index by axis letter, for the axes that an item does not have. Shared between items; not
        to be modified.
    box
        Its bounds, inside the picture; `None` for the whole plane.
    mask
        ``(height, width)`` booleans of `box`; `None` where all of it belongs to the item.
    notes
        What planning itself changed.
    """

    index: int
    region_id: str = ""
    plane: Mapping[str, int] = field(default_factory=dict)
    box: Box | None = None
    mask: NDArray[np.bool_] | None = None
    notes: tuple[Conversion, ...] = ()


class BoxItems(Sequence[Item]):
    """Items that are boxes in one plane and nothing more, in columns; an item is made when one asks.

    Parameters
    ----------
    indexes
        ``(items,)``: the place of each in the request.
    boxes
        ``(items, 4)``: x, y, width and height, inside the picture.
    ids
        The regions' ids; empty where none has one.
    plane
        As in :class:`Item`.
    """

    __slots__ = ("boxes", "ids", "indexes", "plane")

    def __init__(
        self,
        indexes: NDArray[np.intp],
        boxes: NDArray[np.int64],
        ids: Sequence[str],
        plane: Mapping[str, int],
    ) -> None:
        self.indexes = indexes
        self.boxes = boxes
        self.ids = ids
        self.plane = plane

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.indexes)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> BoxItems: ...
    def __getitem__(self, place: int | slice) -> Item | BoxItems:
        """Return an item, or some of them in columns."""
        if isinstance(place, slice):
            ids = self.ids[place] if self.ids else ()
            return BoxItems(self.indexes[place], self.boxes[place], ids, self.plane)
        name = self.ids[place] if self.ids else ""
        box = Box(*self.boxes[place].tolist())
        return Item(int(self.indexes[place]), name, self.plane, box)

    def by_size(self) -> list[BoxItems]:
        """Return those of each size together, in the order in which the sizes come."""
        sizes = self.boxes[:, 2:]
        if len(self) < 2 or (sizes == sizes[0]).all():
            return [self]
        _, first, group = np.unique(sizes, axis=0, return_index=True, return_inverse=True)
        found = [np.flatnonzero(group.ravel() == one) for one in np.argsort(first)]
        return [self._chosen(places) for places in found]

    def _chosen(self, places: NDArray[np.intp]) -> BoxItems:
        ids = [self.ids[place] for place in places.tolist()] if self.ids else ()
        return BoxItems(self.indexes[places], self.boxes[places], ids, self.plane)


@dataclass(frozen=True, slots=True)
class ItemFault:
    """An item that cannot be classified; the others can.

    Parameters
    ----------
    index, region_id, plane
        As in :class:`Item`.
    error
        What is wrong with it.
    """

    index: int
    region_id: str
    plane: Mapping[str, int]
    error: ZooBridgeError


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items as the network takes them.

    Parameters
    ----------
    items
        The items.
    array
        The network's input, the first axis counting items; or bytes, where there is a table.
    conversions
        For each item all that was done to it on the way, the preprocessing of the package itself
        not counted.
    table
        What the bytes in `array` are to become for the network; `None` where it is the input.
    """

    items: Sequence[Item]
    array: NDArray[Any]
    conversions: Sequence[tuple[Conversion, ...]]
    table: ByteTable | None = None
