"""Comparing runs: measures, intervals and tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.comparison._comparison import Comparison, Parity, Row
from zoobridge.evaluation.comparison._conclusions import conclusions
from zoobridge.evaluation.comparison._statistics import (
    bootstrap,
    cochran_q,
    compare_pairs,
    friedman,
    resampled_weights,
)
from zoobridge.evaluation.measures._measures import measures_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zoobridge.evaluation.measures._measures import Measure
    from zoobridge.evaluation.measures._outcomes import Outcomes
    from zoobridge.evaluation.runs._run import Run

__all__ = ["compare_runs"]


def compare_runs(
    runs: Sequence[Run],
    *,
    measures: Sequence[str] = (),
    rank_by: str = "accuracy",
    seed: int = 0,
    resamples: int = 1000,
    clustered: bool = False,
) -> Comparison:
    """Compare runs on the same dataset.

    Parameters
    ----------
    runs
        Of each model and framework one.
    measures
        Names of the measures to compute; all if none is given.
    rank_by
        The measure that orders the rows; computed in any case.
    seed, resamples
        Of the intervals.
    clustered
        Whether items lie several in a picture.

    Raises
    ------
    InvalidRequestError
        If there is no run, one is there twice, a measure is not known, or no item was answered by
        all.
    """
    if not runs or len({run.name for run in runs}) < len(runs):
        raise InvalidRequestError("name each model to compare once")
    if len({run.dataset for run in runs}) > 1:
        raise InvalidRequestError("models are compared on the same items only")
    wanted = measures_named((*measures, rank_by) if measures else ())
    (order,) = measures_named((rank_by,))
    failed = frozenset(answer.item for run in runs for answer in run.failures)
    items = tuple(number for number in range(len(runs[0].truth)) if number not in failed)
    if not items:
        reasons = dict.fromkeys(answer.error for run in runs for answer in run.failures)
        raise InvalidRequestError(
            "no picture was answered by every model; the first reason: "
            + next(iter(reasons), "none")
        )
    outcomes = [run.outcomes(failed) for run in runs]
    weights = resampled_weights(_strata(runs[0], items), resamples=resamples, seed=seed)
    rows = [_row(run, one, wanted, weights) for run, one in zip(runs, outcomes, strict=True)]
    rows.sort(key=lambda row: _place(row, order))
    competitors = _competitors(rows)
    correct = {row.run.name: row.outcomes.correct for row in competitors}
    sure = {
        row.run.name: row.outcomes.own_probability
        for row in competitors
        if row.outcomes.kind == "probability" and not row.outcomes.multi_label
    }
    several = len(competitors) > 2
    comparison = Comparison(
        rows=tuple(rows),
        rank_by=rank_by,
        items=items,
        pairs=compare_pairs(correct, weights),
        cochran=cochran_q(np.stack(list(correct.values()), axis=1)) if several else None,
        friedman=friedman(sure) if several and len(sure) == len(competitors) else None,
        parity=tuple(_parity(rows)),
        seed=seed,
        resamples=resamples,
        clustered=clustered,
    )
    return replace(comparison, conclusions=tuple(conclusions(comparison)))


def _strata(run: Run, items: Sequence[int]) -> NDArray[np.intp]:
    """Return each item's stratum: its class, so that no class drops out of a resample.

    Items that may have several classes are one stratum: their sets of classes are so many that
    each would hold an item or two, which no resampling could vary.
    """
    if run.multi_label:
        return np.zeros(len(items), np.intp)
    return np.array([run.truth[number][0] for number in items], np.intp)


def _row(
    run: Run,
    outcomes: Outcomes,
    measures: Sequence[Measure],
    weights: Sequence[NDArray[np.int32]],
) -> Row:
    found = {one.name: one(outcomes) for one in measures}
    intervals = {}
    for one in measures:
        if one.group == "quality" and found[one.name].value is not None:
            interval = bootstrap(
                lambda weight, one=one: one(outcomes, weight).value,  # type: ignore[misc]
                weights,
            )
            if interval is not None:
                intervals[one.name] = interval
    latencies = np.array(run.costs.latencies)
    if latencies.size > 1:
        draws = resampled_weights(np.zeros(latencies.size, np.intp), resamples=len(weights), seed=0)
        for name, share in (("latency_p50", 0.5), ("latency_p95", 0.95)):
            interval = bootstrap(
                lambda draw, share=share: float(np.quantile(np.repeat(latencies, draw), share)),  # type: ignore[misc]
                draws,
            )
            if name in found and interval is not None:
                intervals[name] = interval
    return Row(run, outcomes, found, intervals)


def _place(row: Row, order: Measure) -> tuple[bool, float, str]:
    value = row.measures[order.name].value
    if value is None:
        return True, 0.0, row.run.name
    return False, -value if order.better == "higher" else value, row.run.name


def _competitors(rows: Sequence[Row]) -> list[Row]:
    """Return one row for each model and set of answers."""
    found: dict[tuple[str, bytes], Row] = {}
    for row in sorted(rows, key=lambda one: one.run.name):
        found.setdefault((row.run.model, row.outcomes.predicted.tobytes()), row)
    kept = {row.run.name for row in found.values()}
    return [row for row in rows if row.run.name in kept]


def _parity(rows: Sequence[Row]) -> list[Parity]:
    found = []
    ordered = sorted(rows, key=lambda row: row.run.name)
    for number, first in enumerate(ordered):
        for second in ordered[number + 1 :]:
            if first.run.model != second.run.model:
                continue
            one, other = first.outcomes, second.outcomes
            difference = None
            if one.scores is not None and other.scores is not None:
                difference = float(np.abs(one.scores - other.scores).max())
            differing = one.predicted != other.predicted
            if one.multi_label:
                differing = differing.any(axis=1)
            found.append(Parity(first.run.name, second.run.name, difference, int(differing.sum())))
    return found
