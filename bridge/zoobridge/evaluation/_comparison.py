"""Several models on the same pictures, and what may be concluded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation._measures import measure, per_class
from zoobridge.evaluation._statistics import Interval, bootstrap, cochran_q, compare_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoobridge.evaluation._measures import Measured
    from zoobridge.evaluation._outcomes import Outcomes
    from zoobridge.evaluation._run import Run
    from zoobridge.evaluation._statistics import Pair

__all__ = ["Comparison", "Row", "compare_runs"]


@dataclass(frozen=True)
class Row:
    """One model of a comparison: its run, its measures and the interval of its accuracy."""

    run: Run
    outcomes: Outcomes
    measures: Mapping[str, Measured]
    accuracy: Interval


@dataclass(frozen=True)
class Comparison:
    """Models on the same items, most accurate first.

    Parameters
    ----------
    rows
        One for each model.
    items
        Indexes of the items that every model answered; all numbers are of these.
    pairs
        McNemar's exact test for each pair.
    cochran
        Cochran's Q and its p-value; `None` for fewer than three models.
    parity
        Largest score difference between two frameworks of the same model, by their names.
    """

    rows: tuple[Row, ...]
    items: tuple[int, ...]
    pairs: tuple[Pair, ...]
    cochran: tuple[float, float] | None
    parity: Mapping[str, float]

    @property
    def words(self) -> list[str]:
        """What may and may not be concluded."""
        said = [
            f"All numbers are of the {len(self.items)} pictures that every model answered. They "
            "hold for pictures like these, not for others; pictures on which a model was trained "
            "make it look better than it is."
        ]
        for pair in self.pairs:
            numbers = (
                f"{pair.only_first} against {pair.only_second} pictures that only one got right"
            )
            if pair.adjusted < 0.05:
                better = pair.first if pair.only_first > pair.only_second else pair.second
                said.append(
                    f"{pair.first} and {pair.second} differ, in favour of {better} "
                    f"({numbers}; Holm-adjusted p = {pair.adjusted:.2g})."
                )
            else:
                said.append(
                    f"{pair.first} and {pair.second} cannot be told apart on these pictures "
                    f"({numbers}; Holm-adjusted p = {pair.adjusted:.2g}). That does not prove them equal."
                )
        return said

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        return {
            "items": len(self.items),
            "models": [
                {
                    "name": row.run.name,
                    "digest": row.run.digest,
                    "failures": [asdict(one) for one in row.run.failures],
                    "throughput": row.run.throughput,
                    "accuracy_interval": asdict(row.accuracy),
                    "measures": {name: asdict(one) for name, one in row.measures.items()},
                    "per_class": per_class(row.outcomes),
                    "labels": list(row.run.labels),
                    "confusion": row.outcomes.confusion.tolist(),
                }
                for row in self.rows
            ],
            "pairs": [asdict(pair) for pair in self.pairs],
            "cochran_q": self.cochran,
            "parity": dict(self.parity),
            "conclusions": self.words,
        }


def compare_runs(runs: Sequence[Run], *, seed: int = 0, resamples: int = 1000) -> Comparison:
    """Compare runs on the same dataset.

    Raises
    ------
    InvalidRequestError
        If there is no run, one is there twice, or no picture was answered by all.
    """
    if not runs or len({run.name for run in runs}) < len(runs):
        raise InvalidRequestError("name each model to compare once")
    if len({len(run.truth) for run in runs}) > 1:
        raise InvalidRequestError("models are compared on the same pictures only")
    failed = frozenset(answer.item for run in runs for answer in run.failures)
    items = tuple(number for number in range(len(runs[0].truth)) if number not in failed)
    if not items:
        raise InvalidRequestError(
            "there is no picture that every model answered; see the failures of each"
        )
    rows = []
    for run in runs:
        outcomes = run.outcomes(failed)
        correct = outcomes.correct
        interval = bootstrap(
            lambda index, correct=correct: float(correct[index].mean()),  # type: ignore[misc]
            outcomes.truth, seed=seed, resamples=resamples,
        )  # fmt: skip
        rows.append(Row(run, outcomes, measure(outcomes), interval))
    rows.sort(key=lambda row: (-float(row.outcomes.correct.mean()), row.run.name))
    table = {row.run.name: row.outcomes.correct for row in rows}
    return Comparison(
        rows=tuple(rows),
        items=items,
        pairs=tuple(compare_pairs(table)),
        cochran=cochran_q(np.stack(list(table.values()), axis=1)) if len(rows) > 2 else None,
        parity=_parity(rows),
    )


def _parity(rows: Sequence[Row]) -> dict[str, float]:
    found = {}
    for number, first in enumerate(rows):
        for second in rows[number + 1 :]:
            one, other = first.outcomes.scores, second.outcomes.scores
            same = first.run.model == second.run.model
            if same and one is not None and other is not None and one.shape == other.shape:
                found[f"{first.run.name} and {second.run.name}"] = float(np.abs(one - other).max())
    return found
