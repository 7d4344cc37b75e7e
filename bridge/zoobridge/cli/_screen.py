"""Tables and notes on the screen."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.progress import Progress

__all__ = [
    "console",
    "device_text",
    "json_text",
    "note",
    "note_first",
    "progress_bar",
    "size",
    "table",
]

# Of what failed or was left out, so many are named.
_NAMED = 10

# Wide enough that nothing is cut where the output goes to a file or another program.
_PIPE_WIDTH = 4000


def console(*, stderr: bool = False) -> Console:
    """Return the console of a stream: coloured and as wide as the terminal, plain in a pipe."""
    from rich.console import Console

    plain = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if plain.is_terminal:
        return plain
    return Console(stderr=stderr, highlight=False, width=_PIPE_WIDTH, color_system=None)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> None:
    """Print a table; columns whose every cell is empty are left out."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    shown = [index for index in range(len(columns)) if any(row[index] for row in cells)]
    output = console()
    named = any(columns)
    printed = Table(
        show_header=named,
        box=SIMPLE_HEAD if named else None,
        padding=(0, 2) if named else (0, 3),
        pad_edge=False,
        caption=caption or None,
        caption_justify="left",
    )
    for index in shown or range(len(columns)):
        printed.add_column(columns[index], overflow="fold")
    for row in cells:
        printed.add_row(*(Text(row[index]) for index in shown or range(len(columns))))
    output.print(printed)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def note(text: str) -> None:
    """Write a line to the standard error."""
    click.echo(text, err=True)


def note_first(title: str, lines: Sequence[str], *, rest: str, every: bool = False) -> None:
    """Write a title and the first lines below it to the standard error, if there is a line.

    Parameters
    ----------
    title, lines
        What is written.
    rest
        What names the lines that are too many to be written.
    every
        Write all of them.
    """
    if not lines:
        return
    note(f"{title}:")
    for line in lines if every else lines[:_NAMED]:
        note(f"  {line}")
    if len(lines) > _NAMED and not every:
        note(f"  … and {len(lines) - _NAMED} more; {rest} names them all")


def progress_bar() -> Progress | None:
    """Return a bar on the standard error that is gone at its end; `None` where no one sees it."""
    if not sys.stderr.isatty():
        return None
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console(stderr=True), transient=True)


def json_text(value: Any) -> str:
    """Return dataclasses, and lists of them, as JSON text; bytes are left out."""

    def plain(item: Any) -> Any:
        if dataclasses.is_dataclass(item) and not isinstance(item, type):
            fields = {one.name: getattr(item, one.name) for one in dataclasses.fields(item)}
            return {name: one for name, one in fields.items() if not isinstance(one, bytes)}
        raise TypeError(f"{type(item).__name__} cannot be written as JSON")

    return json.dumps(value, default=plain, ensure_ascii=False, indent=2)


def device_text(device: str, precision: str, memory_bytes: int) -> str:
    """Return where a model runs, with its precision where that is not ``float32``, and what it uses there."""
    named = "" if precision == "float32" else precision
    return ", ".join(part for part in (device, named, size(memory_bytes)) if part)


def size(number: int) -> str:
    """Return a number of bytes as people write it; empty for none."""
    if not number:
        return ""
    value, unit = float(number), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
