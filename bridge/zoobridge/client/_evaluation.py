"""Measuring models on labelled pictures: what is asked for, and how far it is."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zoobridge.client._evaluation_results import Evaluation, EvaluationRow
from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.protocol import from_message
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["EvaluationProgress", "EvaluationUpdate", "evaluation_request", "evaluation_updates"]


@dataclass(frozen=True)
class EvaluationProgress:
    """How far an evaluation is.

    Parameters
    ----------
    model
        The model that works now, as ``id@version:framework``.
    done, failed, total
        Items that it is done with (those of earlier calls included), those among them that it
        could not answer, and all.
    models_done, models_total
        Models that are done, and all.
    notice
        What a user should know of the model's answers: that answers of an earlier call are used, or
        cannot be used because the question changed. Mostly empty.
    """

    model: str
    done: int
    failed: int
    total: int
    models_done: int
    models_total: int
    notice: str = ""


@dataclass(frozen=True)
class EvaluationUpdate:
    """The state of an evaluation.

    Parameters
    ----------
    run_id
        By which it can be resumed; empty before the first response.
    items
        Number of labelled items.
    progress
        How far it is; `None` before the first model has begun.
    rows
        What is measured so far.
    result
        The end; `None` before it.
    """

    run_id: str = ""
    items: int = 0
    progress: EvaluationProgress | None = None
    rows: tuple[EvaluationRow, ...] = ()
    result: Evaluation | None = None

    def after(self, response: pb.EvaluateResponse) -> EvaluationUpdate:
        """Return the state after one more response; what is of a newer contract changes nothing."""
        match response.WhichOneof("event"):
            case "start":
                start = response.start
                return replace(self, run_id=start.run_id, items=start.items)
            case "progress":
                return replace(self, progress=from_message(EvaluationProgress, response.progress))
            case "table":
                rows = (EvaluationRow.from_message(one) for one in response.table.rows)
                return replace(self, rows=tuple(rows))
            case "result":
                result = Evaluation.from_message(response.result)
                return replace(self, rows=result.rows, result=result)
        return self

    def ended(self) -> Evaluation:
        """Return the result.

        Raises
        ------
        ServerError
            If the server sent no result.
        """
        if self.result is None:
            raise ServerError(
                f"run {self.run_id} ended without a result; repeat the call to continue"
            )
        return self.result


def evaluation_request(
    models: str | Sequence[str],
    data: str | os.PathLike[str],
    *,
    reader: str = "",
    options: Mapping[str, str] | None = None,
    mapping: Mapping[str, str] | None = None,
    measures: Sequence[str] = (),
    rank_by: str = "",
    seed: int = 0,
    run_id: str = "",
    restart: bool = False,
    resamples: int = 0,
    report: bool = False,
) -> pb.EvaluateRequest:
    """Return the message that asks for an evaluation; see :meth:`Client.evaluate`.

    Raises
    ------
    InvalidRequestError
        If `seed` is negative or has more than 32 bits.
    """
    if not 0 <= seed < 1 << 32:
        raise InvalidRequestError(f"seed {seed} is not in 0…{(1 << 32) - 1}", field="seed")
    names = [models] if isinstance(models, str) else models
    parts = [name.partition(":") for name in names]
    return pb.EvaluateRequest(
        models=[pb.EvaluatedModel(model=name, framework=framework) for name, _, framework in parts],
        data=os.fspath(data),
        reader=reader,
        options=options,
        mapping=mapping,
        measures=measures,
        rank_by=rank_by,
        seed=seed,
        run_id=run_id,
        restart=restart,
        resamples=resamples,
        report=report,
    )


def evaluation_updates(responses: Iterable[pb.EvaluateResponse]) -> Iterator[EvaluationUpdate]:
    """Yield the state of an evaluation after each response; the last one holds the result.

    Raises
    ------
    ServerError
        If the responses end without a result.
    """
    update = EvaluationUpdate()
    for response in responses:
        update = update.after(response)
        yield update
    update.ended()
