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
    """

    annotations: tuple[Annotation, ...]
    left_out: tuple[tuple[str, str], ...]


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
    if len(taken) > limit:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(taken))[:limit])
        reason = f"only {limit} items, chosen at random, are fitted"
        kept = set(chosen.tolist())
        left_out += [(one.name, reason) for place, one in enumerate(taken) if place not in kept]
        taken = [taken[place] for place in chosen]
    return Selection(tuple(taken), tuple(left_out))
