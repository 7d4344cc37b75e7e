"""What models can be measured by, and what reads labelled pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class DatasetReader:
    """A reader of labelled pictures: its name, a sentence, and its options with a sentence each."""

    name: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
