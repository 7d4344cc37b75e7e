"""Worker processes, seen from the server, and what all ways of starting them share."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._core_tokens import CoreTokens
from zoobridge.engine.channel._frames import FrameReader, FrameWriter

__all__ = [
    "Launcher",
    "WorkerProcess",
    "command",
    "ended_how",
    "joined",
    "private_environment",
    "widen",
]

_PIPE_BYTES = 1 << 20


def _nothing() -> None:
    """Do nothing."""


@dataclass
class WorkerProcess:
    """A worker, seen from the server.

    Parameters
    ----------
    pid
        Process id.
    reader, writer
        Frames from and to it.
    left
        Called once it has ended.
    """

    pid: int
    reader: FrameReader
    writer: FrameWriter
    left: Callable[[], None] = _nothing
    _ended: threading.Event = field(default_factory=threading.Event)
    _status: int | None = None

    def kill(self) -> None:
        """End it at once."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def note_exit(self, status: int) -> None:
        """Record how it ended: an exit code, or a negative signal number."""
        self._status = status
        self.left()
        self._ended.set()

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it: a person, or the system for lack of memory."""
        return self._status == -9

    def exit_reason(self, timeout: float = 1.0) -> str:
        """Wait briefly for its end and return how it came, as a phrase."""
        self._ended.wait(timeout)
        return "ended" if self._status is None else ended_how(self._status)

    def wait(self, timeout: float) -> bool:
        """Wait for its end; return whether it came."""
        return self._ended.wait(timeout)


class Launcher(Protocol):
    """Starts workers, and may keep something for each framework so that the next one starts fast."""

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """Start a worker that waits for its LOAD frame.

        Parameters
        ----------
        framework
            The framework it will run.
        arena
            Memory to share with it.
        folder
            Its private folder.

        Raises
        ------
        WorkerError
            If it cannot be started.
        """
        ...

    def release(self, framework: str) -> None:
        """End what is kept for a framework that has no worker; it comes back at need."""
        ...

    def standby(self) -> dict[str, int]:
        """Return the memory of what is kept, in bytes, by framework; cheap."""
        ...

    def close(self) -> None:
        """End what is kept. Workers end by themselves when their channel closes."""
        ...


def ended_how(status: int) -> str:
    """Return how a process ended, as a phrase: its exit code, or a negative signal number."""
    if status < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-status).name
            return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return f"ended with exit code {status}"


def joined(cores: CoreTokens | None) -> tuple[dict[str, int] | None, Callable[[], None]]:
    """Return a new worker's share of the cores, and what to call once it has ended."""
    handle = None if cores is None else cores.join()
    if cores is None or handle is None:
        return None, _nothing
    return asdict(handle), partial(cores.leave, handle.slot)


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs one of our modules."""
    return [sys.executable, "-X", "faulthandler", "-m", module, *arguments]


def widen(pipe: int) -> None:
    """Let a pipe hold a whole answer of usual size, so that a worker need not wait to write it."""
    if sys.platform == "linux":
        import fcntl

        # An ordinary user has a limited sum of such pipes; beyond it they stay unchanged.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def private_environment(folder: Path) -> dict[str, str]:
    """Return variables that keep what a framework writes to a worker's own folder."""
    place = str(folder)
    return {
        "HOME": place,
        "TMPDIR": place,
        "TEMP": place,
        "TMP": place,
        "XDG_CACHE_HOME": place,
        "XDG_CONFIG_HOME": place,
    }
