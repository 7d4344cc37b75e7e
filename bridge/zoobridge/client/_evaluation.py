"""Measuring models on labelled pictures: what is asked for, and what comes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "DatasetReader",
    "Evaluation",
    "EvaluationPair",
    "EvaluationProgress",
    "EvaluationRow",
    "EvaluationUpdate",
    "Measure",
    "MeasureValue",
    "Omission",
    "evaluation_request",
    "evaluation_updates",
]


@dataclass(frozen=True)
class Measure:
    """A measure that models can be compared by.

    Parameters
    ----------
    name
        What commands and tables call it.
    description
        What it says, in one sentence.
    applies
        When it applies.
    better
        ``higher`` or ``lower``.
    group
        ``quality`` of the answers, or their ``cost``.
    best
        The value of a perfect classifier; `None` for costs.
    unit
        ``s``, ``1/s``, ``bytes``; empty for plain numbers.
    """

    name: str
    description: str = ""
    applies: str = ""
    better: str = ""
    group: str = ""
    best: float | None = None
    unit: str = ""

    @classmethod
    def from_message(cls, message: pb.Measure) -> Measure:
        """Return what a message says."""
        return cls(
            name=message.name,
            description=message.description,
            applies=message.applies,
            better=message.better,
            group=message.group,
            best=message.best if message.HasField("best") else None,
            unit=message.unit,
        )


@dataclass(frozen=True)
class DatasetReader:
    """A reader of labelled pictures: its name, a sentence, and its options with a sentence each."""

    name: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_message(cls, message: pb.DatasetReader) -> DatasetReader:
        """Return what a message says."""
        return cls(message.name, message.description, dict(sorted(message.options.items())))


@dataclass(frozen=True)
class Omission:
    """Something that is not measured, and why.

    Parameters
    ----------
    item
        The picture, object, file or folder.
    reason
        Why, in a sentence.
    model
        The model that could not answer it, as ``id@version:framework``; empty where none was asked.
    """

    item: str
    reason: str
    model: str = ""

    @classmethod
    def from_message(cls, message: pb.Omission) -> Omission:
        """Return what a message says."""
        return cls(message.item, message.reason, message.model)


@dataclass(frozen=True)
class MeasureValue:
    """A measure's value with its 95 % interval, or why it has none.

    Parameters
    ----------
    name
        The measure.
    value
        `None` where it does not apply.
    reason
        Why it does not apply; empty where it does.
    low, high
        Ends of the interval; `None` where there is none.
    """

    name: str
    value: float | None = None
    reason: str = ""
    low: float | None = None
    high: float | None = None

    @classmethod
    def from_message(cls, message: pb.MeasureValue) -> MeasureValue:
        """Return what a message says."""
        return cls(
            name=message.name,
            value=message.value if message.HasField("value") else None,
            reason=message.reason,
            low=message.low if message.HasField("low") else None,
            high=message.high if message.HasField("high") else None,
        )


@dataclass(frozen=True)
class EvaluationRow:
    """One model with one framework.

    Parameters
    ----------
    model
        ``id@version``.
    framework, digest
        What ran it, and which weights.
    items
        Number of items that the values are of.
    failed
        Number of items that the model could not answer.
    values
        The measures by name, in the order asked for.
    labels
        The model's classes.
    confusion
        Number of items of each true class (outer) that were answered as each class (inner); empty
        while the evaluation is under way, and where items may have several classes.
    """

    model: str
    framework: str
    digest: str = ""
    items: int = 0
    failed: int = 0
    values: Mapping[str, MeasureValue] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def name(self) -> str:
        """``id@version:framework``."""
        return f"{self.model}:{self.framework}"

    @classmethod
    def from_message(cls, message: pb.EvaluationRow) -> EvaluationRow:
        """Return what a message says."""
        flat, count = tuple(message.confusion), len(message.labels)
        return cls(
            model=message.model,
            framework=message.framework,
            digest=message.digest,
            items=message.items,
            failed=message.failed,
            values={one.name: MeasureValue.from_message(one) for one in message.values},
            labels=tuple(message.labels),
            confusion=tuple(
                flat[start : start + count] for start in range(0, len(flat), max(count, 1))
            ),
        )


@dataclass(frozen=True)
class EvaluationPair:
    """Two models on the same items, by McNemar's exact test.

    Parameters
    ----------
    first, second
        The models, as ``id@version:framework``.
    only_first, only_second
        Number of items that only one of them got right.
    p_value, adjusted
        Probability of a difference as large between equal models; and adjusted by Holm for the
        number of pairs.
    """

    first: str
    second: str
    only_first: int
    only_second: int
    p_value: float
    adjusted: float

    @classmethod
    def from_message(cls, message: pb.EvaluationPair) -> EvaluationPair:
        """Return what a message says."""
        return cls(
            message.first,
            message.second,
            message.only_first,
            message.only_second,
            message.p_value,
            message.adjusted,
        )


@dataclass(frozen=True)
class Evaluation:
    """What came of it.

    Parameters
    ----------
    run_id
        By which the run can be told again without classifying anything.
    rows
        The models, best first; all on the items that every model answered.
    pairs
        Each pair of them.
    conclusions
        What may and what may not be concluded, in sentences.
    failures
        What some model could not answer.
    left_out
        What lay among the data and was not taken.
    """

    run_id: str
    rows: tuple[EvaluationRow, ...]
    pairs: tuple[EvaluationPair, ...] = ()
    conclusions: tuple[str, ...] = ()
    failures: tuple[Omission, ...] = ()
    left_out: tuple[Omission, ...] = ()

    @classmethod
    def from_message(cls, message: pb.EvaluationResult) -> Evaluation:
        """Return what a message says."""
        return cls(
            run_id=message.run_id,
            rows=tuple(EvaluationRow.from_message(one) for one in message.table.rows),
            pairs=tuple(EvaluationPair.from_message(one) for one in message.pairs),
            conclusions=tuple(message.conclusions),
            failures=tuple(Omission.from_message(one) for one in message.failures),
            left_out=tuple(Omission.from_message(one) for one in message.left_out),
        )


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
    """

    model: str
    done: int
    failed: int
    total: int
    models_done: int
    models_total: int

    @classmethod
    def from_message(cls, message: pb.EvaluationProgress) -> EvaluationProgress:
        """Return what a message says."""
        return cls(
            message.model,
            message.done,
            message.failed,
            message.total,
            message.models_done,
            message.models_total,
        )


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
                return replace(self, progress=EvaluationProgress.from_message(response.progress))
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
            If there is none.
        """
        if self.result is None:
            raise ServerError(
                f"run {self.run_id} ended without a result; make the call again to go on"
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
