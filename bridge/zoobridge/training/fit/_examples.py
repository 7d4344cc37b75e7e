"""What a fit sees: features, classes, groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Examples", "check_classes"]

#: Below so many pictures a class cannot even be divided into training and test.
_LEAST = 2


@dataclass(frozen=True, eq=False)
class Examples:
    """Annotated items with their features.

    Parameters
    ----------
    names
        Of the items, for messages.
    labels
        The classes, sorted.
    classes
        ``(items,)``: index of each item's class.
    groups
        ``(items,)``: number of each item's group.
    features
        ``(items, views, dimensions)``, float32; the first view is the unchanged picture.
    fair
        ``(items,)``: which were chosen at random, so that they are a fair test.
    hand
        ``(items, dimensions)``: features made by hand; `None` where rivals are not tried.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    classes: NDArray[np.int64]
    groups: NDArray[np.int64]
    features: NDArray[np.float32]
    fair: NDArray[np.bool_]
    hand: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def groups_of(self, label: int, *, fair: bool = False) -> int:
        """Return how many groups a class has; with `fair`, among those chosen at random."""
        chosen = self.classes == label
        if fair:
            chosen &= self.fair
        return len(np.unique(self.groups[chosen]))

    def with_classes(self, classes: NDArray[np.int64]) -> Examples:
        """Return the same items with other classes."""
        return replace(self, classes=classes)

    def part(self, items: NDArray[np.int64]) -> Examples:
        """Return some of the items, with all classes."""
        return replace(
            self,
            names=tuple(self.names[one] for one in items),
            classes=self.classes[items],
            groups=self.groups[items],
            features=self.features[items],
            fair=self.fair[items],
            hand=None if self.hand is None else self.hand[items],
        )


def check_classes(labels: Sequence[str]) -> None:
    """Check that there are at least two classes of at least two items.

    Parameters
    ----------
    labels
        The class of each item.

    Raises
    ------
    InvalidRequestError
        If not; the sentence names the class.
    """
    counts = dict.fromkeys(sorted(labels), 0)
    for label in labels:
        counts[label] += 1
    if len(counts) < 2:
        found = f"all are {next(iter(counts))}" if counts else "there are none"
        raise InvalidRequestError(
            f"training needs pictures of at least two classes; {found}. Add a folder for another "
            "class"
        )
    few = [label for label, count in counts.items() if count < _LEAST]
    if few:
        raise InvalidRequestError(
            f"{', '.join(few)}: a class needs at least {_LEAST} pictures to train on some and test "
            "on others; label more, or leave the class out"
        )
