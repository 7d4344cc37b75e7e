"""Labelled pictures, and what a reader of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from zoobridge.client import Region

__all__ = [
    "LABEL_SEPARATOR",
    "Dataset",
    "DatasetReader",
    "LabelledItem",
]

#: Parts several labels in a cell of a table, and wherever an item's labels are shown.
LABEL_SEPARATOR: Final = "|"


@dataclass(frozen=True)
class LabelledItem:
    """A picture, or an object in it, and what it is.

    Parameters
    ----------
    path
        The picture's file.
    labels
        Its class; in a multi-label dataset several, or none.
    region
        Where the object lies, with its mask; `None` for the whole picture.
    """

    path: Path
    labels: tuple[str, ...]
    region: Region | None = None

    @property
    def name(self) -> str:
        """The file's path, and the object in it."""
        return str(self.path) if self.region is None else f"{self.path} object {self.region.id}"

    @property
    def label(self) -> str:
        """The classes in one text, parted by ``|``."""
        return LABEL_SEPARATOR.join(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures.

    Parameters
    ----------
    items
        The pictures or objects, in a fixed order.
    left_out
        What was found but not taken, each with the reason.
    multi_label
        Whether an item may have several classes, or none. If not, each has one.

    Raises
    ------
    InvalidRequestError
        If there is no item, or one lacks its class.
    """

    items: tuple[LabelledItem, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    multi_label: bool = False

    def __post_init__(self) -> None:
        if not self.items:
            raise InvalidRequestError("the dataset holds no labelled picture")
        if not self.multi_label:
            for item in self.items:
                if len(item.labels) != 1:
                    raise InvalidRequestError(
                        f"{item.name} has {len(item.labels)} classes where each item has one"
                    )
        elif not self.labels:
            raise InvalidRequestError("no item of the dataset has a class")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the items, sorted."""
        return tuple(sorted({label for item in self.items for label in item.labels}))


class DatasetReader(Protocol):
    """Reads labelled pictures from places of one kind.

    Attributes
    ----------
    name
        What commands call it.
    description
        What it reads, in one sentence.
    options
        Its options: the name, and what it does in one sentence. All values are
        texts.
    """

    name: str
    description: str
    options: Mapping[str, str]

    def fits(self, source: Path) -> bool:
        """Tell whether a path looks like what this reader reads."""
        ...

    def read(self, source: Path, options: Mapping[str, str]) -> Dataset:
        """Read the pictures' places and classes; the pictures themselves are not opened.

        Raises
        ------
        InvalidRequestError
            If the source is not what this reader reads.
        """
        ...
