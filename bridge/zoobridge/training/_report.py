"""The report of a fit: a page with its figures and the pictures to look at."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoobridge.evaluation import LabelledItem, thumbnail
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zoobridge.training._fitted import Fitted
    from zoobridge.training.annotations import Annotation

__all__ = ["write_report"]

_SHOWN: Final = 24
_STYLE: Final = """body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.3rem .6rem}
td.n{text-align:right}figure{display:inline-block;margin:.4rem;width:11rem;vertical-align:top}
figcaption{font-size:.8rem;overflow-wrap:anywhere}.big{font-size:1.6rem}img{max-width:96px}"""


def write_report(
    folder: Path,
    name: str,
    fitted: Fitted,
    annotations: Sequence[Annotation],
    record: dict[str, Any],
    table: str,
) -> None:
    """Write ``report.html``, ``report.json`` and ``annotations.csv``.

    Parameters
    ----------
    folder
        Made if need be.
    name
        Of the project.
    fitted
        The fit.
    annotations
        That of each example.
    record
        The figures as plain values.
    table
        All annotations as CSV.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "report.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / "annotations.csv", table)
    write_whole(folder / "report.html", _page(name, fitted, annotations))


def _page(name: str, fitted: Fitted, annotations: Sequence[Annotation]) -> str:
    low, high = fitted.interval
    labels = fitted.examples.labels
    parts = [
        f"<h1>{escape(name)}</h1>",
        f"<p class='big'>Balanced accuracy {fitted.balanced_accuracy:.3f} (95 % interval {low:.3f} to "
        f"{high:.3f})</p>",
        f"<p>On pictures that the model had not seen: {fitted.recipe.repeats} × "
        f"{fitted.tested.folds}-fold cross-validation that never divides a group. Chance is "
        f"{1 / len(labels):.3f}. Accuracy {fitted.tested.accuracy:.3f}; always answering the commonest "
        f"class gives {fitted.majority_rate:.3f}.</p>",
        _list(fitted.cautions),
        "<h2>Classes</h2>",
        _table(
            ["class", "annotated", "groups", "recall"],
            [
                [
                    one.label,
                    str(one.items),
                    str(one.groups),
                    "too few groups" if one.recall is None else f"{one.recall:.2f}",
                ]
                for one in fitted.classes
            ],
        ),
        "<h2>Confusion</h2><p>Rows: annotated; columns: answered.</p>",
        _table(
            ["", *labels],
            [
                [label, *(f"{value:.1f}" for value in row)]
                for label, row in zip(labels, fitted.tested.confusion, strict=True)
            ],
        ),
    ]
    doubts = fitted.doubts[:_SHOWN]
    parts += _section(
        "Doubtful labels",
        (
            _figure(
                annotations[one.item],
                f"{annotations[one.item].label}? rather {one.suggested} ({one.probability:.2f} for its "
                "own class)",
            )
            for one in doubts
        ),
        len(fitted.doubts),
    )
    pairs = fitted.duplicates.pairs[:_SHOWN]
    parts += _section(
        "Duplicates",
        (
            _figure(annotations[place], f"{annotations[place].label}, cosine {pair.similarity:.4f}")
            for pair in pairs
            for place in (pair.first, pair.second)
        ),
        fitted.duplicates.total,
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(name)}</title>"
        f"<style>{_STYLE}</style>{''.join(parts)}</html>\n"
    )


def _section(title: str, figures: Iterable[str], total: int) -> list[str]:
    shown = list(figures)
    if not shown:
        return [f"<h2>{title}</h2><p>None found.</p>"]
    return [f"<h2>{title} ({total})</h2>", *shown]


def _figure(annotation: Annotation, caption: str) -> str:
    small = thumbnail(LabelledItem(Path(annotation.path), (annotation.label,), annotation.box))
    image = f"<img alt='' src='{small.data}'>" if small.data else escape(small.note)
    name = Path(annotation.path).name
    return f"<figure>{image}<figcaption>{escape(name)}: {escape(caption)}</figcaption></figure>"


def _list(sentences: Sequence[str]) -> str:
    return "".join(f"<p><b>Caution:</b> {escape(sentence)}.</p>" for sentence in sentences)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if place else ''}>{escape(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"
