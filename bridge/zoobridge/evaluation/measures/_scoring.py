"""Measures of scores: how well they order items, and how well they are calibrated.

Every function takes outcomes with scores, and a weight for each item. Definitions are
scikit-learn's, with the weights as its ``sample_weight``, unless a function says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.measures._counting import NotApplicable, Weights, divide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.evaluation.measures._outcomes import Outcomes

__all__ = ["auroc", "average_precision", "brier", "calibration", "calibration_error", "log_loss"]

_BINS = 10


def auroc(outcomes: Outcomes, weights: Weights) -> float:
    """Return the area under the ROC curve, equal scores halved (Hanley and McNeil, 1982).

    For two classes that of the second; for more the mean over the classes that occur, each
    against the rest.
    """
    runs = _runs(outcomes, weights)
    worse = runs.spread(runs.negatives) - runs.running(runs.negative)
    areas = runs.summed(runs.positive * (worse + runs.negative / 2))
    return runs.mean(areas / np.maximum(runs.positives * runs.negatives, 1e-300))


def average_precision(outcomes: Outcomes, weights: Weights) -> float:
    """Return precision summed over the steps of recall; classes as in :func:`auroc`."""
    runs = _runs(outcomes, weights)
    found = runs.running(runs.positive)
    precision = divide(found, found + runs.running(runs.negative))
    return runs.mean(runs.summed(runs.positive * precision) / np.maximum(runs.positives, 1e-300))


@dataclass(frozen=True, eq=False)
class _Runs:
    """Runs of equal scores by falling score, those of one class after those of another.

    Parameters
    ----------
    positive, negative
        ``(runs,)``: weight of the items in each run that are of the class, and that are not.
    firsts, sizes
        ``(classes,)``: index of each class's first run, and number of its runs.
    """

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    firsts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @cached_property
    def positives(self) -> NDArray[np.float64]:
        return self.summed(self.positive)

    @cached_property
    def negatives(self) -> NDArray[np.float64]:
        return self.summed(self.negative)

    def summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the runs of each class."""
        return np.asarray(np.add.reduceat(values, self.firsts))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Repeat a value of each class for all its runs."""
        return np.repeat(values, self.sizes)

    def running(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum from each class's first run up to each run."""
        sums = values.cumsum()
        return np.asarray(sums - self.spread(sums[self.firsts] - values[self.firsts]))

    def mean(self, values: NDArray[np.float64]) -> float:
        """Return the mean over the classes that have items of them and items that are not."""
        there = (self.positives > 0) & (self.negatives > 0)
        if not there.any():
            raise NotApplicable("no class has items that are of it and items that are not")
        return float(values[there].mean())


def _runs(outcomes: Outcomes, weights: Weights) -> _Runs:
    ordered = outcomes.ordered
    sizes = ordered.sizes
    weight = np.asarray(weights, np.float64)[ordered.order]
    inside = weight * ordered.truth
    return _Runs(
        positive=np.add.reduceat(inside.ravel(), ordered.begins),
        negative=np.add.reduceat((weight - inside).ravel(), ordered.begins),
        firsts=np.cumsum(sizes) - sizes,
        sizes=sizes,
    )


def log_loss(outcomes: Outcomes, weights: Weights) -> float:
    """Return the mean negative logarithm of the true class's probability.

    Where items may have several classes, the mean over classes of the same for two.
    """
    scores = _probabilities(outcomes)
    tiny = np.finfo(np.float64).eps
    if outcomes.multi_label:
        own = np.where(outcomes.truth, scores, 1 - scores)
        return float(weights @ -np.log(np.clip(own, tiny, 1)).mean(axis=1) / weights.sum())
    return float(weights @ -np.log(np.clip(outcomes.own_probability, tiny, 1)) / weights.sum())


def brier(outcomes: Outcomes, weights: Weights) -> float:
    """Return the mean squared distance of the probabilities from the truth (Brier, 1950).

    Over all classes summed, from 0 to 2; for two classes that of the second, and where items may
    have several classes the mean over them, from 0 to 1.
    """
    _probabilities(outcomes)
    distance = outcomes.squared_distance
    if outcomes.multi_label:
        one = distance.mean(axis=1)
    else:
        one = distance[:, 1] if distance.shape[1] == 2 else distance.sum(axis=1)
    return float(weights @ one / weights.sum())


def calibration_error(outcomes: Outcomes, weights: Weights) -> float:
    """Return the mean distance of confidence and accuracy over ten bins, weighted by their items."""
    _probabilities(outcomes)
    sure, right = _confidence(outcomes)
    repeated = np.repeat(weights, sure.size // weights.size)
    found = _binned(sure, right, repeated)
    return float(np.abs(found[0] - found[1]).sum() / repeated.sum())


def calibration(outcomes: Outcomes) -> list[tuple[float, float, int]]:
    """Return mean confidence, accuracy and number of answers of each bin that holds any.

    Bins are of equal width over the score of the answered class, open below (Guo et al., 2017,
    "On Calibration of Modern Neural Networks"). Where items may have several classes, every
    pair of item and class is an answer, with the probability of the class.

    Raises
    ------
    InvalidRequestError
        If the scores are not probabilities.
    """
    try:
        _probabilities(outcomes)
    except NotApplicable as error:
        raise InvalidRequestError(f"calibration needs probabilities: {error}") from error
    sure, right = _confidence(outcomes)
    sums = _binned(sure, right, np.ones(sure.size))
    return [
        (float(confident / count), float(true / count), int(count))
        for confident, true, count in zip(*sums, strict=True)
        if count
    ]


def _confidence(outcomes: Outcomes) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scores = np.asarray(outcomes.scores)
    if outcomes.multi_label:
        return scores.ravel(), outcomes.truth.ravel()
    return scores[np.arange(len(outcomes)), outcomes.predicted], outcomes.correct


def _binned(
    sure: NDArray[np.float64], right: NDArray[np.bool_], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return of each bin the sums of confidence, of true answers, and of weights."""
    place = np.clip(np.ceil(sure * _BINS).astype(int) - 1, 0, _BINS - 1)
    return (
        _summed(place, weights * sure),
        _summed(place, weights * right),
        _summed(place, weights),
    )


def _summed(place: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    return np.bincount(place, values, _BINS).astype(np.float64)


def _probabilities(outcomes: Outcomes) -> NDArray[np.float64]:
    wanted = "independent_probability" if outcomes.multi_label else "probability"
    if outcomes.kind != wanted or outcomes.scores is None:
        why = (
            "are not independent of each other, as several classes of an item would need"
            if outcomes.multi_label
            else "do not add up to one"
        )
        raise NotApplicable(f"scores of kind {outcomes.kind or 'unknown'} {why}")
    return outcomes.scores
