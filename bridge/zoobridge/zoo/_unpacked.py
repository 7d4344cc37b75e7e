"""What was unpacked of zip files: kept while somebody uses it, and for a while longer."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.files import write_whole
from zoobridge.protocol.connection import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Unpacked"]

#: Of what no running server uses, so much stays, so that it need not be unpacked again.
_SPARE_BYTES: Final = 2 << 30
#: Whoever unpacks or finds a folder has stated its use long before so much time has passed.
_GRACE_SECONDS: Final = 24 * 3600.0

_USERS: Final = ".used-by-"
_SCRATCH: Final = (".unpacking-", ".removing-")


class Unpacked:
    """A folder of unpacked zips that several processes share.

    Each process states in a file what it uses; a statement holds for as long as its process
    lives, so that a model which is loaded finds its files however the zoo has changed since.

    Parameters
    ----------
    folder
        Holds one folder for each zip; need not exist.
    spare_bytes
        How much is kept of what nobody uses.
    """

    def __init__(self, folder: Path, *, spare_bytes: int = _SPARE_BYTES) -> None:
        self.folder = folder
        self._spare = spare_bytes
        self._statement = folder / f"{_USERS}{os.getpid()}-{secrets.token_hex(4)}.json"
        self._used: set[str] = set()

    def use(self, paths: Iterable[Path]) -> None:
        """State that this process uses the folders that some paths lie in.

        Paths elsewhere are of no account. A folder that cannot be written in is not cleaned by
        anybody either, and needs no statement.
        """
        names = {
            path.relative_to(self.folder).parts[0]
            for path in paths
            if path != self.folder and path.is_relative_to(self.folder)
        }
        if names <= self._used:
            return
        with contextlib.suppress(OSError):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    os.utime(self.folder / name)
            write_whole(self._statement, json.dumps(sorted(self._used | names)))
            self._used |= names

    def clean(self) -> None:
        """Remove what was used least recently, of what no living process uses.

        Nothing is removed where a statement cannot be read.
        """
        with contextlib.suppress(OSError, ValueError):
            used = set(self._statements())
            idle = []
            for entry in os.scandir(self.folder):
                if entry.name in used or not entry.is_dir(follow_symlinks=False):
                    continue
                last = entry.stat(follow_symlinks=False).st_mtime
                if time.time() - last > _GRACE_SECONDS:
                    idle.append((last, Path(entry.path)))
            kept = 0
            for _, path in sorted(idle, reverse=True):
                if path.name.startswith(_SCRATCH):
                    shutil.rmtree(path, ignore_errors=True)
                    continue
                kept += _size(path)
                if kept > self._spare:
                    _remove(path)

    def _statements(self) -> Iterator[str]:
        for path in self.folder.glob(f"{_USERS}*.json"):
            number = path.name.removeprefix(_USERS).partition("-")[0]
            if number.isdecimal() and is_alive(int(number)):
                yield from json.loads(path.read_text("utf-8"))
            else:
                path.unlink(missing_ok=True)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _remove(folder: Path) -> None:
    # Under another name first, so that nobody finds a part of it.
    doomed = folder.with_name(f".removing-{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
