"""Labelled data that a request names by its path: below an allowed folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError, PathPermissionError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AllowedFolders"]


class AllowedFolders:
    """Decides what lies below folders that the administrator allowed.

    Parameters
    ----------
    roots
        The folders.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(root.resolve() for root in roots)

    def resolved(self, name: str, *, field: str) -> Path:
        """Return a path with every link followed.

        Parameters
        ----------
        name
            An absolute path on this machine.
        field
            The request's field that holds it.

        Raises
        ------
        InvalidRequestError
            If it is not absolute.
        PathPermissionError
            If it does not lie below an allowed folder, or nothing is allowed; what does not exist
            elsewhere give the same answer, so that callers cannot explore the disk.
        """
        if not self.roots:
            raise PathPermissionError(
                "this server evaluates nothing by path; evaluate where the pictures are "
                "(zoobridge evaluate), or let its administrator allow a folder",
                field=field,
                metadata={"setting": "allow_paths"},
            )
        path = Path(name)
        if "\0" in name or not path.is_absolute():
            raise InvalidRequestError(
                f"{name!r} is not an absolute path on the server's machine", field=field
            )
        try:
            found = path.resolve()
        except (OSError, RuntimeError) as error:
            raise self._refusal(name, field) from error
        if not any(found.is_relative_to(root) for root in self.roots):
            raise self._refusal(name, field)
        return found

    def option(self, name: str, value: str) -> str:
        """Return a reader's option; one that can be a path must lie below an allowed folder.

        Raises
        ------
        InvalidRequestError
            If it can be a path, and is not absolute.
        PathPermissionError
            If it is one elsewhere.
        """
        if len(value) > 1 and any(sign in value for sign in "/\\\0"):
            return str(self.resolved(value, field=f"options.{name}"))
        return value

    def _refusal(self, name: str, field: str) -> PathPermissionError:
        return PathPermissionError(
            f"{name} does not lie below a folder that this server may read pictures from; evaluate "
            "where the pictures are (zoobridge evaluate), or let its administrator allow their folder",
            field=field,
            metadata={"setting": "allow_paths"},
        )
