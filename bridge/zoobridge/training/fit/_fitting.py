"""Fitting linear heads in the row space of the training features: exact, and smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from zoobridge.training.fit._head import Head
from zoobridge.training.fit._logistic import fit_logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.training.fit._examples import Examples

__all__ = [
    "COPIES",
    "HEADS",
    "CopiesName",
    "HeadName",
    "Recipe",
    "RowSpace",
    "fit_head",
    "fit_linear",
    "linear_logits",
]

HeadName = Literal["logistic", "linear_svm"]
CopiesName = Literal["eight", "mirror", "one"]

#: Heads from the simplest on; see :class:`Recipe`.
HEADS: Final[tuple[HeadName, ...]] = ("logistic", "linear_svm")

#: Views of a training picture that are fitted on: all flips and turns, the picture and its mirror image, or
#: the picture alone.
COPIES: Final[dict[str, tuple[int, ...]]] = {
    "eight": tuple(range(8)),
    "mirror": (0, 4),
    "one": (0,),
}

#: Logit of a class that a training part lacks.
_ABSENT: Final = -30.0


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted; with the annotations and the seed it determines the model.

    Parameters
    ----------
    head
        ``logistic`` or ``linear_svm``.
    strength
        Inverse of the regularisation (scikit-learn's ``C``).
    repeats, folds
        Of the cross-validation.
    coverage
        Of prediction sets.
    neighbours
        Of novelty.
    copies
        Of a training picture that are fitted on, one of :data:`COPIES`; ``auto`` takes what
        cross-validation finds best. A fit names those that it took.
    views
        Of a picture that is classified: 1, or 8 for the mean of its flips and turns, which the network
        then does within itself. On white blood cells 8 gained .012 with five labels a class and nothing
        with ten, for eight times the work.
    seed
        Of everything random.
    """

    head: HeadName = "logistic"
    strength: float = 100.0
    repeats: int = 3
    folds: int = 10
    coverage: float = 0.9
    neighbours: int = 5
    copies: CopiesName | Literal["auto"] = "auto"
    views: Literal[1, 8] = 1
    seed: int = 0


class RowSpace:
    """The features of all items and views, turned into the space that they span.

    A linear head with a squared penalty lies in the span of the rows that it was fitted on, and a
    rotation changes neither its penalty nor its answers: so fits of any part of the rows in this
    space are the fits in the features' own space, with as many numbers as there are rows, or fewer. Its
    axes are uncorrelated, the last the strongest, which :func:`fit_linear` is fast on.

    Parameters
    ----------
    features
        ``(items, views, dimensions)``.
    """

    def __init__(self, features: NDArray[np.float32]) -> None:
        items, views, dimensions = features.shape
        rows = features.reshape(items * views, dimensions).astype(np.float64)
        if len(rows) < dimensions:
            # By the Gram matrix, which is several times faster than a singular value decomposition.
            values, vectors = np.linalg.eigh(rows @ rows.T)
            kept = values > values[-1] * 1e-12
            lengths = np.sqrt(values[kept])
            self._basis: NDArray[np.float64] = (vectors[:, kept] / lengths).T @ rows
            rows = vectors[:, kept] * lengths
        else:
            self._basis = np.linalg.eigh(rows.T @ rows)[1].T
            rows = rows @ self._basis.T
        self.rows = rows.reshape(items, views, -1)

    def back(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return weights ``(classes, dimensions)`` for those in this space."""
        return weight @ self._basis


def fit_linear(
    rows: NDArray[np.float64], classes: NDArray[np.int64], count: int, recipe: Recipe
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights ``(count, dimensions)`` and biases ``(count,)``.

    Parameters
    ----------
    rows
        ``(items, views, dimensions)``; every view is an example of its item's class.
    classes
        ``(items,)``, from 0 to `count`, not all of which need occur.
    count
        Number of classes.
    recipe
        The head and its regularisation.
    """
    views = rows.shape[1]
    flat = rows.reshape(len(rows) * views, -1)
    repeated = np.repeat(classes, views)
    found, present = np.unique(repeated, return_inverse=True)
    weight = np.zeros((count, flat.shape[1]))
    bias = np.full(count, _ABSENT)
    if recipe.head == "linear_svm":
        weight[found], bias[found] = _fit_svm(flat, present, recipe)
    else:
        weight[found], bias[found] = fit_logistic(flat, present, recipe.strength)
    return weight, bias


def linear_logits(
    rows: NDArray[np.floating[Any]],
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    recipe: Recipe,
) -> NDArray[np.float64]:
    """Return what a head answers: ``(items, classes)``.

    Parameters
    ----------
    rows
        ``(items, views, dimensions)``.
    weight, bias
        As of :func:`fit_linear`.
    recipe
        How many of the views count; the head is linear, so that it is given their mean.
    """
    logits: NDArray[np.float64] = rows[:, : recipe.views].mean(axis=1) @ weight.T + bias
    return logits


def _fit_svm(
    rows: NDArray[np.float64], classes: NDArray[np.int64], recipe: Recipe
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.svm import LinearSVC

    model = LinearSVC(
        C=recipe.strength / 10, class_weight="balanced", dual=True,
        random_state=recipe.seed, max_iter=20_000,
    ).fit(rows, classes)  # fmt: skip
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:
        weight, bias = np.vstack([-weight, weight]) / 2, np.array([-bias[0], bias[0]]) / 2
    return weight, bias


def fit_head(examples: Examples, recipe: Recipe, space: RowSpace | None = None) -> Head:
    """Fit a head on all examples.

    Parameters
    ----------
    examples
        The examples.
    recipe
        How.
    space
        Their row space, where it is known.
    """
    known = space or RowSpace(examples.features)
    weight, bias = fit_linear(known.rows, examples.classes, len(examples.labels), recipe)
    return Head(examples.labels, known.back(weight).astype(np.float32), bias.astype(np.float32))
