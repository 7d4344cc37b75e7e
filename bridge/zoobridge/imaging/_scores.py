"""From a network's output to one row of scores an item."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging._operations import postprocess
from zoobridge.imaging._types import OutputSpec

__all__ = ["scores_of"]


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
