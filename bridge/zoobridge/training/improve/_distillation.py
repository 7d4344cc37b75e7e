"""What pictures without labels change, measured on pictures that no model was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.training.figures import balanced_accuracy, cross_validate, run_of
from zoobridge.training.fit import RowSpace, linear_logits
from zoobridge.training.improve._methods import distill

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zoobridge.training.fit import Examples, Recipe
    from zoobridge.training.improve._methods import MethodName

__all__ = ["LEAST_LABELS", "Improvement", "improvement_of"]

#: Below so many labels a class they were measured to do harm.
LEAST_LABELS: Final = 10


@dataclass(frozen=True, eq=False)
class Improvement:
    """What unlabelled pictures do to a model.

    Parameters
    ----------
    before, after
        Balanced accuracy on pictures that neither was fitted on.
    only_before, only_after
        How many of them only one answers right.
    p_value
        Of McNemar's test.
    taken
        How many unlabelled pictures became examples, of the fit on all labels.
    """

    before: float
    after: float
    only_before: int
    only_after: int
    p_value: float
    taken: int


def improvement_of(
    examples: Examples,
    unlabelled: NDArray[np.float32],
    recipe: Recipe,
    temperature: float,
    method: MethodName,
    on_fold: Callable[[int, int], None] | None = None,
) -> tuple[Improvement, NDArray[np.float64], NDArray[np.float64]]:
    """Return what unlabelled pictures change, by cross-validation, and the head fitted with them.

    Parameters
    ----------
    examples, recipe, temperature
        The labelled items, how to fit, and the temperature of the fit without the others.
    unlabelled
        ``(pictures, views, dimensions)``.
    method
        How they become examples.
    on_fold
        As of :func:`~zoobridge.training.figures.cross_validate`, for both.

    Returns
    -------
    improvement
        Before and after.
    weight, bias
        Fitted on all, in the features' own space.
    """
    from zoobridge.evaluation import mcnemar

    count = len(examples.labels)
    views = min(examples.features.shape[1], unlabelled.shape[1])
    both = np.concatenate([examples.features[:, :views], unlabelled[:, :views]])
    space = RowSpace(both)
    labelled, others = space.rows[: len(examples)], space.rows[len(examples) :]

    def predict(train: NDArray[np.int64], tested: NDArray[np.int64]) -> NDArray[np.float64]:
        weight, bias, _ = distill(
            labelled[train], examples.classes[train], others, count, recipe, temperature, method
        )
        return linear_logits(labelled[tested], weight, bias, recipe)

    before = cross_validate(examples, recipe, rows=labelled, on_fold=run_of(on_fold, 0, 2))
    after = cross_validate(
        examples, recipe, rows=labelled, predict=predict, on_fold=run_of(on_fold, 1, 2)
    )
    answers = [run.logits.mean(axis=0).argmax(axis=1) for run in (before, after)]
    right = [one == before.classes for one in answers]
    only_before, only_after, p_value = mcnemar(right[0], right[1])
    weight, bias, taken = distill(
        labelled, examples.classes, others, count, recipe, temperature, method
    )
    improvement = Improvement(
        balanced_accuracy(before.classes, answers[0]),
        balanced_accuracy(after.classes, answers[1]),
        only_before,
        only_after,
        p_value,
        taken,
    )
    return improvement, space.back(weight), bias
