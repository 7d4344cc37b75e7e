"""The report: one HTML file that needs no network, with CSV and JSON beside it."""

from __future__ import annotations

import base64
import csv
import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np

from zoobridge.evaluation._scoring import calibration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zoobridge.evaluation._comparison import Comparison, Row
    from zoobridge.evaluation._datasets import Dataset

__all__ = ["write_report"]

# What every browser shows, and how large a picture may be to lie within the page.
_SHOWN = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".bmp": "image/bmp"}
_THUMBNAIL_BYTES = 200_000

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Comparison of models</title>
<style>body{font:15px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .6rem;border:1px solid #ccc;
text-align:right}th:first-child,td:first-child{text-align:left}.no{color:#777;font-style:italic}
figure{display:inline-block;margin:.4rem;text-align:center;font-size:12px}
figure img{width:80px;height:80px;object-fit:contain;image-rendering:pixelated;border:1px solid #ccc}
.charts{display:flex;flex-wrap:wrap;gap:1.5rem}pre{background:#f4f4f4;padding:.6rem;white-space:pre-wrap;
overflow-wrap:anywhere}.scroll{overflow-x:auto}</style>
<h1>Comparison of models</h1>
<h2>Ranking</h2><table id="ranking"><tr><th>model<th>accuracy<th>95 % interval<th>pictures/s
<th>not answered</tr>{% for row in rows %}<tr><td>{{ row.run.name }}
<td>{{ "%.4f"|format(row.measures.accuracy.value) }}
<td>{{ "%.4f"|format(row.accuracy.low) }} to {{ "%.4f"|format(row.accuracy.high) }}
<td>{{ "%.0f"|format(row.run.costs.values.get("throughput")) if row.run.costs.values.get("throughput") else "resumed" }}
<td>{{ row.run.failures|length }}</tr>{% endfor %}</table>
<h2>What may be concluded</h2><ul id="conclusions">{% for line in words %}<li>{{ line }}{% endfor %}
{% if cochran %}<li>All models together: Cochran's Q = {{ "%.3f"|format(cochran[0]) }},
p = {{ "%.2g"|format(cochran[1]) }}.{% endif %}</ul>
<p>Intervals: stratified bootstrap, percentiles. Pairs: McNemar's exact test with Holm's correction.</p>
{% if parity %}<h2>The same model in several frameworks</h2><ul id="parity">
{% for name, value in parity.items() %}<li>{{ name }}: largest score difference
{{ "%.2g"|format(value) }}{% endfor %}</ul>{% endif %}
<h2>Measures</h2><div class="scroll"><table id="measures"><tr><th>measure{% for row in rows %}
<th>{{ row.run.name }}{% endfor %}</tr>{% for one in measures %}<tr><td title="{{ one.description }}">
{{ one.name }}{% for row in rows %}{% set m = row.measures[one.name] %}{% if m.value is none %}
<td class="no">not applicable: {{ m.reason }}{% else %}<td>{{ "%.4f"|format(m.value) }}{% endif %}
{% endfor %}</tr>{% endfor %}</table></div>
<h2>Cost against accuracy</h2>{{ cost|safe }}
<h2>Calibration</h2><div class="charts">{% for name, chart in charts %}<figure>{{ chart|safe }}
<figcaption>{{ name }}</figcaption></figure>{% else %}<p>not applicable: no model gives
probabilities{% endfor %}</div>
<h2>Confusion matrices</h2><p>Rows: the true class. Columns: the answer.</p>
{% for row in rows %}<h3>{{ row.run.name }}</h3><div class="scroll"><table><tr><th>
{% for label in row.run.labels %}<th>{{ label }}{% endfor %}</tr>
{% for line in row.outcomes.confusion.tolist() %}<tr><th>{{ row.run.labels[loop.index0] }}
{% set total = line|sum %}{% for cell in line %}
<td style="background:rgba(42,111,187,{{ "%.2f"|format(0.7 * cell / total if total else 0) }})">
{{ cell or "" }}{% endfor %}</tr>{% endfor %}</table></div>{% endfor %}
<h2>Most confident mistakes</h2>{% for name, shown in mistakes %}<h3>{{ name }}</h3>
{% for one in shown %}<figure>{% if one.data %}<img alt="{{ one.path }}" src="{{ one.data }}">{% endif %}
<figcaption>{{ one.path }}<br>is {{ one.truth }}, answered {{ one.label }}{% if one.score is not none %}
({{ "%.2f"|format(one.score) }}){% endif %}</figcaption></figure>{% else %}<p>none</p>{% endfor %}
{% endfor %}
<h2>Disagreements</h2>{% if disagreements %}<table id="disagreements"><tr><th>picture<th>true
{% for row in rows %}<th>{{ row.run.name }}{% endfor %}</tr>{% for line in disagreements %}<tr>
{% for cell in line %}<td>{{ cell }}{% endfor %}</tr>{% endfor %}</table>{% else %}
<p>none: all models give the same answers</p>{% endif %}
<h2>Pictures without an answer, or left out</h2>{% if lost %}<ul>{% for name, why in lost %}
<li>{{ name }}: {{ why }}{% endfor %}</ul>{% else %}<p>none</p>{% endif %}
<h2>To repeat it</h2><pre id="command">{{ command }}</pre><p>{{ versions }}</p>
<ul>{% for row in rows %}<li>{{ row.run.name }}: {{ row.run.digest }}{% endfor %}</ul></html>
"""


def write_report(comparison: Comparison, dataset: Dataset, folder: Path, *, command: str) -> Path:
    """Write ``report.html``, ``measures.csv``, ``answers.csv`` and ``report.json``.

    Parameters
    ----------
    comparison
        What to tell.
    dataset
        The pictures that it is about.
    folder
        Where to; made if it is not there.
    command
        What repeats the comparison.

    Returns
    -------
    Path
        The HTML file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = comparison.rows
    versions = (
        f"zoobridge {version('zoobridge')}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn"))
    )
    record = comparison.to_record() | {"command": command, "versions": versions}
    (folder / "report.json").write_text(json.dumps(record, indent=2), "utf-8")
    _write_tables(comparison, dataset, folder)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    html = environment.from_string(_PAGE).render(
        rows=rows,
        words=comparison.words,
        cochran=comparison.cochran,
        parity=comparison.parity,
        measures=comparison.measures,
        cost=environment.from_string(_COST).render(points=list(_cost(comparison))),
        charts=[
            (row.run.name, environment.from_string(_CURVE).render(parts=calibration(row.outcomes)))
            for row in rows
            if row.outcomes.kind == "probability" and row.outcomes.scores is not None
        ],
        mistakes=[(row.run.name, list(_mistakes(row, comparison, dataset))) for row in rows],
        disagreements=list(_disagreements(comparison, dataset)),
        lost=[
            *((str(dataset.items[one.item].path), f"{row.run.name}: {one.error}")
              for row in rows for one in row.run.failures),
            *dataset.left_out,
        ],
        command=command,
        versions=versions,
    )  # fmt: skip
    path = folder / "report.html"
    path.write_text(html, "utf-8")
    return path


_CURVE = """<svg width="220" height="220" viewBox="-30 -10 240 240" role="img">
<path d="M0 200V0H200V200Z M0 200L200 0" fill="none" stroke="#999"/>
{% for sure, right, count in parts %}<circle cx="{{ 200 * sure }}" cy="{{ 200 - 200 * right }}" r="4"
fill="#2a6fbb"><title>{{ count }} pictures</title></circle>{% endfor %}
<text x="60" y="220" font-size="12">confidence</text>
<text x="-130" y="-8" font-size="12" transform="rotate(-90)">accuracy</text></svg>"""

_COST = """{% if points %}<svg width="640" height="250" viewBox="-40 -10 640 250" role="img">
<path d="M0 0V200H400" fill="none" stroke="#999"/>{% for name, x, y, ms in points %}
<circle cx="{{ 380 * x }}" cy="{{ 200 - 190 * y }}" r="5" fill="#2a6fbb"/>
<text x="{{ 380 * x + 8 }}" y="{{ 204 - 190 * y + 14 * (loop.index0 % 3) }}" font-size="11">{{ name }},
{{ "%.1f"|format(ms) }} ms</text>{% endfor %}
<text x="130" y="225" font-size="12">time per picture, once loaded</text>
<text x="-130" y="-10" font-size="12" transform="rotate(-90)">accuracy</text></svg>
{% else %}<p>not applicable: every answer was resumed from an earlier run</p>{% endif %}"""


def _cost(comparison: Comparison) -> Iterator[tuple[str, float, float, float]]:
    timed = [(row, 1000 / row.run.costs.values.get("throughput")) for row in comparison.rows if row.run.costs.values.get("throughput")]
    longest = max((time for _, time in timed), default=1.0)
    for row, time in timed:
        yield row.run.name, time / longest, float(row.outcomes.correct.mean()), time


def _mistakes(row: Row, comparison: Comparison, dataset: Dataset) -> Iterator[dict[str, Any]]:
    wrong = np.flatnonzero(~row.outcomes.correct)
    scores = row.outcomes.scores
    sure = None if scores is None else scores[wrong, row.outcomes.predicted[wrong]]
    order = range(len(wrong)) if sure is None else np.argsort(-sure, kind="stable").tolist()
    for place in list(order)[:12]:
        number = int(wrong[place])
        item = dataset.items[comparison.items[number]]
        kind = _SHOWN.get(item.path.suffix.lower())
        data = ""
        if kind is not None and item.path.stat().st_size <= _THUMBNAIL_BYTES:
            data = f"data:{kind};base64,{base64.b64encode(item.path.read_bytes()).decode()}"
        yield {
            "path": item.path.name,
            "truth": item.label,
            "label": row.run.labels[int(row.outcomes.predicted[number])],
            "score": None if sure is None else float(sure[place]),
            "data": data,
        }


def _disagreements(comparison: Comparison, dataset: Dataset) -> Iterator[list[str]]:
    for number in comparison.items:
        answers = [row.run.answers[number].label for row in comparison.rows]
        if len(set(answers)) > 1:
            yield [str(dataset.items[number].path), dataset.items[number].label, *answers]


def _write_tables(comparison: Comparison, dataset: Dataset, folder: Path) -> None:
    names = [row.run.name for row in comparison.rows]
    with (folder / "measures.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["measure", *names])
        for one in comparison.measures:
            found = [row.measures[one.name] for row in comparison.rows]
            table.writerow(
                [one.name, *("not applicable" if m.value is None else m.value for m in found)]
            )
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", *names])
        for number, item in enumerate(dataset.items):
            answers = [row.run.answers[number].label for row in comparison.rows]
            table.writerow([item.path, item.label, *answers])
