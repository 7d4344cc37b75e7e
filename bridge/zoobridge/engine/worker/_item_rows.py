"""What the rows of a batch are: items of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.imaging import BoxItems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.imaging import Conversion, Item

__all__ = ["ItemRows"]


@dataclass(frozen=True, slots=True)
class ItemRows:
    """Items of a batch's entry, and what was done to each on the way to the network.

    Parameters
    ----------
    items
        The items, one a row.
    conversions
        Of each.
    """

    items: Sequence[Item]
    conversions: Sequence[tuple[Conversion, ...]]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.items)

    def __getitem__(self, part: slice) -> ItemRows:
        """Return those of some rows."""
        return ItemRows(self.items[part], self.conversions[part])

    @property
    def alike(self) -> bool:
        """Whether the same was done to all, and they are boxes that follow one another, without ids."""
        items = self.items
        return (
            isinstance(items, BoxItems)
            and not items.ids
            and int(items.indexes[-1] - items.indexes[0]) == len(items) - 1
            and self.conversions.count(self.conversions[0]) == len(items)
        )
