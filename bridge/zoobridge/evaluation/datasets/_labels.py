"""Bringing a dataset's classes and a model's labels together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._tables import check_columns, columns_of, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["labels_for", "match_labels", "read_mapping"]


def read_mapping(path: Path) -> Mapping[str, str]:
    """Return what models call a dataset's classes, from a CSV file of ``class,label``.

    Raises
    ------
    InvalidRequestError
        If it cannot be read, lacks a column or a cell, or names a class twice.
    """
    rows = read_table(path)
    check_columns(path, columns_of(path), ("class", "label"))
    found: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        if not row["class"] or not row["label"]:
            raise InvalidRequestError(f"{path}, row {number}: class or label is empty")
        if row["class"] in found:
            raise InvalidRequestError(f"{path}, row {number}: {row['class']} is there twice")
        found[row["class"]] = row["label"]
    return found


def match_labels(
    labels: Sequence[str], model_labels: Sequence[str], mapping: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return the index in a model's labels of each class of a dataset.

    Parameters
    ----------
    labels
        Classes of the dataset.
    model_labels
        The model's, in its order.
    mapping
        What a model calls a class of the dataset. Where this model does not know that word, and for
        classes that are not in the mapping, the class's own name counts. Names are compared as
        written, then without regard to case, spaces, ``_`` and ``-``.

    Raises
    ------
    InvalidRequestError
        If a class matches no label or several; the sentence lists all that do not match.
    """
    found, wrong = {}, []
    for label in labels:
        name = (mapping or {}).get(label, label)
        same = _same(name, model_labels) or _same(label, model_labels)
        if len(same) == 1:
            found[label] = same[0]
        else:
            wrong.append(label if name == label else f"{label} (mapped to {name})")
    if wrong:
        shown = ", ".join(model_labels[:20]) + (", …" if len(model_labels) > 20 else "")
        raise InvalidRequestError(
            f"these classes match no label of the model, or several: {', '.join(wrong)}; "
            f"it knows {shown}. Map them with a CSV file of class,label (--mapping)"
        )
    return found


def labels_for(
    labels: Sequence[str],
    model_labels: tuple[str, ...],
    mapping: Mapping[str, str] | None,
    *,
    multi_label: bool,
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the classes that a model distinguishes on a dataset, and which of them each class is.

    They are the model's labels. A model with a single output knows one class and the rest: where
    items have one class each, the rest is the dataset's other class, or ``not LABEL``.

    Raises
    ------
    InvalidRequestError
        As :func:`match_labels`.
    """
    known = model_labels
    if len(model_labels) == 1 and not multi_label:
        words = {label: (mapping or {}).get(label, label) for label in labels}
        others = [
            label
            for label, word in words.items()
            if not _same(word, model_labels) and not _same(label, model_labels)
        ]
        rest = words[others[0]] if len(others) == 1 else f"not {model_labels[0]}"
        known = (rest, model_labels[0])
    return known, match_labels(labels, known, mapping)


def _same(name: str, model_labels: Sequence[str]) -> list[int]:
    exact = [index for index, other in enumerate(model_labels) if other == name]
    return exact or [
        index for index, other in enumerate(model_labels) if _plain(other) == _plain(name)
    ]


def _plain(label: str) -> str:
    return label.casefold().translate({ord(sign): None for sign in " _-"})
