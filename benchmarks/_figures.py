"""What a benchmark found out."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

__all__ = ["Effort", "Figure", "Target"]


@dataclass(frozen=True)
class Target:
    """What a figure should be.

    Parameters
    ----------
    bound
        The number.
    least
        Whether it is the least that is wanted, or the most.
    """

    bound: float
    least: bool

    def reached(self, value: float) -> bool:
        """Tell whether a value is as wanted."""
        return value >= self.bound if self.least else value <= self.bound


@dataclass(frozen=True)
class Figure:
    """One figure: measured several times, alternately with its reference.

    Parameters
    ----------
    measure
        What was measured, such as ``16 callers, throughput``.
    reference, ours
        What each round gave, in `unit`; `reference` is empty where a figure stands by itself.
    unit
        Of both.
    form
        How a round's two numbers become one: ``ratio`` (ours / reference), ``difference`` (ours -
        reference), or ``plain`` (ours alone).
    target
        What the figure should be; `None` where it is reported only.
    note
        What a reader must know, such as the reference's best batch.
    """

    measure: str
    reference: tuple[float, ...]
    ours: tuple[float, ...]
    unit: str
    form: Literal["ratio", "difference", "plain"]
    target: Target | None = None
    note: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """The figure of each round."""
        if self.form == "plain":
            return self.ours
        pairs = zip(self.reference, self.ours, strict=True)
        if self.form == "ratio":
            return tuple(ours / reference for reference, ours in pairs)
        return tuple(ours - reference for reference, ours in pairs)

    @property
    def value(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; `None` if none exists."""
        return None if self.target is None else self.target.reached(self.value)


@dataclass(frozen=True)
class Effort:
    """How much is done for a figure.

    Parameters
    ----------
    rounds
        How often each side has its turn.
    seconds
        How long a turn takes.
    warm_seconds
        How long a side runs at most before the first turn; it ends earlier where nothing changes
        any more.
    small
        Take tiny networks and little data: shows that everything runs, and nothing else.
    """

    rounds: int = 5
    seconds: float = 1.5
    warm_seconds: float = 12.0
    small: bool = False
