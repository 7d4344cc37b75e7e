"""Novelty: how far a picture is from the training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["leave_one_out", "novelty", "novelty_threshold"]

_CHUNK = 512


def novelty(
    embeddings: NDArray[np.float32], reference: NDArray[np.float32], neighbours: int
) -> NDArray[np.float64]:
    """Return the mean cosine distance to the nearest rows of a reference.

    Parameters
    ----------
    embeddings
        ``(items, dimensions)``, each of length 1.
    reference
        ``(pictures, dimensions)``, each of length 1.
    neighbours
        How many are taken.
    """
    count = min(neighbours, len(reference))
    found = [
        1 - np.partition(similar, len(reference) - count, axis=1)[:, -count:].mean(axis=1)
        for start in range(0, len(embeddings), _CHUNK)
        for similar in [embeddings[start : start + _CHUNK] @ reference.T]
    ]
    return np.clip(np.concatenate(found).astype(np.float64), 0, 1)


def leave_one_out(
    reference: NDArray[np.float32], groups: NDArray[np.int64], neighbours: int
) -> NDArray[np.float64]:
    """Return the novelty of each row of a reference, without those of its own group.

    Parameters
    ----------
    reference
        ``(pictures, dimensions)``, each of length 1.
    groups
        ``(pictures,)``.
    neighbours
        How many are taken.
    """
    values = []
    for start in range(0, len(reference), _CHUNK):
        rows = slice(start, start + _CHUNK)
        similar = reference[rows] @ reference.T
        similar[groups[rows, None] == groups[None]] = -np.inf
        count = min(neighbours, len(reference) - 1)
        nearest = np.partition(similar, len(reference) - count, axis=1)[:, -count:]
        known = np.isfinite(nearest)
        total = np.where(known, nearest, 0).sum(axis=1)
        values.append(1 - total / np.maximum(known.sum(axis=1), 1))
    return np.clip(np.concatenate(values).astype(np.float64), 0, 1)


def novelty_threshold(left_out: NDArray[np.float64]) -> float:
    """Return the 99th percentile of the training pictures' own novelty.

    Of fewer than a hundred it is the greatest: between two of them, more than one in a hundred of new
    pictures like these would be above it.
    """
    return float(np.quantile(left_out, 0.99, method="higher"))
