"""What a model's scores are, and how that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.zoo._description import ScoreKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.imaging import OutputSpec
    from zoobridge.zoo._package_config import PackageConfig

__all__ = ["find_score_kind", "measured_kind"]

#: Float16 networks leave this much of a sum of many probabilities.
_SUM_TOLERANCE = 5e-3
#: Steps after which a probability still is one.
_KEEPING = {"ensure_dtype", "clip"}


def find_score_kind(
    output: OutputSpec, count: int, config: PackageConfig, test_output: NDArray[Any] | None
) -> tuple[ScoreKind, str]:
    """Tell what the scores are.

    Parameters
    ----------
    output
        The output that holds the classes.
    count
        Number of scores; 0 where the output gives a class's number.
    config
        The package's ``config.zoobridge``.
    test_output
        The package's test output, which holds what postprocessing leaves; `None` without one.

    Returns
    -------
    ScoreKind
        The kind.
    str
        How it is known, as a phrase.
    """
    if count == 0:
        return ScoreKind.LABEL_ONLY, "the output gives the number of a class, and no score"
    for step in reversed(output.postprocessing):
        if step.id == "softmax":
            return ScoreKind.PROBABILITY, "its postprocessing ends with softmax"
        if step.id == "sigmoid":
            return ScoreKind.INDEPENDENT_PROBABILITY, "its postprocessing ends with sigmoid"
        if step.id not in _KEEPING:
            break
    if config.score_kind is not None:
        return ScoreKind(config.score_kind), "the package says so"
    if test_output is None:
        return ScoreKind.LOGIT, "the package does not say, and has no test output to measure"
    kind, reason = measured_kind(test_output, output.axes)
    return kind, f"measured on its test output: {reason}"


def measured_kind(scores: NDArray[Any], axes: str) -> tuple[ScoreKind, str]:
    """Tell from scores what they look like.

    Parameters
    ----------
    scores
        The scores of one or more items.
    axes
        One letter an axis; the classes lie along ``C`` or ``I``.
    """
    place = next((axes.index(letter) for letter in "CI" if letter in axes), None)
    values = scores.astype(np.float64)
    if place is None or values.ndim != len(axes):
        values = values.reshape(-1, 1)
        place = 1
    if values.size == 0 or not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        return ScoreKind.LOGIT, "the scores leave 0 to 1"
    if values.shape[place] > 1:
        sums = values.sum(axis=place)
        if np.abs(sums - 1).max() <= _SUM_TOLERANCE:
            return ScoreKind.PROBABILITY, "the scores lie between 0 and 1 and sum to 1"
    return (
        ScoreKind.INDEPENDENT_PROBABILITY,
        "the scores lie between 0 and 1 and do not sum to 1",
    )
