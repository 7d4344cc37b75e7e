"""An evaluation as messages of the contract."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.evaluation._evaluate import DEFAULT_RESAMPLES, evaluate_iter
from zoobridge.evaluation.datasets._readers import read_dataset
from zoobridge.evaluation.service._report_files import report_files
from zoobridge.protocol import to_message
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from zoobridge.client import Client, EvaluationRow

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
        Where the answers are kept; the same folder continues.
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
    updates = evaluate_iter(
        client,
        [f"{one.model}:{one.framework}" if one.framework else one.model for one in request.models],
        dataset,
        folder=folder,
        mapping=dict(request.mapping),
        measures=tuple(request.measures),
        rank_by=request.rank_by,
        seed=request.seed,
        resamples=request.resamples or DEFAULT_RESAMPLES,
        run_id=request.run_id,
    )
    left_out = [pb.Omission(item=item, reason=reason) for item, reason in dataset.left_out]
    yield pb.EvaluateResponse(
        start=pb.EvaluationStart(run_id=request.run_id, items=len(dataset.items), left_out=left_out)
    )
    sent = 0.0
    with closing(updates):
        for update in updates:
            progress = update.progress
            assert progress is not None  # noqa: S101 - every update has it
            now = time.monotonic()
            due = progress.done == progress.total or bool(progress.notice)
            if due or now - sent >= _PROGRESS_SECONDS:
                sent = now
                yield pb.EvaluateResponse(progress=to_message(progress, pb.EvaluationProgress))
            if update.result is not None:
                yield pb.EvaluateResponse(
                    result=to_message(
                        update.result, pb.EvaluationResult, table=_table(update.result.rows)
                    )
                )
                if request.report and update.comparison is not None:
                    yield from report_files(
                        update.comparison,
                        dataset,
                        request=request,
                        folder=folder / "report",
                        check=check,
                    )
            elif update.comparison is not None:
                yield pb.EvaluateResponse(table=_table(update.rows))


def _table(rows: Sequence[EvaluationRow]) -> pb.EvaluationTable:
    return pb.EvaluationTable(
        rows=[
            to_message(
                row,
                pb.EvaluationRow,
                values=tuple(row.values.values()),
                confusion=[count for line in row.confusion for count in line],
            )
            for row in rows
        ]
    )
