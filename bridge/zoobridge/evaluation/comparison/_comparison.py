"""Several models on the same items, best first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.evaluation.datasets._dataset import LABEL_SEPARATOR
from zoobridge.evaluation.measures._measures import measures_named, per_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.evaluation.comparison._statistics import Friedman, Interval, Pair
    from zoobridge.evaluation.measures._measures import Measure, Measured
    from zoobridge.evaluation.measures._outcomes import Outcomes
    from zoobridge.evaluation.runs._run import Run

__all__ = ["Comparison", "Parity", "Row"]


@dataclass(frozen=True, eq=False)
class Row:
    """One model of a comparison.

    Parameters
    ----------
    run
        Its answers.
    outcomes
        Those of them that all models have, beside what is true.
    measures
        Its measures by name.
    intervals
        95 % intervals, of those measures that have one.
    """

    run: Run
    outcomes: Outcomes
    measures: Mapping[str, Measured]
    intervals: Mapping[str, Interval]

    def answered(self, place: int) -> str:
        """Return the answer at a place in the outcomes, in the dataset's words.

        Several classes are parted by ``|``.
        """
        words = dict(zip(self.run.labels, self.run.classes, strict=True))
        chosen = self.outcomes.predicted[place]
        numbers = np.flatnonzero(chosen) if self.outcomes.multi_label else [int(chosen)]
        return LABEL_SEPARATOR.join(words[self.outcomes.labels[number]] for number in numbers)


@dataclass(frozen=True)
class Parity:
    """The same model in two frameworks.

    Parameters
    ----------
    first, second
        Their rows' names.
    difference
        The largest difference of any score of any item; `None` where a row has no scores.
    answers
        Number of items that they answered differently.
    """

    first: str
    second: str
    difference: float | None
    answers: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models on the same items, best first.

    Parameters
    ----------
    rows
        One for each model and framework.
    rank_by
        The measure that orders them.
    items
        Indexes of the items that every model answered; all numbers are of these.
    pairs
        McNemar's exact test for each pair of competitors: rows of the same model in several
        frameworks that gave the same answers compete as one, by the first of them.
    cochran
        Cochran's Q and its p-value; `None` for fewer than three competitors.
    friedman
        Friedman's test of how sure they are of the truth; `None` for fewer than three competitors,
        or where one gives no probabilities.
    parity
        Each two frameworks of the same model.
    seed, resamples
        Of the intervals.
    clustered
        Whether items lie several in a picture, and so are not independent of each other.
    conclusions
        What may and may not be concluded, in sentences.
    """

    rows: tuple[Row, ...]
    rank_by: str
    items: tuple[int, ...]
    pairs: tuple[Pair, ...]
    cochran: tuple[float, float] | None
    friedman: Friedman | None
    parity: tuple[Parity, ...]
    seed: int
    resamples: int
    clustered: bool = False
    conclusions: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures of the rows, in their order."""
        return measures_named(tuple(self.rows[0].measures))

    def to_record(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        return {
            "items": len(self.items),
            "ranked_by": self.rank_by,
            "seed": self.seed,
            "resamples": self.resamples,
            "models": [_row_record(row) for row in self.rows],
            "pairs": [asdict(pair) for pair in self.pairs],
            "cochran_q": self.cochran,
            "friedman": None if self.friedman is None else asdict(self.friedman),
            "parity": [asdict(one) for one in self.parity],
            "conclusions": list(self.conclusions),
        }


def _row_record(row: Row) -> dict[str, Any]:
    several = row.outcomes.multi_label
    return {
        "name": row.run.name,
        "digest": row.run.digest,
        "place": dict(row.run.costs.place),
        "failures": [{"item": one.item, "error": one.error} for one in row.run.failures],
        "measures": {
            name: asdict(one)
            | ({"interval": asdict(row.intervals[name])} if name in row.intervals else {})
            for name, one in row.measures.items()
        },
        "per_class": per_class(row.outcomes),
        "labels": list(row.outcomes.labels),
        "confusion": None if several else row.outcomes.confusion.tolist(),
    }
