"""Pictures that a request names by their path on this machine."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.errors import ImageFormatError, InvalidRequestError, LimitError, PathPermissionError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AllowedPaths"]

_FIELD: Final = "image.path"
# A FIFO must not block the server, and a link put in place after the check must not be followed.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


class AllowedPaths:
    """Reads files below folders that the administrator allowed, and no others.

    Parameters
    ----------
    roots
        The folders.
    max_bytes
        Size of a file.
    """

    def __init__(self, roots: Sequence[Path], *, max_bytes: int) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._max_bytes = max_bytes

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Parameters
        ----------
        name
            Its absolute path.

        Raises
        ------
        PathPermissionError
            If it does not lie below an allowed folder once every link is followed.
        InvalidRequestError
            If it is not a file, or cannot be read.
        LimitError
            If it is too large.
        """
        if not self._roots:
            raise PathPermissionError(
                "this server takes no pictures by path; send the file's bytes, or let its "
                "administrator allow a folder",
                field=_FIELD,
                metadata={"setting": "allow_paths"},
            )
        path = self._resolved(name)
        try:
            handle = os.open(path, _FLAGS)
            with os.fdopen(handle, "rb") as file:
                facts = os.fstat(handle)
                # The name may have changed its meaning between the check and the opening.
                if not os.path.samestat(facts, self._resolved(name).stat()):
                    raise self._refusal(name)
                if not stat.S_ISREG(facts.st_mode):
                    raise InvalidRequestError(f"{name} is not a file", field=_FIELD)
                if facts.st_size > self._max_bytes:
                    raise LimitError(
                        f"{name} has {facts.st_size} bytes, and this server takes pictures of up "
                        f"to {self._max_bytes}",
                        field=_FIELD,
                    )
                data = file.read(self._max_bytes + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InvalidRequestError(f"cannot read {name}: {reason}", field=_FIELD) from error
        if not data:
            raise ImageFormatError(f"{name} is an empty file", field=_FIELD)
        if len(data) > self._max_bytes:
            raise LimitError(f"{name} grew while it was read; try again", field=_FIELD)
        return data

    def _resolved(self, name: str) -> Path:
        path = Path(name)
        if not path.is_absolute() or "\0" in name:
            raise InvalidRequestError(
                f"{name!r} is not an absolute path on the server's machine", field=_FIELD
            )
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError) as error:
            # The same error as for a forbidden path: the answer must not map the disk.
            raise self._refusal(name) from error
        if not any(resolved.is_relative_to(root) for root in self._roots):
            raise self._refusal(name)
        return resolved

    def _refusal(self, name: str) -> PathPermissionError:
        return PathPermissionError(
            f"{name} does not lie below a folder that this server may read pictures from; send the "
            "file's bytes, or let its administrator allow the file's folder",
            field=_FIELD,
            metadata={"setting": "allow_paths"},
        )
