"""How pictures without labels become examples.

Each method fits on the labelled items, gives the pictures classes that it is sure of, and fits on both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from zoobridge.training.fit import HeadName, fit_linear, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.training.fit import Recipe

__all__ = ["METHODS", "MethodName", "distill"]

MethodName = Literal["data", "model", "self"]

#: Data distillation (Radosavovic et al., CVPR 2018): sure over the mean of all views. Model distillation
#: (Bucila et al., KDD 2006; Hinton et al., 2015): sure over the mean of different heads. Self-training
#: (Yarowsky, ACL 1995): sure of the unchanged picture, three times over.
METHODS: Final[dict[MethodName, str]] = {
    "data": "data distillation",
    "model": "model distillation",
    "self": "self-training",
}

_SURE: Final = 0.8
_ROUNDS: Final = 3
_NEIGHBOURS: Final = 5
_SEVERAL: Final[tuple[HeadName, ...]] = ("logistic", "linear_svm")


def distill(
    rows: NDArray[np.float64],
    classes: NDArray[np.int64],
    unlabelled: NDArray[np.float64],
    count: int,
    recipe: Recipe,
    temperature: float,
    method: MethodName = "data",
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Fit, label what the method is sure of, and fit on both.

    Parameters
    ----------
    rows, unlabelled
        ``(items, views, dimensions)``.
    classes
        ``(items,)``.
    count
        Number of classes.
    recipe
        How to fit.
    temperature
        That makes the model's probabilities honest.
    method
        One of :data:`METHODS`.

    Returns
    -------
    weight, bias
        As of :func:`~zoobridge.training.fit.fit_linear`.
    taken
        How many unlabelled pictures became examples.
    """
    if method == "model":
        probabilities = _of_several(rows, classes, unlabelled, count, recipe, temperature)
        return _fit_on_both(rows, classes, unlabelled, count, recipe, probabilities)
    rounds = _ROUNDS if method == "self" else 1
    weight, bias = fit_linear(rows, classes, count, recipe)
    taken = 0
    for _ in range(rounds):
        seen = unlabelled[:, :1] if method == "self" else unlabelled
        probabilities = softmax((seen @ weight.T + bias) / temperature).mean(axis=1)
        weight, bias, taken = _fit_on_both(rows, classes, unlabelled, count, recipe, probabilities)
    return weight, bias, taken


def _fit_on_both(
    rows: NDArray[np.float64],
    classes: NDArray[np.int64],
    unlabelled: NDArray[np.float64],
    count: int,
    recipe: Recipe,
    probabilities: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    sure = probabilities.max(axis=1) >= _SURE
    joined = np.concatenate([rows, unlabelled[sure]])
    answers = probabilities[sure].argmax(axis=1)
    weight, bias = fit_linear(joined, np.concatenate([classes, answers]), count, recipe)
    return weight, bias, int(sure.sum())


def _of_several(
    rows: NDArray[np.float64],
    classes: NDArray[np.int64],
    unlabelled: NDArray[np.float64],
    count: int,
    recipe: Recipe,
    temperature: float,
) -> NDArray[np.float64]:
    """Return the mean probabilities of a logistic regression, a linear SVM and nearest neighbours."""
    means = unlabelled.mean(axis=1)
    found = []
    spread = 0.0
    for head in _SEVERAL:
        weight, bias = fit_linear(rows, classes, count, replace(recipe, head=head))
        logits = (means @ weight.T + bias) / temperature
        # Margins of a support vector machine are no logits: they are spread as the logits are.
        spread = spread or float(logits.std())
        found.append(softmax(logits * (spread / max(float(logits.std()), 1e-12))))
    similar = means @ rows.mean(axis=1).T
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :_NEIGHBOURS]
    votes = np.stack([(classes[nearest] == one).mean(axis=1) for one in range(count)], axis=1)
    mean: NDArray[np.float64] = np.mean([*found, votes], axis=0)
    return mean
