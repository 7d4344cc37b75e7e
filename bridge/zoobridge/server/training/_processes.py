"""The processes that train: one for each project in use, a few at once."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from zoobridge.engine import confined_program
from zoobridge.errors import InvalidRequestError, OverloadedError, ServerUnavailableError
from zoobridge.server.training._process import TrainingProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TrainingProcesses", "TrainingSettings", "unknown_project"]

_MODULE: Final = "zoobridge.training.service._process"
_MOST: Final = 4
#: Memory of a process, and of each that it starts to write a package.
_MEMORY: Final = 8 << 30
_DEATH: Final = (
    "the process of the training project {project!r} ended, perhaps for lack of memory; its annotations "
    "are kept. Repeat the call"
)
_DEATH_OF_EXPLANATIONS: Final = (
    "the process that explains answers ended, perhaps for lack of memory; ask for fewer windows, or "
    "repeat the call"
)
_IDLE_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True)
class TrainingSettings:
    """What a process needs to be a client of this server, and where it writes.

    Parameters
    ----------
    address
        ``host:port`` of this server.
    token
        Allows classifying.
    certificate
        To check the server by; `None` where it serves without TLS.
    zoo
        Where models are published.
    cache
        Folder for features.
    """

    address: str
    token: str
    certificate: Path | None
    zoo: Path
    cache: Path


def unknown_project(name: str) -> InvalidRequestError:
    """Return the error of a call on a project that does not exist."""
    return InvalidRequestError(
        f"the server has no training project {name!r}; open it first (OpenProject)", field="project"
    )


class TrainingProcesses:
    """Starts a process when a project is used, and ends it when it was not used for ten minutes.

    Parameters
    ----------
    settings
        Of all of them.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._processes: dict[str, TrainingProcess] = {}
        self._held: dict[str, int] = {}
        self._closed = threading.Event()
        threading.Thread(target=self._look, name="zoobridge-training-idle", daemon=True).start()

    def close(self) -> None:
        """End all of them; what they have answered is on disk."""
        self._closed.set()
        with self._lock:
            ending = list(self._processes.values())
            self._processes.clear()
        for process in ending:
            process.kill()

    @contextmanager
    def process(self, project: str, folder: Path) -> Iterator[TrainingProcess]:
        """Give the process of a project for a call; it is started if need be.

        Parameters
        ----------
        project
            Its name; empty for what belongs to no project.
        folder
            Where it may write, which exists.

        Raises
        ------
        OverloadedError
            If as many as may run are busy.
        InvalidRequestError
            If the project was removed meanwhile.
        ServerUnavailableError
            If the server is about to end.
        """
        with self._lock:
            process = self._started(project, folder)
            self._held[project] = self._held.get(project, 0) + 1
        try:
            yield process
        finally:
            with self._lock:
                self._held[project] -= 1

    def remove(self, project: str, folder: Path) -> None:
        """End the process of a project, and remove its folder; no call starts one there meanwhile.

        Raises
        ------
        InvalidRequestError
            If the folder is gone.
        OSError
            If something in it cannot be removed; the project is gone nevertheless.
        """
        gone = folder.with_name(f".gone-{secrets.token_hex(8)}")
        with self._lock:
            process = self._processes.pop(project, None)
            if process is not None:
                process.kill()
            try:
                folder.rename(gone)
            except FileNotFoundError:
                raise unknown_project(project) from None
        # With what a server that was killed here has left.
        for left in folder.parent.glob(".gone-*"):
            shutil.rmtree(left, ignore_errors=left != gone)

    def _started(self, project: str, folder: Path) -> TrainingProcess:
        if self._closed.is_set():
            raise ServerUnavailableError("the server is shutting down")
        process = self._processes.get(project)
        if process is not None and not process.ended:
            return process
        if not folder.is_dir():
            raise unknown_project(project)
        self._processes.pop(project, None)
        if len(self._processes) >= _MOST:
            self._make_room()
        own = self._settings
        own.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._processes[project] = process = TrainingProcess(
            confined_program(
                _MODULE,
                read=[] if own.certificate is None else [own.certificate],
                write=[own.cache, folder, own.zoo],
                connect=int(own.address.rpartition(":")[2]),
                memory=_MEMORY,
            ),
            {
                "address": own.address,
                "token": own.token,
                "ca": None if own.certificate is None else str(own.certificate),
                "project": project,
                "folder": str(folder),
                "zoo": str(own.zoo),
            },
            folder,
            death=_DEATH.format(project=project) if project else _DEATH_OF_EXPLANATIONS,
        )
        return process

    def _make_room(self) -> None:
        idle = [name for name in self._processes if not self._held.get(name)]
        if not idle:
            raise OverloadedError(
                f"{_MOST} training projects are busy, which is as many as this server takes; try "
                "again when one is done",
                retry_after=_RETRY_SECONDS,
            )
        longest = min(idle, key=lambda name: self._processes[name].idle_since)
        self._processes.pop(longest).kill()

    def _look(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            limit = time.monotonic() - _IDLE_SECONDS
            with self._lock:
                unused = [
                    name
                    for name, process in self._processes.items()
                    if not self._held.get(name) and (process.ended or process.idle_since < limit)
                ]
                ending = [self._processes.pop(name) for name in unused]
            for process in ending:
                process.kill()
