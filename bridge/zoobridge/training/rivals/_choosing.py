"""Choosing a head: the simplest one, unless a rival is significantly better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.training._progress import stage
from zoobridge.training.figures import cross_validate, run_of
from zoobridge.training.fit import HEADS, RowSpace, fit_linear, linear_logits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from zoobridge.training._progress import OnStep
    from zoobridge.training.figures import OutOfFold
    from zoobridge.training.fit import Examples, HeadName, Recipe

    Predict = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]

__all__ = ["RIVALS", "Rival", "choose_head", "unwritten"]

#: What is compared with the default head. Forests and features made by hand are compared and not
#: written: no operator of all three frameworks computes them, so that a package could not hold them.
RIVALS: Final = ("linear_svm", "random_forest", "hand_features")

_WORDS: Final = {
    "random_forest": "a random forest on the network's features",
    "hand_features": "a random forest on features made by hand",
}
_LEVEL: Final = 0.05
_TREES: Final = 100
#: Folds of the choice within a training part.
_INNER: Final = 5


@dataclass(frozen=True)
class Rival:
    """What another head reached.

    Parameters
    ----------
    name
        Of :data:`RIVALS`.
    balanced_accuracy
        On items that it was not fitted on.
    p_value
        Of the difference from the default head, corrected for the number of rivals (Holm).
    """

    name: str
    balanced_accuracy: float
    p_value: float


def choose_head(
    examples: Examples,
    recipe: Recipe,
    space: RowSpace,
    simplest: OutOfFold,
    on_step: OnStep | None = None,
) -> tuple[Recipe, OutOfFold, tuple[Rival, ...]]:
    """Return the recipe to take, what its choice reaches on unseen items, and the rivals.

    Where another head is taken, the figure is that of nested cross-validation: the choice is repeated in
    every training part, so that it is not flattered by having been made on the tested items.

    Parameters
    ----------
    examples, recipe, space
        The items, how the default head is fitted, and the row space of their features.
    simplest
        What the default head reached.
    on_step
        Called as rivals are compared, and as the choice is repeated.
    """
    names = [name for name in RIVALS if name != "hand_features" or examples.hand is not None]
    once = replace(recipe, repeats=1)
    compared = stage("rivals", on_step)
    runs = [
        _run(examples, once, space.rows, name, run_of(compared, number, len(names)))
        for number, name in enumerate(names)
    ]
    rivals = _compared(names, runs, simplest)
    head = _best(rivals, simplest.balanced_accuracy)
    if head is None:
        return recipe, simplest, rivals

    def nested(train: NDArray[np.int64], tested: NDArray[np.int64]) -> NDArray[np.float64]:
        chosen = replace(recipe, head=_inner(examples.part(train), recipe, space.rows[train]))
        count = len(examples.labels)
        weight, bias = fit_linear(space.rows[train], examples.classes[train], count, chosen)
        return linear_logits(space.rows[tested], weight, bias, recipe)

    repeated = stage("choice of the head", on_step)
    tested = cross_validate(examples, recipe, rows=space.rows, predict=nested, on_fold=repeated)
    return replace(recipe, head=head), tested, rivals


def unwritten(rivals: Sequence[Rival], reached: float) -> list[str]:
    """Return a sentence on each rival that is significantly better and that no package can hold.

    Parameters
    ----------
    rivals
        As of :func:`choose_head`.
    reached
        Balanced accuracy of the head that was taken.
    """
    return [
        f"{_WORDS[one.name]} reached {one.balanced_accuracy:.3f} where the model "
        f"reaches {reached:.3f} (p = {one.p_value:.2g}); a package cannot hold it, since not all "
        "frameworks can compute it"
        for one in rivals
        if one.name not in HEADS and one.p_value < _LEVEL and one.balanced_accuracy > reached
    ]


def _inner(examples: Examples, recipe: Recipe, rows: NDArray[np.float64]) -> HeadName:
    """Return the head that the choice takes on a training part alone."""
    fewest = min(examples.groups_of(one, fair=True) for one in range(len(examples.labels)))
    if fewest < 2:
        return recipe.head
    once = replace(recipe, repeats=1, folds=_INNER)
    others = [name for name in HEADS if name != recipe.head]
    simplest = cross_validate(examples, once, rows=rows)
    runs = [_run(examples, once, rows, name) for name in others]
    found = _best(_compared(others, runs, simplest), simplest.balanced_accuracy)
    return recipe.head if found is None else found


def _best(rivals: Sequence[Rival], least: float) -> HeadName | None:
    for name in HEADS:
        for rival in rivals:
            better = rival.p_value < _LEVEL and rival.balanced_accuracy > least
            if rival.name == name and better:
                return name
    return None


def _compared(
    names: Sequence[str], runs: Sequence[OutOfFold], simplest: OutOfFold
) -> tuple[Rival, ...]:
    """Compare by the corrected t-test of Nadeau and Bengio over the folds that both have."""
    from scipy import stats

    from zoobridge.evaluation import holm

    p_values = []
    for run in runs:
        count = len(run.scores)
        gap = run.scores - simplest.scores[:count]
        spread = float(gap.std(ddof=1)) * (1 / count + simplest.test_share) ** 0.5
        mean = float(gap.mean())
        # Without any spread, a difference is certain and none is none.
        statistic = abs(mean) / spread if spread else (np.inf if mean else 0.0)
        p_values.append(float(2 * stats.t.sf(statistic, count - 1)))
    return tuple(
        Rival(name, run.balanced_accuracy, p_value)
        for name, run, p_value in zip(names, runs, holm(p_values), strict=True)
    )


def _run(
    examples: Examples,
    recipe: Recipe,
    rows: NDArray[np.float64],
    name: str,
    on_fold: Callable[[int, int], None] | None = None,
) -> OutOfFold:
    if name in HEADS:
        return cross_validate(examples, replace(recipe, head=name), rows=rows, on_fold=on_fold)
    values = rows[:, 0] if name == "random_forest" else examples.hand
    predict = _forest(examples, values, recipe)
    return cross_validate(examples, recipe, rows=rows, predict=predict, on_fold=on_fold)


def _forest(examples: Examples, values: Any, recipe: Recipe) -> Predict:
    from sklearn.ensemble import RandomForestClassifier

    def predict(train: NDArray[np.int64], tested: NDArray[np.int64]) -> NDArray[np.float64]:
        forest = RandomForestClassifier(
            _TREES, class_weight="balanced", random_state=recipe.seed, n_jobs=1
        ).fit(values[train], examples.classes[train])
        found = np.full((len(tested), len(examples.labels)), 1e-6)
        found[:, forest.classes_] = forest.predict_proba(values[tested])
        logits: NDArray[np.float64] = np.log(np.maximum(found, 1e-6))
        return logits

    return predict
