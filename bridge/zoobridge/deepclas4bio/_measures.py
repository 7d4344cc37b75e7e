"""The original's measures: seven for two classes, two for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.evaluation import Row

__all__ = ["MEASURES", "check_measures", "measured", "our_measures"]

#: The original's measures, and ours where one is the same.
_OURS: Final = {
    "accuracy": "accuracy",
    "precision": "",
    "recall": "",
    "f1": "",
    "jaccardIndex": "",
    "matthewsCorrelation": "matthews",
    "auroc": "auroc",
    "rank5": "top5_accuracy",
}

#: The original's measures, in the order in which they are listed.
MEASURES: Final = tuple(_OURS)

_FOR_TWO: Final = frozenset(MEASURES) - {"accuracy", "rank5"}


def check_measures(names: Sequence[str]) -> None:
    """Check names.

    Raises
    ------
    InvalidRequestError
        If one is not one of the original's measures.
    """
    if wrong := [name for name in names if name not in _OURS]:
        raise InvalidRequestError(
            f"unknown measure {', '.join(wrong)}; there are {', '.join(MEASURES)}"
        )


def our_measures(names: Sequence[str]) -> tuple[str, ...]:
    """Return the measures of ours that are needed to compute those of the original."""
    return tuple(dict.fromkeys(_OURS[name] or "accuracy" for name in names)) or ("accuracy",)


def measured(name: str, row: Row) -> float | str:
    """Return a measure of a model, or in a phrase why it has none.

    Precision, recall, F1 and Jaccard index are of the second class, as scikit-learn's of a binary
    problem with the labels 0 and 1, which the original took. They are 0 where they divide by 0.
    """
    if name in _FOR_TWO and len(row.outcomes.labels) != 2:
        return f"it is for two classes, and there are {len(row.outcomes.labels)}"
    if _OURS[name]:
        found = row.measures[_OURS[name]]
        return found.reason if found.value is None else float(found.value)
    (_, wrong), (missed, right) = row.outcomes.confusion.tolist()
    top, bottom = {
        "precision": (right, right + wrong),
        "recall": (right, right + missed),
        "f1": (2 * right, 2 * right + wrong + missed),
        "jaccardIndex": (right, right + wrong + missed),
    }[name]
    return float(top / bottom) if bottom else 0.0
