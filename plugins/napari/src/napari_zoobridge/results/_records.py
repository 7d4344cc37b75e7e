"""Results with the items that they answer: for the table, for files, for features."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_zoobridge.results._own_words import in_own_words
from napari_zoobridge.targets import Item, plane_text
from zoobridge.client import Result, table_columns
from zoobridge.errors import RegionError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Record", "answered", "of_objects", "refused", "write_csv"]


@dataclass(frozen=True)
class Record:
    """The answer for one item.

    Parameters
    ----------
    item
        What was classified.
    result
        What the server says of it, with the layer's name, the plane and the region as every
        ZooBridge client writes them.
    """

    item: Item
    result: Result

    @property
    def label(self) -> str | None:
        """The best class; `None` for an error."""
        return self.result.label or None

    @property
    def score(self) -> float | None:
        """Its score; `None` where the item has none."""
        return self.result.score

    @property
    def unlike_training(self) -> bool:
        """Whether the item is unlike the pictures that the model was trained on."""
        return self.result.novelty is not None and self.result.novelty.exceeded

    @property
    def error(self) -> str:
        """What is wrong with the item, as a sentence; empty for an answer."""
        return "" if self.result.error is None else in_own_words(self.result.error)


def answered(item: Item, image: str, result: Result) -> Record:
    """Join an item with its answer.

    The item's picture may have been a part of a plane; the result is renamed to the whole.
    """
    return Record(
        item,
        replace(
            result,
            image=image,
            plane=plane_text(item.plane),
            region=item.region,
            indexes=dict(item.plane),
            image_index=0,
            item_index=item.index,
        ),
    )


def refused(item: Item, image: str) -> Record:
    """Make the record of an item that could not even be asked for."""
    failure = Result(image=image, error=RegionError(item.problem))
    return answered(item, image, failure)


def of_objects(records: Sequence[Record]) -> list[Record]:
    """Choose one record for each object that was looked at in several planes.

    It is of the class that most of the object's planes name, and of these planes the one with the
    highest score. Where several classes are named equally often, the highest score decides too.

    Parameters
    ----------
    records
        The results, one for each object or one for each of its planes.

    Returns
    -------
    list of Record
        In the order of the objects' first records; a failure only where every plane failed.
    """
    planes: dict[int, list[Record]] = {}
    for record in records:
        planes.setdefault(record.item.index, []).append(record)
    chosen = []
    for several in planes.values():
        votes = Counter(record.label for record in several if record.label is not None)

        def weight(record: Record, votes: Counter[str] = votes) -> tuple[int, float]:
            score = record.score if record.score is not None else 0.0
            return (votes[record.label] if record.label is not None else 0), score

        chosen.append(max(several, key=weight))
    return chosen


def write_csv(records: Sequence[Record], path: Path, labels: Sequence[str] = ()) -> None:
    """Write results as the command line does: UTF-8, commas, one row for each item.

    The columns are ``image, plane, region, label, score, label_2, score_2, …, model, version,
    digest, error``, with ``score:LABEL`` for each class where all scores were asked for.

    Parameters
    ----------
    records
        The results, of one model or of several.
    path
        The file; one that is there is replaced.
    labels
        The model's classes, if every result holds all scores; else nothing.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    top = max((len(record.result.top) for record in records), default=1)
    reliability = any(one.result.prediction_set or one.result.novelty for one in records)
    columns = table_columns(top=top, errors=True, labels=labels, reliability=reliability)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for record in records:
            row = record.result.to_record(top=top, labels=labels)
            writer.writerow([row[name] for name in columns])
