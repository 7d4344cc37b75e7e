"""Measures that count answers: how many are true, of which classes.

Every function takes outcomes and a weight for each item, by which a bootstrap says how often it
drew the item. Definitions are scikit-learn's, with the weights as its ``sample_weight``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zoobridge.evaluation.measures._outcomes import Outcomes

__all__ = [
    "Counts",
    "NotApplicable",
    "Weights",
    "accuracy",
    "averaged",
    "balanced_accuracy",
    "cohen_kappa",
    "counts",
    "divide",
    "f1",
    "jaccard",
    "matthews",
    "precision",
    "recall",
    "top",
]

#: ``(items,)``: how often each item counts.
Weights: TypeAlias = "NDArray[Any]"


class NotApplicable(Exception):  # noqa: N818 - no error of anyone
    """A measure says nothing of these outcomes; the text says why."""


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each class was true, answered, and both.

    Parameters
    ----------
    true, answered, both
        ``(classes,)`` floats.
    total
        Number of items.
    """

    true: NDArray[np.float64]
    answered: NDArray[np.float64]
    both: NDArray[np.float64]
    total: float

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which classes are true or answered at all; the others are left out of means."""
        return (self.true + self.answered) > 0


def counts(outcomes: Outcomes, weights: Weights) -> Counts:
    """Count the classes."""
    total = float(weights.sum())
    parts: tuple[Any, ...]
    if outcomes.multi_label:
        both = outcomes.truth & outcomes.predicted
        parts = tuple(weights @ part for part in (outcomes.truth, outcomes.predicted, both))
    else:
        size = len(outcomes.labels)
        right = weights * outcomes.correct
        parts = (
            np.bincount(outcomes.truth, weights, size),
            np.bincount(outcomes.predicted, weights, size),
            np.bincount(outcomes.truth, right, size),
        )
    true, answered, both = (np.asarray(part, np.float64) for part in parts)
    return Counts(true, answered, both, total)


def divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, with 0 where nothing is below (scikit-learn's ``zero_division=0``)."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def precision(found: Counts) -> NDArray[np.float64]:
    """Return the share of each class's answers that are true."""
    return divide(found.both, found.answered)


def recall(found: Counts) -> NDArray[np.float64]:
    """Return the share of each class's items that are answered so."""
    return divide(found.both, found.true)


def f1(found: Counts) -> NDArray[np.float64]:
    """Return the harmonic mean of precision and recall of each class."""
    return divide(2 * found.both, found.true + found.answered)


def jaccard(found: Counts) -> NDArray[np.float64]:
    """Return items of a class and answered so, among those of either."""
    return divide(found.both, found.true + found.answered - found.both)


def averaged(
    function: Callable[[Counts], NDArray[np.float64]], average: str
) -> Callable[[Outcomes, Weights], float]:
    """Return the mean of a measure over classes: each the same (``macro``) or by its items."""

    def compute(outcomes: Outcomes, weights: Weights) -> float:
        found = counts(outcomes, weights)
        values = function(found)
        if average == "macro":
            return float(values[found.there].mean()) if found.there.any() else 0.0
        return float(values @ found.true / max(found.true.sum(), 1e-300))

    return compute


def accuracy(outcomes: Outcomes, weights: Weights) -> float:
    """Return the share of items whose answer is the truth."""
    return float(weights @ outcomes.correct / weights.sum())


def balanced_accuracy(outcomes: Outcomes, weights: Weights) -> float:
    """Return the mean recall of the classes that occur."""
    _one_class_each(outcomes)
    found = counts(outcomes, weights)
    return float(recall(found)[found.true > 0].mean())


def matthews(outcomes: Outcomes, weights: Weights) -> float:
    """Return the multi-class correlation of truth and answers (Gorodkin, 2004)."""
    found = _two_classes(outcomes, weights)
    right, total = float(found.both.sum()), found.total
    covariance = right * total - float(found.true @ found.answered)
    spread_true = total**2 - float(found.true @ found.true)
    spread_answered = total**2 - float(found.answered @ found.answered)
    if spread_true * spread_answered == 0:
        return 0.0
    return covariance / float(np.sqrt(spread_true) * np.sqrt(spread_answered))


def cohen_kappa(outcomes: Outcomes, weights: Weights) -> float:
    """Return the agreement beyond that of chance (Cohen, 1960)."""
    found = _two_classes(outcomes, weights)
    chance = float(found.true @ found.answered) / found.total**2
    return (float(found.both.sum()) / found.total - chance) / (1 - chance)


def top(k: int) -> Callable[[Outcomes, Weights], float]:
    """Return the share of items whose class is among the `k` best.

    A class of the same score as the true one counts as better: the model did not prefer the truth.
    """

    def compute(outcomes: Outcomes, weights: Weights) -> float:
        _one_class_each(outcomes)
        count = len(outcomes.labels)
        if k >= count:
            raise NotApplicable(f"with {count} classes the first {k} answers are all of them")
        return float(weights @ (outcomes.own_rank < k) / weights.sum())

    return compute


def _one_class_each(outcomes: Outcomes) -> None:
    if outcomes.multi_label:
        raise NotApplicable("it is not defined for items that may have several classes")


def _two_classes(outcomes: Outcomes, weights: Weights) -> Counts:
    _one_class_each(outcomes)
    found = counts(outcomes, weights)
    if (found.true > 0).sum() < 2:
        raise NotApplicable("all items are of one class")
    return found
