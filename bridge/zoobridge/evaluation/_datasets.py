"""Where labelled pictures come from: readers, built in or added through an entry point."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from zoobridge.client import IMAGE_SUFFIXES
from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ENTRY_POINT_GROUP",
    "CsvReader",
    "Dataset",
    "DatasetReader",
    "FolderReader",
    "Item",
    "match_labels",
    "read_dataset",
    "readers",
]

#: Packages add readers under this entry-point group; each entry is a class without arguments.
ENTRY_POINT_GROUP: Final = "zoobridge.dataset_readers"


@dataclass(frozen=True)
class Item:
    """A picture and its true class."""

    path: Path
    label: str


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures.

    Parameters
    ----------
    items
        The pictures, in a fixed order.
    left_out
        What was found but not taken, each with the reason.
    """

    items: tuple[Item, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the items, sorted."""
        return tuple(sorted({item.label for item in self.items}))


class DatasetReader(Protocol):
    """Reads labelled pictures from some place of one kind."""

    name: str
    description: str

    def fits(self, source: Path) -> bool:
        """Tell whether a path looks like what this reader reads."""

    def read(self, source: Path, classes: Sequence[str] = ()) -> Dataset:
        """Read the pictures; `classes`, where given, are the only classes to take."""


class FolderReader:
    """One sub-folder per class."""

    name = "folders"
    description = "A folder with one sub-folder of pictures for each class, named as the class."

    def fits(self, source: Path) -> bool:
        """Tell whether it is a folder."""
        return source.is_dir()

    def read(self, source: Path, classes: Sequence[str] = ()) -> Dataset:
        """Read every picture below each class's folder.

        Raises
        ------
        InvalidRequestError
            If it is no folder, a class of `classes` has no sub-folder, or there is no picture.
        """
        if not source.is_dir():
            raise InvalidRequestError(f"{source} is no folder; give one with a folder per class")
        folders = sorted(path for path in source.iterdir() if path.is_dir())
        if missing := sorted(set(classes) - {folder.name for folder in folders}):
            raise InvalidRequestError(f"{source} has no folder for {', '.join(missing)}")
        items, left_out = [], []
        for folder in folders:
            if classes and folder.name not in classes:
                left_out.append((str(folder), "its class is not among those of the label file"))
                continue
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in IMAGE_SUFFIXES:
                    items.append(Item(path, folder.name))
                elif path.is_file():
                    left_out.append((str(path), "its ending is not that of a picture"))
        left_out += [
            (str(path), "it lies beside the folders of the classes")
            for path in sorted(source.iterdir())
            if path.is_file()
        ]
        if not items:
            raise InvalidRequestError(f"{source} holds no picture in a folder of a class")
        return Dataset(tuple(items), tuple(left_out))


class CsvReader:
    """A table with a path and a label in each row."""

    name = "csv"
    description = "A CSV file with the columns path (relative to the file, or absolute) and label."

    def fits(self, source: Path) -> bool:
        """Tell whether it is a CSV file."""
        return source.suffix.lower() == ".csv"

    def read(self, source: Path, classes: Sequence[str] = ()) -> Dataset:
        """Read the table.

        Raises
        ------
        InvalidRequestError
            If the file cannot be read, lacks a column or a cell, or has no row of `classes`.
        """
        try:
            with source.open(encoding="utf-8-sig", newline="") as file:
                table = csv.DictReader(file)
                lacking = {"path", "label"} - set(table.fieldnames or ())
                rows = list(table)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InvalidRequestError(f"{source} cannot be read as CSV: {error}") from error
        if lacking:
            raise InvalidRequestError(f"{source} lacks the column {', '.join(sorted(lacking))}")
        items, left_out = [], []
        for number, row in enumerate(rows, start=2):
            if not row["path"] or not row["label"]:
                raise InvalidRequestError(f"{source}, line {number}: path or label is empty")
            if classes and row["label"] not in classes:
                left_out.append((row["path"], "its class is not among those of the label file"))
                continue
            items.append(Item(source.parent / row["path"], row["label"]))
        if not items:
            raise InvalidRequestError(f"{source} names no picture to take")
        return Dataset(tuple(items), tuple(left_out))


def readers() -> Mapping[str, DatasetReader]:
    """Return all dataset readers by name, the built-in ones first.

    Raises
    ------
    InvalidRequestError
        If an installed package adds a reader under a name that is taken.
    """
    found: dict[str, DatasetReader] = {one.name: one for one in (FolderReader(), CsvReader())}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        reader: DatasetReader = entry.load()()
        if reader.name in found:
            raise InvalidRequestError(
                f"two dataset readers are called {reader.name}; uninstall the one of {entry.value}"
            )
        found[reader.name] = reader
    return found


def read_dataset(source: Path, *, reader: str = "", classes: Sequence[str] = ()) -> Dataset:
    """Read labelled pictures.

    Parameters
    ----------
    source
        A folder or file.
    reader
        Name of the reader; empty for the first that fits.
    classes
        The only classes to take; all if empty.

    Raises
    ------
    InvalidRequestError
        If no reader has that name or fits, or the reader refuses the source.
    """
    known = readers()
    if reader and reader not in known:
        raise InvalidRequestError(
            f"no dataset reader is called {reader}; there are {', '.join(known)}"
        )
    if not source.exists():
        raise InvalidRequestError(f"{source} does not exist")
    for one in [known[reader]] if reader else known.values():
        if reader or one.fits(source):
            return one.read(source, classes)
    raise InvalidRequestError(
        f"no dataset reader takes {source}; give a folder with a folder per class, or a CSV file"
    )


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
        What the model calls a class of the dataset; classes not in it are matched by name, first
        as written, then without regard to case, spaces, ``_`` and ``-``.

    Raises
    ------
    InvalidRequestError
        If a class matches no label or several; the sentence lists all that do not match.
    """
    found, wrong = {}, []
    for label in labels:
        name = (mapping or {}).get(label, label)
        same = [index for index, other in enumerate(model_labels) if other == name]
        same = same or [
            index for index, other in enumerate(model_labels) if _plain(other) == _plain(name)
        ]
        if len(same) == 1:
            found[label] = same[0]
        else:
            wrong.append(label)
    if wrong:
        shown = ", ".join(model_labels[:20]) + (", …" if len(model_labels) > 20 else "")
        raise InvalidRequestError(
            f"these classes match no label of the model, or several: {', '.join(wrong)}; "
            f"it knows {shown}. Map them with a CSV file of class,label"
        )
    return found


def _plain(label: str) -> str:
    return label.casefold().translate({ord(sign): None for sign in " _-"})
