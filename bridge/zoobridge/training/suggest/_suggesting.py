"""Where an annotation informs most: near the border between classes, and far from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Suggestion", "farthest_first", "margin_then_farthest"]

#: For each item that is wanted, so many with the smallest margin are looked at.
_CANDIDATES: Final = 10


@dataclass(frozen=True)
class Suggestion:
    """A picture whose class would inform most.

    Parameters
    ----------
    path
        The picture.
    label
        What the model so far takes it for; empty while there is no model.
    score
        Its probability.
    """

    path: Path
    label: str = ""
    score: float | None = None


def farthest_first(
    embeddings: NDArray[np.float32], known: NDArray[np.float32], count: int
) -> list[int]:
    """Return items that cover what is not covered yet, the farthest first (Gonzalez, 1985).

    Parameters
    ----------
    embeddings
        ``(items, dimensions)``, each of length 1.
    known
        ``(annotated, dimensions)``; without any, the first item is the one nearest to the mean.
    count
        How many are wanted.
    """
    if not len(embeddings):
        return []
    if len(known):
        nearest = _chunked_maximum(embeddings, known)
        chosen: list[int] = []
    else:
        centre = embeddings.mean(axis=0)
        chosen = [int((embeddings @ centre).argmax())]
        nearest = embeddings @ embeddings[chosen[0]]
    nearest = nearest.copy()
    nearest[chosen] = np.inf
    while len(chosen) < min(count, len(embeddings)):
        one = int(nearest.argmin())
        chosen.append(one)
        nearest = np.maximum(nearest, embeddings @ embeddings[one])
        nearest[chosen] = np.inf
    return chosen[:count]


def margin_then_farthest(
    embeddings: NDArray[np.float32],
    probabilities: NDArray[np.float64],
    known: NDArray[np.float32],
    count: int,
) -> list[int]:
    """Return those of the items with the smallest margins that are farthest from each other.

    Parameters
    ----------
    embeddings
        ``(items, dimensions)``, each of length 1.
    probabilities
        ``(items, classes)``.
    known
        ``(annotated, dimensions)``.
    count
        How many are wanted.
    """
    best = np.sort(probabilities, axis=1)
    margin = best[:, -1] - best[:, -2]
    candidates = np.argsort(margin, kind="stable")[: _CANDIDATES * count]
    return [int(candidates[one]) for one in farthest_first(embeddings[candidates], known, count)]


def _chunked_maximum(
    embeddings: NDArray[np.float32], known: NDArray[np.float32], rows: int = 512
) -> NDArray[np.float32]:
    parts = [
        (embeddings[start : start + rows] @ known.T).max(axis=1)
        for start in range(0, len(embeddings), rows)
    ]
    return np.concatenate(parts)
