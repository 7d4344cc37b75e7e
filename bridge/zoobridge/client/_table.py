"""The table of results: the same columns in every program.

``image, plane, region, label, score, label_2, score_2, …, model, version, digest``; then
``prediction_set, novelty, novelty_threshold`` where the model's package allows to compute them, and
``error`` where any item failed.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["columns", "html"]


def columns(
    *, top: int, errors: bool, labels: Sequence[str] = (), reliability: bool = False
) -> tuple[str, ...]:
    """Return the names of the columns.

    Parameters
    ----------
    top
        Number of classes; at least one.
    errors
        Whether there is a column for errors.
    labels
        The model's labels, to include all scores: a column ``score:LABEL`` for each.
    reliability
        Whether there are columns for prediction sets and novelty.
    """
    ranks = [("label", "score")]
    ranks += [(f"label_{rank}", f"score_{rank}") for rank in range(2, top + 1)]
    names = ["image", "plane", "region", *(name for pair in ranks for name in pair)]
    names += ["model", "version", "digest"]
    if reliability:
        names += ["prediction_set", "novelty", "novelty_threshold"]
    names += [f"score:{label}" for label in labels]
    return (*names, "error") if errors else tuple(names)


def html(records: Sequence[Mapping[str, Any]], *, note: str) -> str:
    """Return rows as an HTML table with a note below; every text is escaped."""
    if not records:
        return f"<p>{escape(note)}</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in records[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row.values()) + "</tr>"
        for row in records
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(note)}</p>"
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
