"""What can be wrong with annotations: duplicates, doubtful labels, leakage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.training.figures._cross_validation import cross_validate, run_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.training.figures._cross_validation import OnFold, OutOfFold
    from zoobridge.training.fit import Examples, Recipe, RowSpace

__all__ = ["DUPLICATE", "Doubt", "Duplicate", "doubtful", "duplicates", "merged_groups", "shuffled"]

#: Cosine of the embeddings of near duplicates; distinct cells of one set reach .985.
DUPLICATE: Final = 0.995
_CHUNK: Final = 512
#: More items are compared by their bytes alone.
_COMPARED: Final = 20_000


@dataclass(frozen=True)
class Duplicate:
    """Two items that look alike.

    Parameters
    ----------
    first, second
        Their numbers.
    similarity
        Cosine of their embeddings.
    contradicting
        Whether their classes differ.
    """

    first: int
    second: int
    similarity: float
    contradicting: bool


@dataclass(frozen=True)
class Doubt:
    """An item whose class may be wrong.

    Parameters
    ----------
    item
        Its number.
    suggested
        The class that models which had not seen it give it.
    probability
        That they give to its own class.
    """

    item: int
    suggested: str
    probability: float


def duplicates(examples: Examples, *, least: float = DUPLICATE) -> list[Duplicate]:
    """Return pairs of items whose embeddings are as good as the same, the most alike first.

    Parameters
    ----------
    examples
        The items; none are compared where there are more than 20,000.
    least
        Cosine from which on two are duplicates.
    """
    if len(examples) > _COMPARED:
        return []
    rows = examples.features[:, 0]
    found = []
    for start in range(0, len(rows), _CHUNK):
        similar = rows[start : start + _CHUNK] @ rows.T
        for place, second in np.argwhere(similar >= least).tolist():
            first = start + place
            if first < second:
                differ = bool(examples.classes[first] != examples.classes[second])
                cosine = min(1.0, float(similar[place, second]))
                found.append(Duplicate(first, second, cosine, differ))
    return sorted(found, key=lambda one: (-one.similarity, one.first, one.second))


def merged_groups(examples: Examples, pairs: list[Duplicate]) -> Examples:
    """Return the examples with the groups of duplicates joined, so that none is divided."""
    groups = examples.groups.copy()
    for pair in pairs:
        first, second = groups[pair.first], groups[pair.second]
        groups[groups == max(first, second)] = min(first, second)
    return replace(examples, groups=groups)


def doubtful(
    examples: Examples, tested: OutOfFold, probabilities: NDArray[np.float64]
) -> list[Doubt]:
    """Return items whose class the others contradict, the most doubtful first.

    An item is doubtful where another class is likelier than its own, and as likely as it is for the
    items of that class on the mean (confident learning: Northcutt et al., JAIR 70:1373, 2021).

    Parameters
    ----------
    examples, tested
        The items, and what was said of those that were tested.
    probabilities
        ``(tested, classes)``, calibrated, out of fold.
    """
    classes = tested.classes
    own = probabilities[np.arange(len(classes)), classes]
    usual = np.array([own[classes == one].mean() for one in range(len(examples.labels))])
    confident = (probabilities >= usual) & (probabilities > own[:, None])
    best = np.where(confident, probabilities, 0).argmax(axis=1)
    order = np.argsort(own, kind="stable")
    return [
        Doubt(int(tested.items[row]), examples.labels[best[row]], float(own[row]))
        for row in order.tolist()
        if confident[row].any()
    ]


def shuffled(
    examples: Examples,
    recipe: Recipe,
    *,
    space: RowSpace,
    times: int = 3,
    on_fold: OnFold | None = None,
) -> NDArray[np.float64]:
    """Return the balanced accuracy with classes that were dealt to the groups at random.

    It is at chance, one over the number of classes, unless something else than the class gives a
    picture away between training and test.

    Parameters
    ----------
    examples, recipe
        As for :func:`cross_validate`.
    space
        The examples' row space.
    times
        How often classes are dealt.
    on_fold
        As for :func:`cross_validate`, for all that is dealt.
    """
    random = np.random.default_rng(recipe.seed)
    _, first, places = np.unique(examples.groups, return_index=True, return_inverse=True)
    once = replace(recipe, repeats=1)
    dealt = [
        examples.with_classes(random.permutation(examples.classes[first])[places])
        for _ in range(times)
    ]
    # With few groups a class may be dealt to one alone, which cannot be divided.
    dealt = [
        other
        for other in dealt
        if all(other.groups_of(one, fair=True) > 1 for one in range(len(examples.labels)))
    ]
    runs = [
        cross_validate(other, once, rows=space.rows, on_fold=run_of(on_fold, number, len(dealt)))
        for number, other in enumerate(dealt)
    ]
    return np.array([run.balanced_accuracy for run in runs])
