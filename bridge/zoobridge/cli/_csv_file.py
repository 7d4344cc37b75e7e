"""A file of results that is whole at every moment, and can be gone on with."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from zoobridge.errors import InvalidRequestError
from zoobridge.files import AppendedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

__all__ = ["CsvFile", "csv_line"]


def csv_line(cells: Sequence[object]) -> str:
    """Return cells as a line of CSV, in Python's and Excel's dialect."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


class CsvFile(AppendedFile):
    """A file of results.

    Parameters
    ----------
    path
        Where it is.
    done
        Names of the pictures whose rows it holds.
    length
        How many bytes of it are good.
    """

    def __init__(self, path: Path, done: Set[str] = frozenset(), length: int = 0) -> None:
        super().__init__(path, length)
        self.done = done

    @classmethod
    def open(
        cls, path: Path, columns: Sequence[str], digests: Set[str], *, resume: bool
    ) -> CsvFile:
        """Open a file of results, continuing it if asked to and if there is one.

        The rows of the last picture are dropped, whole or not, since more of them may have been
        due; it is classified again.

        Raises
        ------
        InvalidRequestError
            If the file has other columns, or holds results of another model.
        """
        if not resume or not path.exists():
            return cls(path)
        return cls(path, *_complete_part(path, columns, digests))


def _complete_part(path: Path, columns: Sequence[str], digests: Set[str]) -> tuple[set[str], int]:
    """Return the pictures that a file holds completely, and where the rows of them end."""
    starts: dict[str, int] = {}
    last = ""
    digest_column, image_column = columns.index("digest"), columns.index("image")
    with path.open("rb") as file:
        rows = _rows(file)
        header, end = next(rows, (None, 0))
        if header is None:
            return set(), 0
        if header != list(columns):
            raise InvalidRequestError(
                f"{path} has different columns; use the options with which "
                "it was begun, or name another file"
            )
        for row, stop in rows:
            if len(row) != len(columns):
                break
            digest = row[digest_column]
            if digest and digest not in digests:
                raise InvalidRequestError(
                    f"{path} holds results of another model or version (digest {digest[:12]}…); "
                    "name another file"
                )
            if row[image_column] not in starts:
                last = row[image_column]
                starts[last] = end
            end = stop
    if not starts:
        return set(), end
    return starts.keys() - {last}, starts[last]


def _rows(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """Yield each row that ends with a line's end, and where it ends."""
    position = 0
    complete = True

    def lines() -> Iterator[str]:
        nonlocal position, complete
        for line in file:
            position += len(line)
            complete = line.endswith(b"\n")
            yield line.decode("utf-8", "surrogateescape")

    reader = csv.reader(lines(), strict=True)
    while True:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            # A row that a crash tore apart, or filled with zeros, ends the part that is good.
            return
        if not complete:
            return
        yield row, position
