"""What models can be measured by, and what reads labelled pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.protocol.v1 import evaluation_pb2 as pb

__all__ = ["DatasetReader", "Measure"]


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
