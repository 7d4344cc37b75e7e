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

__all__ = [
    "DUPLICATE",
    "Doubt",
    "Duplicate",
    "Duplicates",
    "doubtful",
    "duplicates",
    "merged_groups",
    "shuffled",
]

#: Cosine of the embeddings of near duplicates; distinct cells of one set reach .985.
DUPLICATE: Final = 0.995
_CHUNK: Final = 512
#: More items are compared by their bytes alone.
_COMPARED: Final = 20_000
#: Pairs that are kept: a set of one picture a thousand times has half a million.
_SHOWN: Final = 1000


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


@dataclass(frozen=True, eq=False)
class Duplicates:
    """What looks alike among many items.

    Parameters
    ----------
    pairs
        The most alike first; of more than 1,000, those of different classes before the others.
    total, contradicting
        How many there are, and how many of them have different classes.
    alike
        ``(items,)``: the same number for items that are connected by pairs.
    """

    pairs: tuple[Duplicate, ...]
    total: int
    contradicting: int
    alike: NDArray[np.int64]


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


def duplicates(examples: Examples, *, least: float = DUPLICATE) -> Duplicates:
    """Find pairs of items whose embeddings are as good as the same.

    Parameters
    ----------
    examples
        The items; none are compared where there are more than 20,000.
    least
        Cosine from which on two are duplicates.
    """
    count = len(examples)
    alike = np.arange(count)
    if count > _COMPARED:
        return Duplicates((), 0, 0, alike)
    rows, classes = examples.features[:, 0], examples.classes
    # A key that those of different classes are least in, and the most alike among these; and the two items.
    shown = np.empty((0, 3))
    total = contradicting = 0
    for start in range(0, count, _CHUNK):
        similar = rows[start : start + _CHUNK] @ rows[start:].T
        first, second = np.nonzero(np.triu(similar >= least, 1))
        cosines = np.minimum(1, similar[first, second])
        first, second = first + start, second + start
        same = classes[first] == classes[second]
        total += len(same)
        contradicting += int((~same).sum())
        alike = _joined(alike, first, second)
        keys = np.where(same, 2.0, 0.0) - cosines
        better = keys < (shown[-1, 0] if len(shown) == _SHOWN else np.inf)
        new = np.column_stack([keys[better], first[better], second[better]])
        shown = np.concatenate([shown, new])
        shown = shown[np.argsort(shown[:, 0], kind="stable")[:_SHOWN]]
    pairs = [
        Duplicate(int(first), int(second), 2 - key if key > 0 else -key, key < 0)
        for key, first, second in shown.tolist()
    ]
    pairs.sort(key=lambda one: (-one.similarity, one.first, one.second))
    return Duplicates(tuple(pairs), total, contradicting, alike)


def merged_groups(examples: Examples, alike: NDArray[np.int64]) -> Examples:
    """Return the examples with the groups of duplicates joined, so that none is divided.

    Parameters
    ----------
    examples
        The items.
    alike
        ``(items,)``: the same number for items that must stay together.
    """
    known, groups = np.unique(examples.groups, return_inverse=True)
    _, representatives = np.unique(alike, return_index=True)
    first = representatives[np.searchsorted(alike[representatives], alike)]
    joined = _joined(np.arange(len(known)), groups, groups[first])
    return replace(examples, groups=known[joined[groups]])


def _joined(
    parts: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the least number that each is connected with, by its part or by pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(parts)
    own = np.arange(count)
    edges = np.concatenate([own, first]), np.concatenate([parts, second])
    graph = coo_array((np.ones(len(edges[0]), np.int8), edges), shape=(count, count))
    _, components = connected_components(graph, directed=False)
    least = np.full(count, count)
    np.minimum.at(least, components, own)
    joined: NDArray[np.int64] = least[components]
    return joined


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
