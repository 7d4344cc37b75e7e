"""From a network's output to one row of scores an item."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging._operations import postprocess
from zoobridge.imaging._types import OutputSpec

__all__ = ["best_classes", "scores_of"]

# Below this, sorting all scores is faster than the many steps of looking for the best.
_MANY_SCORES = 8192


def scores_of(output: NDArray[Any], spec: OutputSpec) -> NDArray[Any]:
    """Postprocess the output of a classifier and return its scores.

    Parameters
    ----------
    output
        Of one batch, with the axes that `spec` names; a network that leaves the batch axis out
        of its description is given with one in front.
    spec
        What the package says of the output.

    Returns
    -------
    NDArray
        ``(items, classes)``, of the dtype that postprocessing gives; for an output without an
        axis of classes (an arg-max) ``(items, 1)``.

    Raises
    ------
    BrokenPackageError
        If the output is not that of a classifier, or does not match `spec`.
    """
    axes = spec.axes if "N" in spec.axes else f"N{spec.axes}"
    if output.ndim != len(axes):
        raise BrokenPackageError(
            f"the network's output '{spec.name}' has {output.ndim} axes "
            f"({' × '.join(map(str, output.shape))}), but the package describes {axes}; "
            "correct its description"
        )
    output = postprocess(output, axes, spec.postprocessing)
    if axes == "NC":
        return output
    output = np.moveaxis(output, axes.index("N"), 0)
    rest = axes.replace("N", "")
    classes = next((letter for letter in "CI" if letter in rest), "")
    extended = [
        f"{letter} ({length})"
        for letter, length in zip(rest, output.shape[1:], strict=True)
        if letter != classes and length != 1
    ]
    if extended:
        raise BrokenPackageError(
            f"the model is not a classifier of whole items: its output '{spec.name}' extends over "
            f"{', '.join(extended)}; a classifier gives one score for each class"
        )
    return output.reshape(output.shape[0], -1)


def best_classes(scores: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Tell the classes with the greatest scores, the greatest first.

    Of equal scores the first class comes first; NaN comes last, so that it never beats a number.

    Parameters
    ----------
    scores
        ``(items, classes)``.
    count
        How many classes, if there are as many.

    Returns
    -------
    NDArray
        ``(items, count)``.
    """
    falling = -scores
    if falling.size >= _MANY_SCORES and count * 16 <= falling.shape[1]:
        last = np.partition(falling, count - 1, axis=1)[:, count - 1 : count]
        among = falling <= last
        # More where the last of them has its equals, fewer where it is NaN.
        if (among.sum(axis=1) == count).all():
            classes = np.nonzero(among)[1].reshape(-1, count)
            order = np.argsort(falling[among].reshape(-1, count), axis=1, kind="stable")
            return np.asarray(np.take_along_axis(classes, order, axis=1))
    return np.argsort(falling, axis=1, kind="stable")[:, :count]
