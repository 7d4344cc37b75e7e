"""What must not be split between training and test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["GroupRule", "parse_group_rule"]


@dataclass(frozen=True)
class GroupRule:
    """How a picture's group is found.

    Parameters
    ----------
    kind
        ``picture``, ``parent``, ``prefix`` or ``column``.
    detail
        The regular expression of a prefix; the name of a column.
    """

    kind: str = "picture"
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind

    def __call__(self, path: Path) -> str:
        """Return the group of a picture of a folder; empty for the picture itself.

        Raises
        ------
        InvalidRequestError
            As :meth:`group`; always for a column, which a folder lacks.
        """
        return self.group(path, "", {})

    def group(self, path: Path, digest: str, row: Mapping[str, str]) -> str:
        """Return the group of a picture.

        Parameters
        ----------
        path, digest
            The picture's file, and the SHA-256 of its bytes.
        row
            The table's row; empty without a table.

        Raises
        ------
        InvalidRequestError
            If the file's name does not match, or the table has no such column.
        """
        if self.kind == "picture":
            return digest
        if self.kind == "parent":
            return str(path.parent)
        if self.kind == "column":
            if self.detail not in row:
                raise InvalidRequestError(
                    f"there is no column {self.detail}; give a table with it (--labels), "
                    f"or another --group-by"
                )
            return row[self.detail]
        found = re.match(self.detail, path.name)
        if found is None:
            raise InvalidRequestError(
                f"{path.name} does not match the prefix {self.detail}; correct --group-by"
            )
        return found[1] if found.re.groups else found[0]


def parse_group_rule(text: str) -> GroupRule:
    """Read ``picture``, ``parent``, ``prefix:REGEX`` or ``column:NAME``.

    Raises
    ------
    InvalidRequestError
        If it is not one of them, or not a regular expression.
    """
    kind, _, detail = text.partition(":")
    if kind in ("", "picture", "parent") and not detail:
        return GroupRule(kind or "picture")
    if kind in ("prefix", "column") and detail:
        if kind == "prefix":
            try:
                re.compile(detail)
            except re.error as error:
                raise InvalidRequestError(
                    f"{detail} is not a regular expression: {error}; correct --group-by"
                ) from error
        return GroupRule(kind, detail)
    raise InvalidRequestError(
        f"cannot group by {text!r}; use picture, parent, prefix:REGEX or column:NAME"
    )
