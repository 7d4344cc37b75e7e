"""Repeated stratified grouped cross-validation, and the interval of its figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training.fit import RowSpace, fit_linear, linear_logits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from zoobridge.training.fit import Examples, Recipe

    Predict = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
    OnFold = Callable[[int, int], None]
    FoldParts = Sequence[tuple[int, NDArray[np.int64]]]

__all__ = [
    "OutOfFold",
    "balanced_accuracy",
    "corrected_interval",
    "cross_validate",
    "fold_parts",
    "run_of",
]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What models said of items that they had not seen.

    Parameters
    ----------
    items
        ``(tested,)``: which items were tested: those chosen at random.
    classes
        ``(tested,)``: their classes.
    logits
        ``(repeats, tested, classes)``, of the unchanged pictures.
    scores
        ``(repeats * folds,)``: balanced accuracy of each fold, over the classes in its test part.
    test_share
        Size of a test part divided by that of a training part, on the mean.
    folds
        Number of folds.
    """

    items: NDArray[np.int64]
    classes: NDArray[np.int64]
    logits: NDArray[np.float64]
    scores: NDArray[np.float64]
    test_share: float
    folds: int

    @property
    def balanced_accuracy(self) -> float:
        """Mean over the repeats of the balanced accuracy over all tested items."""
        answers = self.logits.argmax(axis=2)
        return float(np.mean([balanced_accuracy(self.classes, one) for one in answers]))

    @property
    def accuracy(self) -> float:
        """Share of right answers, over all repeats."""
        return float((self.logits.argmax(axis=2) == self.classes).mean())

    @property
    def confusion(self) -> NDArray[np.float64]:
        """``(classes, classes)``: items of a class (row) answered as a class, mean of the repeats."""
        count = self.logits.shape[2]
        table = np.zeros((count, count))
        for answers in self.logits.argmax(axis=2):
            np.add.at(table, (self.classes, answers), 1)
        return table / len(self.logits)


def balanced_accuracy(classes: NDArray[np.int64], answers: NDArray[np.int64]) -> float:
    """Return the mean over the classes that occur of the share of their items answered right."""
    right = answers == classes
    return float(np.mean([right[classes == one].mean() for one in np.unique(classes)]))


def corrected_interval(
    centre: float, scores: NDArray[np.float64], test_share: float, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a figure from repeated cross-validation.

    Training parts overlap, so the folds' variance is multiplied by ``1/J + test/train`` rather than
    ``1/J`` (Nadeau & Bengio, Machine Learning 52:239, 2003; Bouckaert & Frank, PAKDD 2004).

    Parameters
    ----------
    centre
        The figure.
    scores
        ``(J,)``: those of the folds.
    test_share
        Size of a test part divided by that of a training part.
    level
        Of confidence.
    """
    # Quantiles of Student's t, without the import of all of scipy.stats, which takes a second.
    from scipy.special import stdtrit

    count = len(scores)
    spread = float(scores.std(ddof=1)) * (1 / count + test_share) ** 0.5
    reach = float(stdtrit(count - 1, (1 + level) / 2)) * spread
    return max(0.0, centre - reach), min(1.0, centre + reach)


def cross_validate(
    examples: Examples,
    recipe: Recipe,
    *,
    rows: NDArray[np.float64] | None = None,
    predict: Predict | None = None,
    parts: FoldParts | None = None,
    on_fold: OnFold | None = None,
) -> OutOfFold:
    """Fit on some groups and test on others, until every item was tested in each repeat.

    Test parts hold only what was chosen at random: suggested pictures are harder than the others.

    Parameters
    ----------
    examples, recipe
        What is fitted, and how.
    rows
        ``(items, views, dimensions)``: the examples' features in a space where fits are cheaper.
    predict
        Returns the logits ``(tested, classes)`` of the items with the numbers of its second argument,
        of a model that is fitted on those of its first; a linear head by default.
    parts
        As of :func:`fold_parts`, where these examples were divided before.
    on_fold
        Called with how many folds are done, and of how many; what it raises ends the work.

    Raises
    ------
    InvalidRequestError
        If a class has fewer than two groups to divide.
    """
    known = RowSpace(examples.features).rows if rows is None else rows

    def linear(train: NDArray[np.int64], tested: NDArray[np.int64]) -> NDArray[np.float64]:
        weight, bias = fit_linear(known[train], examples.classes[train], count, recipe)
        return linear_logits(known[tested], weight, bias, recipe)

    answer = predict or linear
    items = np.flatnonzero(examples.fair)
    divided = parts or fold_parts(examples, recipe)
    total = len(divided)
    count = len(examples.labels)
    logits = np.zeros((recipe.repeats, len(items), count))
    scores, shares = [], []
    for number, (repeat, test) in enumerate(divided):
        tested = items[test]
        train = np.flatnonzero(~np.isin(examples.groups, examples.groups[tested]))
        logits[repeat, test] = answer(train, tested)
        answers = logits[repeat, test].argmax(axis=1)
        scores.append(balanced_accuracy(examples.classes[tested], answers))
        shares.append(len(tested) / len(train))
        if on_fold is not None:
            on_fold(number + 1, total)
    return OutOfFold(
        items,
        examples.classes[items],
        logits,
        np.array(scores),
        float(np.mean(shares)),
        total // recipe.repeats,
    )


def run_of(on_fold: OnFold | None, number: int, runs: int) -> OnFold | None:
    """Return what counts the folds of one of several runs among those of all.

    Parameters
    ----------
    on_fold
        Called with how many folds of all runs are done, and of how many; `None` if nobody listens.
    number
        Of the run, from 0.
    runs
        How many there are.
    """
    if on_fold is None:
        return None
    return lambda done, total: on_fold(number * total + done, runs * total)


def _least_groups(examples: Examples) -> int:
    groups = {
        label: examples.groups_of(number, fair=True) for number, label in enumerate(examples.labels)
    }
    label = min(groups, key=lambda one: groups[one])
    if groups[label] < 2:
        why = (
            "only pictures that were suggested, which are no fair test"
            if groups[label] == 0
            else "all its pictures in one group, which cannot be divided into training and test"
        )
        raise InvalidRequestError(
            f"{label} has {why}; label pictures of another group that were chosen at random, or "
            "group by less (--group-by picture)"
        )
    return groups[label]


def fold_parts(examples: Examples, recipe: Recipe) -> FoldParts:
    """Return the test part of every fold: the number of the repeat, and places among the fair items.

    Parameters
    ----------
    examples, recipe
        As for :func:`cross_validate`; features do not count.

    Raises
    ------
    InvalidRequestError
        If a class has fewer than two groups to divide.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    folds = min(recipe.folds, _least_groups(examples))
    classes, groups = examples.classes[examples.fair], examples.groups[examples.fair]
    parts = []
    for repeat in range(recipe.repeats):
        splitter = StratifiedGroupKFold(
            folds, shuffle=True, random_state=recipe.seed * 1000 + repeat
        )
        for _, test in splitter.split(np.zeros(len(classes)), classes, groups):
            parts.append((repeat, test))
    return parts
