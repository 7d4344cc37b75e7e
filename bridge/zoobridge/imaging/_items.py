"""Items: which places of a picture are classified, and what they have been made into.

A picture may have a hundred thousand: items are not frozen, since that would make each take three
times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.backend import ByteTable
from zoobridge.errors import ZooBridgeError
from zoobridge.imaging._types import Box, Conversion

__all__ = ["Item", "ItemFault", "Prepared"]


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
