"""What was answered wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.evaluation.comparison._comparison import Comparison, Row
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
    """Return up to 500 mistakes: the first of each model, as many of one as of another."""
    each = _MOST // len(comparison.rows)
    return tuple(
        mistake
        for row in comparison.rows
        for mistake in islice(_of(row, comparison, dataset), each)
    )


def _of(row: Row, comparison: Comparison, dataset: Dataset) -> Iterator[Mistake]:
    for place, item in enumerate(comparison.items):
        if not row.outcomes.correct[place]:
            yield Mistake(item, row.run.name, dataset.items[item].label, row.answered(place))
