"""Raw figures as JSON, and the page that is made of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._figures import Figure, Target
from benchmarks._machine import machine
from benchmarks._plot import plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._row import Row

__all__ = ["Report", "line"]

_NOTES = Path(__file__).with_name("profiles.md")

_HEAD = """\
# Performance

<!-- Written by `python -m benchmarks`: change `benchmarks/`, not this page. -->

What ZooBridge costs, next to doing the same work without it. Reference and ZooBridge take turns in
one run on the same cores, so that a busy machine disturbs both alike; every figure is the median over
the rounds, and the spread is its least and greatest round. Where a reference runs in-process, its
side has neither client nor socket; ZooBridge's always has both. Networks have random weights,
scaled so that their scores differ.

<!-- not run: takes about twenty minutes -->
```sh
python -m benchmarks
```
"""


class Report:
    """Collects figures; rows that are not run again keep those of their last run.

    Parameters
    ----------
    raw
        The JSON file.
    rows
        All rows, in the table's order.
    notes
        Markdown on where the time goes, each note below a heading of its row's name.
    """

    def __init__(self, raw: Path, rows: Sequence[Row], *, notes: Path = _NOTES) -> None:
        self._notes = notes
        self._raw = raw
        self._rows = rows
        self._known: dict[str, Any] = json.loads(raw.read_text("utf-8")) if raw.exists() else {}
        self._machine = machine()

    def add(self, row: Row, figures: list[Figure]) -> None:
        """Keep a row's figures, at once, so that a run which breaks off loses none."""
        self._known[row.name] = {
            "machine": self._machine,
            "figures": [asdict(figure) for figure in figures],
        }
        self._raw.parent.mkdir(parents=True, exist_ok=True)
        self._raw.write_text(json.dumps(self._known, indent=1), "utf-8")

    def write(self, page: Path) -> None:
        """Write the page, and the plot into ``images`` beside it."""
        known = {
            row: _figures(self._known[row.name]) for row in self._rows if row.name in self._known
        }
        notes = _read_notes(self._notes)
        parts = [_HEAD]
        if known:
            image = page.parent / "images" / "performance.svg"
            image.parent.mkdir(parents=True, exist_ok=True)
            image.write_text(plot([one for figures in known.values() for one in figures]), "utf-8")
            parts += ["![Figures next to their targets](images/performance.svg)\n", _table(known)]
        else:
            parts.append("No figures were taken yet.\n")
        for row in self._rows:
            parts.append(_section(row, known.get(row, []), notes.get(row.name, "")))
        if known:
            parts.append(_machines({row.name: self._known[row.name]["machine"] for row in known}))
        page.write_text("\n".join(parts).rstrip() + "\n", "utf-8")


def line(figure: Figure) -> str:
    """Return a figure in a line."""
    spread = f"({_number(min(figure.values))}…{_number(max(figure.values))})"
    reached = {None: "", True: "reached", False: "NOT reached"}[figure.reached]
    shown = f"{_shown(figure, figure.value):>10} {spread:>16} {_target(figure):>9}"
    return f"  {figure.measure:64} {shown} {reached}".rstrip()


def _figures(known: dict[str, Any]) -> list[Figure]:
    return [
        Figure(
            **{
                **one,
                "reference": tuple(one["reference"]),
                "ours": tuple(one["ours"]),
                "target": one["target"] and Target(**one["target"]),
            }
        )
        for one in known["figures"]
    ]


def _table(known: dict[Row, list[Figure]]) -> str:
    lines = [
        "| work | measured | reference | ZooBridge | figure | spread | target | reached |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | --- |",
    ]
    for row, figures in known.items():
        for figure in figures:
            spread = f"{_number(min(figure.values))} – {_number(max(figure.values))}"
            reached = {None: "", True: "yes", False: "**no**"}[figure.reached]
            cells = (
                f"[{row.name}](#{row.name})",
                figure.measure,
                _median(figure.reference, figure.unit),
                _median(figure.ours, figure.unit),
                _shown(figure, figure.value),
                spread,
                _target(figure),
                reached,
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _section(row: Row, figures: list[Figure], profile: str) -> str:
    text = f"## {row.name}\n\n{row.work}\n\nReference: {row.reference}\n"
    notes = [f"- {figure.measure}: {figure.note}" for figure in figures if figure.note]
    if notes:
        text += "\n" + "\n".join(notes) + "\n"
    if profile:
        text += f"\n### Where the time goes\n\n{profile}\n"
    return text


def _read_notes(path: Path) -> dict[str, str]:
    sections = path.read_text("utf-8").split("\n## ")[1:]
    heads = (section.partition("\n") for section in sections)
    return {name.strip(): text.strip() for name, _, text in heads}


def _machines(found: dict[str, dict[str, str]]) -> str:
    """Tell what all rows have in common, and in a table the rest."""
    names = dict.fromkeys(name for facts in found.values() for name in facts)
    values = {name: [facts.get(name, "") for facts in found.values()] for name in names}
    differing = [name for name, every in values.items() if len(set(every)) > 1]
    lines = ["## The machine", ""]
    lines += [f"- {name}: {values[name][0]}" for name in names if name not in differing]
    if differing:
        lines += ["", f"| row | {' | '.join(differing)} |", "| --- " * (len(differing) + 1) + "|"]
        for row, facts in found.items():
            cells = (row, *(facts.get(name, "") for name in differing))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _median(values: tuple[float, ...], unit: str) -> str:
    if not values:
        return ""
    middle = sorted(values)[len(values) // 2]
    return f"{_number(middle)} {unit}"


def _shown(figure: Figure, value: float) -> str:
    if figure.form == "ratio":
        return f"{value:.2f} ×"
    sign = "+" if figure.form == "difference" and value >= 0 else ""
    return f"{sign}{_number(value)} {figure.unit}"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≥' if figure.target.least else '≤'} {_shown(figure, figure.target.bound)}"


def _number(value: float) -> str:
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
