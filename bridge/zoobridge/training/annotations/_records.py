"""One annotation."""

from __future__ import annotations

import getpass
import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.client import Region
from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Annotation", "ChosenBy", "annotator_name", "file_digest", "has_changed", "now"]

_CHUNK = 1 << 20
#: The clock of a file system may be so much behind.
_CLOCK_SECONDS = 0.05


class ChosenBy(StrEnum):
    """Who chose what was annotated; only what was chosen at random is a fair test."""

    RANDOM = "random"
    SUGGESTED = "suggested"


@dataclass(frozen=True)
class Annotation:
    """A class given to a picture, or to a box in it.

    Parameters
    ----------
    digest
        SHA-256 of the picture's file, hexadecimal.
    path
        The picture's file, absolute.
    label
        The class.
    region
        ``x,y,width,height`` in pixels; empty for the whole picture.
    group
        What must not be split between training and test.
    annotator
        Who gave the class.
    time
        When, in UTC, as ISO 8601.
    chosen_by
        Who chose the picture.
    """

    digest: str
    path: str
    label: str
    region: str = ""
    group: str = ""
    annotator: str = ""
    time: str = ""
    chosen_by: ChosenBy = ChosenBy.RANDOM

    @property
    def item(self) -> tuple[str, str]:
        """What is annotated: the picture's digest, and the region."""
        return self.digest, self.region

    @property
    def name(self) -> str:
        """The path, and the region in it."""
        return f"{self.path} [{self.region}]" if self.region else self.path

    @property
    def box(self) -> Region | None:
        """The region; `None` for the whole picture."""
        if not self.region:
            return None
        x, y, width, height = map(int, self.region.split(","))
        return Region(x, y, width, height)

    def to_record(self) -> dict[str, str]:
        """Return the annotation by column, every value a text."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Annotation:
        """Return what :meth:`to_record` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not such a record.
        """
        values = {field.name: record[field.name] for field in fields(cls)}
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError("every column of an annotation is a text")
        return cls(**{**values, "chosen_by": ChosenBy(values["chosen_by"])})


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal.

    Raises
    ------
    InvalidRequestError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InvalidRequestError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def has_changed(annotation: Annotation, digest_of: Callable[[Path], str] = file_digest) -> bool:
    """Return whether the picture's file is another one than that which was annotated.

    It is read only where it was written after the annotation. One that cannot be read has not changed.

    Parameters
    ----------
    annotation
        Of the picture, or of a place in it.
    digest_of
        Returns the digest of a file, which may remember it: many places may lie in one picture.
    """
    path = Path(annotation.path)
    try:
        given = datetime.fromisoformat(annotation.time).timestamp()
    except ValueError:
        given = 0.0
    try:
        written = path.stat().st_mtime
        return written > given - _CLOCK_SECONDS and digest_of(path) != annotation.digest
    except (OSError, InvalidRequestError):
        return False


def annotator_name() -> str:
    """Return the name of the user who runs this program; empty where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def now() -> str:
    """Return the time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
