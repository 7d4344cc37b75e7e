"""The table of results: the same columns in every program.

``image, plane, region, label, score, label_2, score_2, …, model, version, digest``; then
``prediction_set, novelty, novelty_threshold`` where the model's package allows to compute them, and
``error`` where any item failed.
"""

from __future__ import annotations

import struct
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoobridge.client._results import Result

__all__ = ["columns", "html", "record"]

_FLOAT = struct.Struct("<f")


def columns(
    *, top: int, errors: bool, labels: Sequence[str] = (), reliability: bool = False
) -> tuple[str, ...]:
    """Return the names of the columns.

    Parameters
    ----------
    top
        How many classes are told; at least one is.
    errors
        Whether there is a column for errors.
    labels
        The model's labels, where all scores are told: a column ``score:LABEL`` for each.
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


def record(result: Result, *, top: int, labels: Sequence[str] = ()) -> dict[str, Any]:
    """Return a result by column; `None` stands where there is no value."""
    row: dict[str, Any] = {
        "image": result.image,
        "plane": result.plane,
        "region": result.region,
    }
    for rank in range(1, max(top, 1) + 1):
        suffix = "" if rank == 1 else f"_{rank}"
        known = result.top[rank - 1] if rank <= len(result.top) else None
        row[f"label{suffix}"] = known.label if known else None
        row[f"score{suffix}"] = _short(known.score) if known else None
    row["model"] = result.model.id
    row["version"] = result.model.version
    row["digest"] = result.model.digest
    classes = result.prediction_set
    row["prediction_set"] = None if classes is None else "|".join(classes.labels)
    row["novelty"] = _short(result.novelty.value) if result.novelty else None
    row["novelty_threshold"] = _short(result.novelty.threshold) if result.novelty else None
    for index, label in enumerate(labels):
        scores = result.scores
        told = scores is not None and index < len(scores)
        row[f"score:{label}"] = (
            _short(float(scores[index])) if told and scores is not None else None
        )
    row["error"] = result.error.message if result.error is not None else None
    return row


def _short(score: float | None) -> float | None:
    """Return a short number that stands for the same float32, which is what was sent."""
    if score is None:
        return None
    data = _FLOAT.pack(score)
    for digits in range(6, 9):
        short = float(f"{score:.{digits}g}")
        if _FLOAT.pack(short) == data:
            return short
    return float(f"{score:.9g}")


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
