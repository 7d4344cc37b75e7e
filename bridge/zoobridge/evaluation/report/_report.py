"""The report: one HTML file that needs no network, with CSV and JSON beside it."""

from __future__ import annotations

import json
import platform
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from markupsafe import Markup

from zoobridge.evaluation.measures._measures import per_class
from zoobridge.evaluation.measures._scoring import calibration
from zoobridge.evaluation.report._charts import calibration_chart, cost_chart, forest_chart
from zoobridge.evaluation.report._page import PAGE
from zoobridge.evaluation.report._tables import write_answers, write_mapping, write_measures
from zoobridge.evaluation.report._thumbnails import RULE, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.evaluation.comparison._comparison import Comparison, Row
    from zoobridge.evaluation.datasets._dataset import Dataset
    from zoobridge.evaluation.measures._measures import Measure

__all__ = ["repeating_command", "write_report"]

_MAPPING = "mapping.csv"
_MISTAKES = 12
_DISAGREEMENTS = 24
_MATRIX_CLASSES = 30
_WORST = 20


def repeating_command(
    comparison: Comparison,
    data: str,
    *,
    reader: str = "",
    options: Mapping[str, str] | None = None,
    mapping: Mapping[str, str] | None = None,
    measures: Sequence[str] = (),
    rank_by: str = "",
    seed: int = 0,
    resamples: int = 0,
) -> str:
    """Return the command that repeats a comparison on the dataset at a path.

    Parameters
    ----------
    comparison
        What was compared.
    data
        The path.
    reader, options, measures, rank_by, seed, resamples
        As it was asked for; what is empty or 0 was left to its default.
    mapping
        As it was asked for; the command names it as :func:`write_report` writes it.
    """
    words = ["zoobridge", "evaluate", *(row.run.name for row in comparison.rows), "--data", data]
    given = {
        "--reader": reader,
        "--mapping": _MAPPING if mapping else "",
        "--measures": ",".join(measures),
        "--rank-by": rank_by,
        "--seed": str(seed) if seed else "",
        "--resamples": str(resamples) if resamples else "",
    }
    for name, value in (options or {}).items():
        words += ["--option", f"{name}={value}"]
    for name, value in given.items():
        words += [name, value] if value else []
    return shlex.join([*words, "--report", "report"])


def write_report(
    comparison: Comparison,
    dataset: Dataset,
    folder: Path,
    *,
    command: str,
    mapping: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.html``, ``measures.csv``, ``answers.csv`` and ``report.json``.

    Parameters
    ----------
    comparison
        What to report.
    dataset
        The items that it is about.
    folder
        Where to; made if it is not there.
    command
        What repeats the comparison.
    mapping
        What models call the classes, which is written as ``mapping.csv`` if there is any.

    Returns
    -------
    Path
        The HTML file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = comparison.to_record() | {
        "command": command,
        "versions": _versions(),
        "dataset": comparison.rows[0].run.dataset,
        "left_out": [list(one) for one in dataset.left_out],
    }
    (folder / "report.json").write_text(json.dumps(record, indent=2), "utf-8")
    if mapping:
        write_mapping(mapping, folder / _MAPPING)
    write_measures(comparison, folder / "measures.csv")
    write_answers(comparison, dataset, folder / "answers.csv")
    path = folder / "report.html"
    path.write_text(_html(comparison, dataset, command), "utf-8")
    return path


def _html(comparison: Comparison, dataset: Dataset, command: str) -> str:
    rows = comparison.rows
    order = next(one for one in comparison.measures if one.name == comparison.rank_by)
    groups = _same_answers(rows)
    disagreements = list(_disagreements(comparison, dataset))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.from_string(PAGE).render(
        title="Comparison of models",
        subtitle=_subtitle(comparison, dataset),
        rows=rows,
        order=order,
        beside=[
            (one, _BESIDE[one.name])
            for one in comparison.measures
            if one.name in _BESIDE and one != order
        ],
        value=_value,
        interval=_interval,
        cell=_cell,
        forest=_forest(rows, order),
        words=comparison.conclusions,
        pairs=comparison.pairs,
        parity=comparison.parity,
        groups=[
            (title, ones)
            for title, group in (("Quality", "quality"), ("Cost", "cost"))
            if (ones := [one for one in comparison.measures if one.group == group])
        ],
        cost=_cost(rows, order),
        charts=[
            (names, calibration_chart(calibration(row.outcomes)))
            for names, row in groups
            if row.outcomes.kind == _probability(row) and row.outcomes.scores is not None
        ],
        multi_label=dataset.multi_label,
        classes=[_classes(names, row) for names, row in groups],
        mistakes=[_mistakes(names, row, comparison, dataset) for names, row in groups],
        rule=RULE,
        disagreements=[
            one | {"picture": thumbnail(dataset.items[one["item"]])}
            for one in disagreements[:_DISAGREEMENTS]
        ],
        disagreement_count=len(disagreements),
        item_count=len(comparison.items),
        lost=[
            *((dataset.items[one.item].name, f"{row.run.name}: {one.error}")
              for row in rows for one in row.run.failures),
            *dataset.left_out,
        ],
        methods=_methods(comparison, dataset),
        command=command,
        versions=_versions(),
        dataset_digest=rows[0].run.dataset,
    )  # fmt: skip


def _versions() -> str:
    parts = ", ".join(f"{name} {version(name)}" for name in ("zoobridge", "numpy", "scipy"))
    return f"{parts}, Python {platform.python_version()}"


def _subtitle(comparison: Comparison, dataset: Dataset) -> str:
    kind = "objects" if any(item.region is not None for item in dataset.items) else "pictures"
    models = len({row.run.model for row in comparison.rows})
    return (
        f"{models} {'model' if models == 1 else 'models'} in {len(comparison.rows)} "
        f"{'row' if len(comparison.rows) == 1 else 'rows'}, one for each framework; "
        f"{len(comparison.items)} of {len(dataset.items)} {kind} of {len(dataset.labels)} classes "
        "were answered by all."
    )


def _methods(comparison: Comparison, dataset: Dataset) -> str:
    drawn = "" if dataset.multi_label else " within each class"
    said = (
        "Measures follow scikit-learn's definitions. Intervals: percentiles of "
        f"{comparison.resamples} bootstrap resamples of the items{drawn}, the same for all models "
        f"(seed {comparison.seed}). Pairs: McNemar's exact test on the same items, two-sided, with "
        "Holm's correction for the number of pairs; rows of one model that give the same answers in "
        "several frameworks compete as one."
    )
    if comparison.cochran is not None:
        said += " All together: Cochran's Q."
    if comparison.friedman is not None:
        said += (
            " Probability of the true class: Friedman's test with items as blocks, then Wilcoxon's "
            "signed-rank test for each pair with Holm's correction."
        )
    return said


#: What stands beside the ranking, and under which title.
_BESIDE = {
    "balanced_accuracy": "balanced",
    "latency_p50": "latency p50",
    "throughput": "items/s",
    "memory_bytes": "memory",
}


def _shown(number: float, one: Measure) -> str:
    """Return a value with its unit, with as many digits as it is worth."""
    if one.unit == "s":
        return f"{1e3 * number:.3g} ms" if number < 1 else f"{number:.3g} s"
    if one.unit == "1/s":
        return f"{number:.3g}" if number < 100 else f"{number:.0f}"
    if one.unit == "bytes":
        return f"{number / 1024:.0f} KiB" if number < 2**20 else f"{number / 2**20:.1f} MiB"
    return f"{number:,.0f}" if one.group == "cost" else f"{number:.3f}"


def _value(row: Row, one: Measure) -> str:
    value = row.measures[one.name].value
    return "not applicable" if value is None else _shown(value, one)


def _interval(row: Row, one: Measure) -> str:
    found = row.intervals.get(one.name)
    return "" if found is None else f"{_shown(found.low, one)} to {_shown(found.high, one)}"


def _cell(row: Row, one: Measure, full: bool = False) -> Markup:  # noqa: FBT001, FBT002 - Jinja calls it
    found = row.measures[one.name]
    if found.value is None:
        return Markup('<td class="no">not applicable: {}</td>').format(found.reason)
    interval = _interval(row, one) if full else ""
    below = Markup('<br><span class="small">{}</span>').format(interval) if interval else ""
    return Markup("<td>{}{}</td>").format(_value(row, one), below)


def _forest(rows: Sequence[Row], order: Measure) -> list[str]:
    known = [row.measures[order.name].value for row in rows]
    drawn = iter(
        forest_chart(
            [(value, row.intervals.get(order.name))
             for row, value in zip(rows, known, strict=True) if value is not None],
            best=0.0 if order.best is None else order.best,
        )
    )  # fmt: skip
    return ["" if value is None else next(drawn) for value in known]


def _cost(rows: Sequence[Row], order: Measure) -> str:
    points = []
    for rank, row in enumerate(rows, start=1):
        latency = row.measures.get("latency_p50")
        value = row.measures[order.name].value
        if latency is not None and latency.value and value is not None:
            points.append((rank, latency.value, value, row.intervals.get(order.name)))
    return cost_chart(points, measure=order.name) if points else ""


def _probability(row: Row) -> str:
    return "independent_probability" if row.outcomes.multi_label else "probability"


def _same_answers(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Return rows of the same model and answers as one, with their names."""
    found: dict[tuple[str, bytes], list[Row]] = {}
    for row in rows:
        found.setdefault((row.run.model, row.outcomes.predicted.tobytes()), []).append(row)
    return [(", ".join(row.run.name for row in ones), ones[0]) for ones in found.values()]


def _classes(names: str, row: Row) -> dict[str, Any]:
    """Return the confusion matrix and the measures of each class; of many classes the worst."""
    outcomes = row.outcomes
    words = dict(zip(row.run.labels, row.run.classes, strict=True))
    labels = [words[label] for label in outcomes.labels]
    ones = [one | {"label": words[one["label"]]} for one in per_class(outcomes)]
    many = len(labels) > _MATRIX_CLASSES
    if many:
        there = [one for one in ones if one["items"]]
        ones = sorted(there, key=lambda one: float(one["f1"]))[:_WORST]
    found = {
        "names": names,
        "labels": labels,
        "classes": ones,
        "cut": many,
        "cells": [],
        "worst": [],
    }
    if not outcomes.multi_label:
        found["worst" if many else "cells"] = (
            _confusions(outcomes.confusion, labels) if many else _cells(outcomes.confusion)
        )
    return found


def _cells(matrix: NDArray[Any]) -> list[list[dict[str, Any]]]:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return [
        [{"count": int(count), "colour": f"rgba(31,95,168,{0.85 * share:.2f})",
          "ink": "#fff" if share > 0.6 else "#222"}
         for count, share in zip(line, part, strict=True)]
        for line, part in zip(matrix, shares, strict=True)
    ]  # fmt: skip


def _confusions(matrix: NDArray[Any], labels: Sequence[str]) -> list[tuple[str, str, int]]:
    wrong = matrix * ~np.eye(len(labels), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_WORST].tolist()
    places = [divmod(place, len(labels)) for place in order]
    return [
        (labels[true], labels[other], int(wrong[true, other]))
        for true, other in places
        if wrong[true, other]
    ]


def _mistakes(
    names: str, row: Row, comparison: Comparison, dataset: Dataset
) -> tuple[str, list[dict[str, Any]], int]:
    wrong = np.flatnonzero(~row.outcomes.correct)
    sure = _sureness(row)[wrong]
    shown = []
    for place in np.argsort(-sure, kind="stable")[:_MISTAKES].tolist():
        item = comparison.items[int(wrong[place])]
        shown.append(
            {
                "name": _short(dataset.items[item].name, dataset),
                "truth": dataset.items[item].label or "none",
                "label": row.answered(int(wrong[place])),
                "score": None if row.outcomes.scores is None else float(sure[place]),
                "picture": thumbnail(dataset.items[item]),
            }
        )
    return names, shown, len(wrong)


def _sureness(row: Row) -> Any:
    """Return how sure each answer is: the highest score of a class that is wrongly there or not."""
    outcomes = row.outcomes
    if outcomes.scores is None:
        return np.zeros(len(outcomes))
    if not outcomes.multi_label:
        return outcomes.scores[np.arange(len(outcomes)), outcomes.predicted]
    wrong = outcomes.truth != outcomes.predicted
    sure = np.where(outcomes.predicted, outcomes.scores, 1 - outcomes.scores)
    return np.where(wrong, sure, -np.inf).max(axis=1)


def _disagreements(comparison: Comparison, dataset: Dataset) -> Iterator[dict[str, Any]]:
    for place, item in enumerate(comparison.items):
        answers = [
            (row.answered(place), bool(row.outcomes.correct[place])) for row in comparison.rows
        ]
        if len({answer for answer, _ in answers}) > 1:
            yield {
                "item": item,
                "name": _short(dataset.items[item].name, dataset),
                "truth": dataset.items[item].label,
                "answers": answers,
            }


def _short(name: str, dataset: Dataset) -> str:
    """Return an item's name without the folder that all items share."""
    folders = {item.path.parent for item in dataset.items}
    common = Path(*_common([folder.parts for folder in folders]))
    return name.removeprefix(f"{common}/") if common.parts else name


def _common(parts: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared = []
    for words in zip(*parts, strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return tuple(shared)
