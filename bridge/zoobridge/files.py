"""Files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file, or leave the one that was there as it is.

    Whoever reads it meanwhile, or after the machine lost its power, finds the old text or the new.

    Parameters
    ----------
    path
        The file, in a folder that exists.
    text
        What is to be in it, as UTF-8.
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
