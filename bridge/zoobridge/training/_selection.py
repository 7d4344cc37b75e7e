"""Which annotations a fit takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zoobridge.training.annotations import Annotation

__all__ = ["Selection", "select"]


@dataclass(frozen=True)
class Selection:
    """The annotations of a fit.

    Parameters
    ----------
    annotations
        One for each item.
    left_out
        Those that are not taken, each with the reason.
    beyond
        How many more there are than a fit takes.
    """

    annotations: tuple[Annotation, ...]
    left_out: tuple[tuple[str, str], ...]
    beyond: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """What must be said of them."""
        if not self.beyond:
            return ()
        taken = len(self.annotations)
        return (
            f"only {taken:,} of {taken + self.beyond:,} items, chosen at random, are fitted on",
        )


def select(annotations: Iterable[Annotation], *, limit: int, seed: int) -> Selection:
    """Take one annotation for each item that all annotators agree on.

    Parameters
    ----------
    annotations
        Of all annotators.
    limit
        How many items are taken; a random part where there are more.
    seed
        Of the random part.
    """
    by_item: dict[tuple[str, str], list[Annotation]] = {}
    for annotation in annotations:
        by_item.setdefault(annotation.item, []).append(annotation)
    taken: list[Annotation] = []
    left_out: list[tuple[str, str]] = []
    for own in by_item.values():
        labels = sorted({one.label for one in own})
        if len(labels) == 1:
            taken.append(own[0])
            continue
        said = ", ".join(f"{one.label} ({one.annotator or 'unknown'})" for one in own)
        left_out.append((own[0].name, f"its labels contradict each other: {said}; correct one"))
    # The order of a fit does not depend on that of the annotations.
    taken.sort(key=lambda one: (one.digest, one.region))
    beyond = max(0, len(taken) - limit)
    if beyond:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(taken))[:limit])
        taken = [taken[place] for place in chosen]
    return Selection(tuple(taken), tuple(left_out), beyond)
