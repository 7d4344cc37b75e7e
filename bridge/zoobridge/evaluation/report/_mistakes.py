"""What was answered wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoobridge.evaluation.comparison._comparison import Comparison
    from zoobridge.evaluation.datasets._dataset import Dataset

__all__ = ["Mistake", "find_mistakes"]

_MOST: Final = 500


@dataclass(frozen=True)
class Mistake:
    """An item that a model answered wrongly.

    Parameters
    ----------
    item
        Number of the item in the dataset.
    model
        ``model:framework``.
    truth, label
        What it is, and what was answered, in the dataset's words.
    """

    item: int
    model: str
    truth: str
    label: str


def find_mistakes(comparison: Comparison, dataset: Dataset) -> tuple[Mistake, ...]:
    """Return the first 500 mistakes, model by model."""
    found = [
        Mistake(item, row.run.name, dataset.items[item].label, row.answered(place))
        for row in comparison.rows
        for place, item in enumerate(comparison.items)
        if not row.outcomes.correct[place]
    ]
    return tuple(found[:_MOST])
