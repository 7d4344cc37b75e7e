"""What an evaluation looks like: a table on the screen, CSV and JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zoobridge.cli._csv_file import csv_line
from zoobridge.cli._screen import json_text, note, note_first, table

if TYPE_CHECKING:
    from zoobridge.client import Evaluation, MeasureValue

__all__ = ["evaluation_text", "note_omissions", "print_evaluation"]

_COLUMNS = (
    "model", "framework", "measure", "value", "low", "high", "reason", "items", "failed", "digest",
)  # fmt: skip


def evaluation_text(result: Evaluation, form: str) -> str:
    """Return an evaluation as ``csv`` (a row for each model and measure) or ``json``."""
    if form == "json":
        return json_text(result) + "\n"
    lines = [csv_line(_COLUMNS)]
    lines += [
        csv_line((row.model, row.framework, one.name, one.value, one.low, one.high, one.reason,
                  row.items, row.failed, row.digest))
        for row in result.rows for one in row.values.values()
    ]  # fmt: skip
    return "".join(lines)


def print_evaluation(result: Evaluation) -> None:
    """Print a table with a column for each model, and what may be concluded."""
    names = list(dict.fromkeys(name for row in result.rows for name in row.values))
    rows: list[tuple[str, ...]] = [
        (name, *(_cell(row.values.get(name)) for row in result.rows)) for name in names
    ]
    rows.append(("items", *(str(row.items) for row in result.rows)))
    rows.append(("not answered", *(str(row.failed or "") for row in result.rows)))
    table(("measure", *(row.name for row in result.rows)), rows)
    for sentence in result.conclusions:
        click.echo(sentence)
    reasons: dict[str, list[str]] = {}
    for row in result.rows:
        for one in row.values.values():
            if one.value is None:
                reasons.setdefault(f"{row.name}: {one.reason}", []).append(one.name)
    for reason, lacking in reasons.items():
        note(f"not applicable to {reason}: {', '.join(lacking)}")


def note_omissions(result: Evaluation, *, rest: str) -> None:
    """Name on standard error what the numbers leave out; `rest` is where all of it is listed."""
    for what, omissions in (("left out", result.left_out), ("not answered", result.failures)):
        lines = [
            f"{one.item}{f' ({one.model})' if one.model else ''}: {one.reason}" for one in omissions
        ]
        note_first(f"{len(lines)} {what}", lines, rest=rest)


def _cell(value: MeasureValue | None) -> str:
    if value is None or value.value is None:
        return "not applicable"
    shown = _number(value.value)
    if value.low is None or value.high is None:
        return shown
    return f"{shown} ({_number(value.low)} to {_number(value.high)})"


def _number(value: float) -> str:
    """Return a number with four digits behind the point, or without any where it counts things."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4f}"
