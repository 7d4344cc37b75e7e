"""Novelty: how far a picture is from the training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["foreign", "leave_one_out", "novelty", "novelty_threshold"]

_CHUNK: Final = 512
_SHARE: Final = 0.99
_CONFIDENCE: Final = 0.95
_LEAST: Final = 1e-9
#: So many unlike pictures, and such a share of them, are no chance.
_FEWEST_FOREIGN: Final = 3
_FOREIGN: Final = 0.1


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
    """Return what at most one in a hundred of pictures like the training pictures is above.

    It is the greater one of their 99th percentile and of the limit that 99 % of a normal distribution are
    below with 95 % confidence (a one-sided tolerance limit), for the logarithms of their novelty: the
    greatest of few is often too low. The deviation is that of the upper half, since duplicates make the
    lower one wide.

    Parameters
    ----------
    left_out
        Novelty of each training picture without itself.
    """
    from scipy import stats

    percentile = float(np.quantile(left_out, _SHARE, method="higher"))
    count = len(left_out)
    logs = np.log(np.maximum(left_out, _LEAST))
    middle = float(np.median(logs))
    upper = logs[logs > middle]
    if len(upper) < 2:
        return percentile
    deviation = float(np.sqrt(np.mean((upper - middle) ** 2)))
    root = count**0.5
    reach = stats.nct.ppf(_CONFIDENCE, count - 1, stats.norm.ppf(_SHARE) * root) / root
    return max(percentile, min(1.0, float(np.exp(middle + float(reach) * deviation))))


def foreign(unlike: int, pictures: int) -> tuple[str, ...]:
    """Return a sentence where so many pictures are above the threshold that they are of another source.

    Nothing was found that repairs it without labels: on white blood cells of two laboratories a classifier
    was at chance, normalised colours (Reinhard) made half of the way good, and five labels a class more than
    that.

    Parameters
    ----------
    unlike
        How many are above the threshold.
    pictures
        Of how many.
    """
    if unlike < max(_FEWEST_FOREIGN, _FOREIGN * pictures):
        return ()
    return (
        f"{unlike} of {pictures} unlabelled pictures are unlike the training pictures, as those of another "
        "laboratory, stain, camera or magnification are; they were not used. Label five of each class among "
        "them",
    )
