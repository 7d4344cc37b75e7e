"""Which weights the user trusts, by digest."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError, ServerError
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["TrustStore"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOCK_SECONDS = 10.0
_LOCK_STALE_SECONDS = 30.0


class TrustStore:
    """The digests that the user trusts, in a file that processes share.

    May be used from several threads and processes at once. A file that cannot be read trusts
    nothing.

    Parameters
    ----------
    path
        The file; `None` for ``trusted.json`` in the user's configuration folder. It need not exist.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            import platformdirs

            path = platformdirs.user_config_path("zoobridge", appauthor=False) / "trusted.json"
        self._path = path
        self._lock = threading.Lock()
        self._state: tuple[tuple[int, int, int] | None, frozenset[str]] = (None, frozenset())

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def digests(self) -> frozenset[str]:
        """Return what is trusted now; a change by another process is seen at once."""
        stamp = self._stamp()
        known, digests = self._state
        if stamp is None:
            return frozenset()
        if stamp != known:
            digests = frozenset(self._read())
            self._state = (stamp, digests)
        return digests

    def trusts(self, digest: str) -> bool:
        """Tell whether weights of that digest are trusted."""
        return bool(digest) and digest in self.digests()

    def trust(self, digests: Iterable[str], *, label: str = "") -> None:
        """Trust weights from now on.

        Parameters
        ----------
        digests
            :attr:`zoobridge.zoo.WeightsDescription.digest` of each.
        label
            What they are, for people who read the file.

        Raises
        ------
        InvalidRequestError
            If one of them is not a digest.
        ServerError
            If the file cannot be written.
        """
        wanted = list(digests)
        for digest in wanted:
            if not _DIGEST.fullmatch(digest):
                raise InvalidRequestError(
                    f"{digest!r} is not a SHA-256 digest; take it from the listing of models"
                )
        with self._exclusive():
            self._write(self._read() | dict.fromkeys(wanted, label))

    def forget(self, digests: Iterable[str]) -> None:
        """Trust weights no longer.

        Raises
        ------
        ServerError
            If the file cannot be written.
        """
        gone = set(digests)
        with self._exclusive():
            self._write({key: label for key, label in self._read().items() if key not in gone})

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        # Each change replaces the file, so that its inode or its time differs.
        return (facts.st_ino, facts.st_mtime_ns, facts.st_size)

    def _read(self) -> dict[str, str]:
        try:
            document = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        entries = document.get("trusted") if isinstance(document, dict) else None
        if not isinstance(entries, dict):
            return {}
        return {key: str(label) for key, label in entries.items() if _DIGEST.fullmatch(key)}

    def _write(self, entries: dict[str, str]) -> None:
        text = json.dumps({"trusted": entries}, indent=2, sort_keys=True) + "\n"
        write_whole(self._path, text, private=True)

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Keep other threads and processes from writing in between.

        The lock is a file that only one can create, which holds on every system and file system;
        one that a killed process left behind is taken over.
        """
        lock = self._path.with_name(self._path.name + ".lock")
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._acquire(lock)
                try:
                    yield
                finally:
                    lock.unlink(missing_ok=True)
            except OSError as error:
                raise ServerError(
                    f"what you trust cannot be written to {self._path}: {error.strerror or error}; "
                    "make the folder writable"
                ) from error

    def _acquire(self, lock: Path) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except (FileExistsError, PermissionError) as error:
                # Windows denies access to a file that is being deleted.
                if isinstance(error, PermissionError) and os.name != "nt":
                    raise
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - lock.stat().st_mtime > _LOCK_STALE_SECONDS:
                        lock.unlink(missing_ok=True)
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return
