"""An evaluation as messages of the contract."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.evaluation._evaluate import evaluate_iter
from zoobridge.evaluation.datasets._readers import read_dataset
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from zoobridge.client import Client
    from zoobridge.evaluation._evaluate import Update
    from zoobridge.evaluation.comparison._comparison import Comparison, Row
    from zoobridge.evaluation.comparison._statistics import Interval
    from zoobridge.evaluation.datasets._dataset import Dataset, Item
    from zoobridge.evaluation.measures._measures import Measured

__all__ = ["respond"]

# People read no faster; a fast model would send thousands a second.
_PROGRESS_SECONDS = 0.1


def respond(
    client: Client,
    request: pb.EvaluateRequest,
    *,
    folder: Path,
    check: Callable[[Path], None] | None = None,
) -> Generator[pb.EvaluateResponse, None, None]:
    """Yield what happens while a request is worked on; closing the generator ends the work.

    Parameters
    ----------
    client
        A connection to any server; the pictures are read here.
    request
        What to measure; its ``data`` and the files among its options are paths here.
    folder
        Where the answers are kept; the same folder goes on.
    check
        Called with each file that the data name, before it is read.

    Raises
    ------
    ZooBridgeError
        If data, a reader, a measure or a model is refused, or the server fails.
    """
    options = dict(request.options)
    dataset = read_dataset(Path(request.data), reader=request.reader, options=options, check=check)
    if check is not None:
        for item in dataset.items:
            check(item.path)
    left_out = [pb.Omission(item=item, reason=reason) for item, reason in dataset.left_out]
    yield pb.EvaluateResponse(
        start=pb.EvaluationStart(run_id=request.run_id, items=len(dataset.items), left_out=left_out)
    )
    updates = evaluate_iter(
        client,
        [f"{one.model}:{one.framework}" if one.framework else one.model for one in request.models],
        dataset,
        folder=folder,
        mapping=dict(request.mapping),
        measures=tuple(request.measures),
        rank_by=request.rank_by,
        seed=request.seed,
    )
    told = 0.0
    with closing(updates):
        for update in updates:
            now = time.monotonic()
            if update.done == update.total or now - told >= _PROGRESS_SECONDS:
                told = now
                yield pb.EvaluateResponse(progress=_progress(update))
            comparison = update.comparison
            if comparison is None:
                continue
            if update.finished:
                result = _result(comparison, dataset, request.run_id)
                result.left_out.extend(left_out)
                yield pb.EvaluateResponse(result=result)
            else:
                yield pb.EvaluateResponse(table=_table(comparison))


def _progress(update: Update) -> pb.EvaluationProgress:
    return pb.EvaluationProgress(
        model=update.model,
        done=update.done,
        failed=update.failed,
        total=update.total,
        models_done=update.models_done,
        models_total=update.models_total,
    )


def _table(comparison: Comparison) -> pb.EvaluationTable:
    return pb.EvaluationTable(rows=[_row(row, comparison) for row in comparison.rows])


def _row(row: Row, comparison: Comparison) -> pb.EvaluationRow:
    return pb.EvaluationRow(
        model=row.run.model,
        framework=row.run.framework,
        digest=row.run.digest,
        items=len(comparison.items),
        failed=len(row.run.failures),
        values=[_value(name, one, row.intervals.get(name)) for name, one in row.measures.items()],
        labels=row.outcomes.labels,
    )


def _value(name: str, measured: Measured, interval: Interval | None) -> pb.MeasureValue:
    ends: dict[str, Any] = {} if interval is None else {"low": interval.low, "high": interval.high}
    return pb.MeasureValue(name=name, value=measured.value, reason=measured.reason, **ends)


def _result(comparison: Comparison, dataset: Dataset, run_id: str) -> pb.EvaluationResult:
    table = _table(comparison)
    if not dataset.multi_label:
        for message, row in zip(table.rows, comparison.rows, strict=True):
            message.confusion.extend(row.outcomes.confusion.ravel().tolist())
    return pb.EvaluationResult(
        run_id=run_id,
        table=table,
        pairs=[
            pb.EvaluationPair(
                first=pair.first,
                second=pair.second,
                only_first=pair.only_first,
                only_second=pair.only_second,
                p_value=pair.p_value,
                adjusted=pair.adjusted,
            )
            for pair in comparison.pairs
        ],
        conclusions=comparison.conclusions,
        failures=[
            pb.Omission(
                item=_place(dataset.items[answer.item]), reason=answer.error, model=row.run.name
            )
            for row in comparison.rows
            for answer in row.run.failures
        ],
    )


def _place(item: Item) -> str:
    """Return an item's path, with the object's name where it is one in a picture."""
    return str(item.path.parent / item.name)
