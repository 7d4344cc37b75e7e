"""The journal of a project: every annotation is on disk before the next one is made."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError
from zoobridge.files import AppendedFile
from zoobridge.training.annotations._records import Annotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["AnnotationJournal"]

_Key = tuple[str, str, str]


class AnnotationJournal:
    """The annotations of one project, in the order in which they were made.

    Each person has one class for an item; a later one replaces it. Each line of the file is an
    annotation, or takes one back. A line that a crash cut off is dropped.

    Parameters
    ----------
    path
        The file; created in a folder that exists.

    Raises
    ------
    InvalidRequestError
        If the file is not such a journal.
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._rows: dict[_Key, Annotation] = {}
        # What each line replaced, so that it can be taken back.
        self._history: list[tuple[_Key, Annotation | None]] = []
        good = self._read(path) if path.exists() else 0
        self._file = AppendedFile(path, good)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Annotation]:
        # What is read while another thread adds to it is what was there.
        return iter(tuple(self._rows.values()))

    def add(self, annotations: Iterable[Annotation]) -> None:
        """Write annotations; those that are there already, word for word but for the time, are not.

        Raises
        ------
        OSError
            If they cannot be written; none of them is then kept.
        """
        new = [one for one in annotations if not self._has(one)]
        if not new:
            return
        lines = (json.dumps({"add": one.to_record()}, ensure_ascii=False) + "\n" for one in new)
        self._file.append("".join(lines).encode())
        for one in new:
            self._take(one)

    def keep_only(self, annotations: Iterable[Annotation]) -> None:
        """Remove all annotations of items that are not among these.

        Raises
        ------
        OSError
            If that cannot be written; all are then kept.
        """
        kept = {one.item for one in annotations}
        gone = [one for one in self if one.item not in kept]
        if gone:
            lines = (json.dumps({"remove": one.to_record()}, ensure_ascii=False) for one in gone)
            self._file.append(("\n".join(lines) + "\n").encode())
        for one in gone:
            self._remove(one)

    def undo(self) -> Annotation | None:
        """Take the last change back, and return the annotation that it made, if it made one."""
        if not self._history:
            return None
        key, before = self._history[-1]
        undone = self._rows.get(key)
        self._file.append(b'{"undo": true}\n')
        self._history.pop()
        self._restore(key, before)
        return undone

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def to_csv(self) -> str:
        """Return the annotations as a table, which :func:`read_labelled` reads back."""
        text = io.StringIO()
        writer = csv.DictWriter(
            text,
            ["path", "label", "region", "group", "annotator", "time", "chosen_by", "digest"],
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(one.to_record() for one in self)
        return text.getvalue()

    def _has(self, annotation: Annotation) -> bool:
        known = self._rows.get(_key(annotation))
        return known is not None and (known.label, known.group, known.path) == (
            annotation.label,
            annotation.group,
            annotation.path,
        )

    def _take(self, annotation: Annotation) -> None:
        key = _key(annotation)
        self._history.append((key, self._rows.get(key)))
        self._rows[key] = annotation

    def _remove(self, annotation: Annotation) -> None:
        key = _key(annotation)
        self._history.append((key, self._rows.pop(key)))

    def _restore(self, key: _Key, before: Annotation | None) -> None:
        if before is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = before

    def _read(self, path: Path) -> int:
        """Read the file; return the length of what is whole."""
        good = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                    if "undo" in entry:
                        self._restore(*self._history.pop())
                    elif "remove" in entry:
                        self._remove(Annotation.from_record(entry["remove"]))
                    else:
                        self._take(Annotation.from_record(entry["add"]))
                except (ValueError, KeyError, TypeError, IndexError) as error:
                    raise InvalidRequestError(
                        f"{path}, line {number} is not an annotation ({error}); restore the file, or "
                        "begin another project"
                    ) from error
                good += len(line)
        return good


def _key(annotation: Annotation) -> _Key:
    return (*annotation.item, annotation.annotator)
