"""Results with the items that they answer: for the table, for files, for features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_zoobridge._items import Item, plane_text
from zoobridge.client import Result, Results
from zoobridge.errors import RegionError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["Record", "answered", "refused", "to_frame", "write_csv"]


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
        """Its score; `None` where there is none."""
        return self.result.score

    @property
    def error(self) -> str:
        """What is wrong with the item, as a sentence; empty for an answer."""
        return "" if self.result.error is None else self.result.error.message


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


def to_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Make the table that every ZooBridge client writes.

    Parameters
    ----------
    records
        The results, of one model or of several.

    Returns
    -------
    pandas.DataFrame
        With the columns ``image, plane, region, label, score, label_2, score_2, …, model,
        version, digest`` and, if any item failed, ``error``.
    """
    return Results(record.result for record in records).to_pandas()


def write_csv(records: Sequence[Record], path: Path) -> None:
    """Write :func:`to_frame` as comma-separated UTF-8.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    to_frame(records).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
