"""The tables beside a report, as CSV."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zoobridge.evaluation.comparison._comparison import Comparison
    from zoobridge.evaluation.datasets._dataset import Dataset

__all__ = ["write_answers", "write_mapping", "write_measures"]


def write_measures(comparison: Comparison, path: Path) -> None:
    """Write a line for each model and measure, with its interval, unit, or the reason why it has no value."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["model", "measure", "value", "low", "high", "unit", "reason"])
        for row in comparison.rows:
            for one in comparison.measures:
                found, interval = row.measures[one.name], row.intervals.get(one.name)
                ends = ("", "") if interval is None else (interval.low, interval.high)
                value = "not applicable" if found.value is None else found.value
                table.writerow([row.run.name, one.name, value, *ends, one.unit, found.reason])


def write_answers(comparison: Comparison, dataset: Dataset, path: Path) -> None:
    """Write a line for each item: what it is, and what each model answered; nothing where it failed."""
    rows = comparison.rows
    places = {item: place for place, item in enumerate(comparison.items)}
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "object", "label", *(row.run.name for row in rows)])
        for number, item in enumerate(dataset.items):
            if number in places:
                answers = [row.answered(places[number]) for row in rows]
            else:
                answers = [row.run.answered(number) for row in rows]
            region = "" if item.region is None else item.region.id
            table.writerow([item.path, region, item.label, *answers])


def write_mapping(mapping: Mapping[str, str], path: Path) -> None:
    """Write what models call each class, as ``--mapping`` reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["class", "label"])
        table.writerows(mapping.items())
