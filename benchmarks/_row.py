"""A row of the table: some work, measured next to its reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks._figures import Effort, Figure

__all__ = ["Bench", "Row"]


@dataclass(frozen=True)
class Bench:
    """What a row is given.

    Parameters
    ----------
    effort
        How much to do.
    cache
        Folder where made packages and pictures are kept between runs.
    """

    effort: Effort
    cache: Path


@dataclass(frozen=True)
class Row:
    """Some work.

    Parameters
    ----------
    name
        For ``--only``.
    work
        What ZooBridge does, precisely: what is sent, and what is timed.
    reference
        What it is compared with.
    run
        Measures it.
    """

    name: str
    work: str
    reference: str
    run: Callable[[Bench], list[Figure]]
