"""What comes of measuring models: values, rows of a table, pairs, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zoobridge.protocol import from_message

if TYPE_CHECKING:
    from zoobridge.protocol.v1 import evaluation_pb2 as pb

__all__ = ["Evaluation", "EvaluationPair", "EvaluationRow", "MeasureValue", "Omission"]


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
        Ends of the interval; `None` without an interval.
    """

    name: str
    value: float | None = None
    reason: str = ""
    low: float | None = None
    high: float | None = None


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
        return from_message(
            cls,
            message,
            values={one.name: from_message(MeasureValue, one) for one in message.values},
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


@dataclass(frozen=True)
class Evaluation:
    """What came of it.

    Parameters
    ----------
    run_id
        Id by which the result can be read again without classifying anything.
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
        rows = tuple(EvaluationRow.from_message(one) for one in message.table.rows)
        return from_message(cls, message, rows=rows)
