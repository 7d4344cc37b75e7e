"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AppendedFile", "write_whole"]


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file, or leave the existing one unchanged.

    Whoever reads it meanwhile, or after the machine lost its power, finds the old text or the new.

    Parameters
    ----------
    path
        The file, in a folder that exists.
    text
        Its content, as UTF-8.
    private
        Whether its owner alone may read it; else all whom the umask lets.

    Raises
    ------
    OSError
        If it cannot be written; names the file, and nothing new lies beside it.
    """
    data = text.encode()
    scratch = path.with_name(f".zoobridge-{secrets.token_hex(4)}.new")
    try:
        scratch.touch(0o600 if private else 0o666, exist_ok=False)
        with scratch.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


class AppendedFile:
    """An open file to which data are appended as a whole or not at all.

    Parameters
    ----------
    path
        Where it is.
    length
        How many bytes of it are good; the others are cut off. With 0 it is made if need be.

    Raises
    ------
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path, length: int = 0) -> None:
        self.path = path
        # Unbuffered, so that a failure shows at once.
        self._file = path.open("r+b" if length else "wb", buffering=0)
        self._length = length
        if length:
            self._cut()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it yet."""
        return self._length == 0

    def append(self, data: bytes) -> None:
        """Append data, or raise and leave the file unchanged.

        Raises
        ------
        OSError
            If it cannot be written, as on a full disk; names the file.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            # A pipe or a device cannot be cut; there is then nothing to fix.
            with contextlib.suppress(OSError):
                self._cut()
            raise OSError(error.errno, error.strerror, os.fspath(self.path)) from error
        self._length += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _cut(self) -> None:
        self._file.truncate(self._length)
        self._file.seek(self._length)
