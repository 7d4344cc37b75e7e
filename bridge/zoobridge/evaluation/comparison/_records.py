"""A comparison as the records that clients show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.client import Evaluation, EvaluationPair, EvaluationRow, MeasureValue, Omission

if TYPE_CHECKING:
    from zoobridge.evaluation.comparison._comparison import Comparison, Row
    from zoobridge.evaluation.datasets._dataset import Dataset

__all__ = ["evaluation_of", "rows_of"]


def rows_of(comparison: Comparison, *, confusion: bool) -> tuple[EvaluationRow, ...]:
    """Return the models with their measures, best first.

    Parameters
    ----------
    comparison
        The models.
    confusion
        Whether to fill the confusion matrices; they stay empty where items may have several classes.
    """
    return tuple(
        EvaluationRow(
            model=row.run.model,
            framework=row.run.framework,
            digest=row.run.digest,
            items=len(comparison.items),
            failed=len(row.run.failures),
            values={name: _value(name, row) for name in row.measures},
            labels=tuple(row.outcomes.labels),
            confusion=tuple(map(tuple, row.outcomes.confusion.tolist()))
            if confusion and not row.outcomes.multi_label
            else (),
        )
        for row in comparison.rows
    )


def evaluation_of(comparison: Comparison, dataset: Dataset, *, run_id: str = "") -> Evaluation:
    """Return the result of an evaluation."""
    return Evaluation(
        run_id=run_id,
        rows=rows_of(comparison, confusion=True),
        pairs=tuple(
            EvaluationPair(
                pair.first,
                pair.second,
                pair.only_first,
                pair.only_second,
                pair.p_value,
                pair.adjusted,
            )
            for pair in comparison.pairs
        ),
        conclusions=comparison.conclusions,
        failures=tuple(
            Omission(_place(dataset, answer.item), answer.error, row.run.name)
            for row in comparison.rows
            for answer in row.run.failures
        ),
        left_out=tuple(Omission(item, reason) for item, reason in dataset.left_out),
    )


def _value(name: str, row: Row) -> MeasureValue:
    found, interval = row.measures[name], row.intervals.get(name)
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return MeasureValue(name, found.value, found.reason, low, high)


def _place(dataset: Dataset, number: int) -> str:
    """Return an item's path, with the object's name where it is one in a picture."""
    item = dataset.items[number]
    return str(item.path.parent / item.name)
