"""Labelled pictures as they lie on disk: a folder per class, or a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import read_dataset
from zoobridge.evaluation import read_table as read_rows
from zoobridge.training.annotations._groups import GroupRule
from zoobridge.training.annotations._records import (
    Annotation,
    ChosenBy,
    annotator_name,
    file_digest,
    now,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Found", "read_labelled"]


@dataclass(frozen=True)
class Found:
    """What was found.

    Parameters
    ----------
    annotations
        In the order of the source.
    left_out
        What was not taken, each with the reason.
    """

    annotations: tuple[Annotation, ...]
    left_out: tuple[tuple[str, str], ...]


def read_labelled(
    source: Path,
    *,
    group_by: GroupRule | None = None,
    annotator: str | None = None,
    on_file: Callable[[int, int], None] | None = None,
) -> Found:
    """Read a folder with a folder per class, or a table with the columns path and label.

    A table may also have the columns ``region`` (``x,y,width,height``), ``group``, ``annotator``
    and ``chosen_by``. Pictures are read for their digest, and not changed.

    Parameters
    ----------
    source
        The folder or table (CSV or Parquet).
    group_by
        The rule for groups; by default a table's column ``group``, else each picture by itself.
    annotator
        Who gave the classes; the user's name if not given.
    on_file
        Called with how many files were read, and of how many.

    Raises
    ------
    InvalidRequestError
        If it is neither, or a group cannot be found.
    """
    who = annotator_name() if annotator is None else annotator
    rows = [] if source.is_dir() else read_rows(source)
    dataset = read_dataset(source, reader="folders" if source.is_dir() else "table")
    if dataset.multi_label:
        raise InvalidRequestError(
            f"{source} gives several classes to a picture; training takes one class for each"
        )
    left_out = list(dataset.left_out)
    annotations = []
    when = now()
    for number, item in enumerate(dataset.items):
        row = rows[number] if rows else {}
        path = Path(item.path).absolute()
        try:
            digest = file_digest(path)
        except InvalidRequestError as error:
            left_out.append((str(path), error.message))
        else:
            annotations.append(
                Annotation(
                    digest=digest,
                    path=str(path),
                    label=item.label,
                    region=_region(row.get("region", ""), source),
                    group=_group(group_by, path, digest, row),
                    annotator=row.get("annotator") or who,
                    time=row.get("time") or when,
                    chosen_by=_chosen_by(row.get("chosen_by", ""), source),
                )
            )
        if on_file is not None:
            on_file(number + 1, len(dataset.items))
    return Found(tuple(annotations), tuple(left_out))


def _group(rule: GroupRule | None, path: Path, digest: str, row: Mapping[str, str]) -> str:
    if rule is not None:
        return rule.group(path, digest, row)
    return row.get("group") or digest


def _region(text: str, source: Path) -> str:
    if not text:
        return ""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        width = height = 0
    if min(width, height) < 1:
        raise InvalidRequestError(f"{source}: {text!r} is not a region; write x,y,width,height")
    return f"{x},{y},{width},{height}"


def _chosen_by(text: str, source: Path) -> ChosenBy:
    try:
        return ChosenBy(text or "random")
    except ValueError:
        raise InvalidRequestError(
            f"{source}: chosen_by is random or suggested, not {text!r}"
        ) from None
