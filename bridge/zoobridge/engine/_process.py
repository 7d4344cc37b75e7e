"""Starting worker processes: forked from a process that has imported their framework, or fresh."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import psutil

from zoobridge.engine._arena import Arena
from zoobridge.engine._backends import worker_environment
from zoobridge.engine._cores import Cores
from zoobridge.engine._frames import FrameReader, FrameWriter
from zoobridge.errors import WorkerError

__all__ = ["Launcher", "Starter", "WorkerProcess", "make_launcher"]

_MOTHER_START_SECONDS = 120.0
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

    def obituary(self, timeout: float = 1.0) -> str:
        """Wait a little for its end and tell how it came, as a phrase."""
        self._ended.wait(timeout)
        if self._status is None:
            return "ended"
        if self._status < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-self._status).name
                return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        return f"ended with exit code {self._status}"

    def wait(self, timeout: float) -> bool:
        """Wait for its end; tell whether it came."""
        return self._ended.wait(timeout)


class Starter(Protocol):
    """Starts workers."""

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


class Launcher(Starter, Protocol):
    """Starts workers, and may keep something for each framework so that the next one starts fast."""

    def release(self, framework: str) -> None:
        """End what is kept for a framework that has no worker; it comes back at need."""
        ...

    def standby(self) -> dict[str, int]:
        """Tell the memory of what is kept, in bytes, by framework; cheap."""
        ...

    def close(self) -> None:
        """End what is kept. Workers end by themselves when their channel closes."""
        ...


def make_launcher(*, fork: bool, cores: Cores | None = None) -> Launcher:
    """Return the launcher for this system: forking where asked for and possible.

    Parameters
    ----------
    fork
        Whether to fork where that is possible.
    cores
        What the workers share; `None`: each has all cores for itself.
    """
    return ForkLauncher(cores) if fork and sys.platform == "linux" else SpawnLauncher(cores)


def _joined(cores: Cores | None) -> tuple[dict[str, int] | None, Callable[[], None]]:
    """Return what a new worker is told of the cores, and what is to be called once it has ended."""
    handle = None if cores is None else cores.join()
    if cores is None or handle is None:
        return None, _nothing
    return asdict(handle), partial(cores.leave, handle.slot)


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-X", "faulthandler", "-m", module, *arguments]


class SpawnLauncher:
    """Starts each worker as a fresh process; works everywhere.

    Parameters
    ----------
    cores
        What the workers share.
    """

    def __init__(self, cores: Cores | None = None) -> None:
        self._cores = cores

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """See :meth:`Launcher.launch`."""
        share, left = _joined(self._cores)
        document = {
            "framework": framework,
            "folder": str(folder),
            "arena": {
                "descriptor": arena.descriptor,
                "path": str(arena.path),
                "capacity": arena.capacity,
            },
            "cores": share,
        }
        inherited = [arena.descriptor] if arena.descriptor >= 0 else []
        if self._cores is not None:
            inherited.extend(self._cores.descriptors)
        passed = {"pass_fds": inherited} if inherited else {}
        with (folder / "stderr.log").open("ab") as log:
            process = subprocess.Popen(
                _command("zoobridge.engine._worker", json.dumps(document)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=worker_environment() | _private(folder),
                start_new_session=True,
                bufsize=0,
                **passed,  # type: ignore[call-overload]
            )
        writer = FrameWriter(os.dup(process.stdin.fileno()))
        reader = FrameReader(os.dup(process.stdout.fileno()))
        _widen(process.stdout.fileno())
        process.stdin.close()
        process.stdout.close()
        worker = WorkerProcess(process.pid, reader, writer, left)
        threading.Thread(
            target=lambda: worker.note_exit(process.wait()),
            name=f"zoobridge-wait-{process.pid}",
            daemon=True,
        ).start()
        return worker

    def release(self, framework: str) -> None:
        """See :meth:`Launcher.release`: nothing is kept."""

    def standby(self) -> dict[str, int]:
        """See :meth:`Launcher.standby`: nothing is kept."""
        return {}

    def close(self) -> None:
        """See :meth:`Launcher.close`: nothing is kept."""


def _widen(pipe: int) -> None:
    """Let a pipe hold a whole answer of usual size, so that a worker need not wait to write it."""
    if sys.platform == "linux":
        import fcntl

        # An ordinary user has a limited sum of such pipes; beyond it they stay as they are.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _private(folder: Path) -> dict[str, str]:
    place = str(folder)
    return {
        "HOME": place,
        "TMPDIR": place,
        "TEMP": place,
        "TMP": place,
        "XDG_CACHE_HOME": place,
        "XDG_CONFIG_HOME": place,
    }


class _Mother:
    """A process that has imported one framework and does nothing but fork workers."""

    def __init__(self, framework: str, cores: Cores | None) -> None:
        self.framework = framework
        self._cores = cores
        self._lock = threading.Lock()
        self._workers: dict[int, WorkerProcess] = {}
        self._forked: dict[int, int] = {}
        self._orphans: dict[int, int] = {}
        self._answer = threading.Condition()
        self._number = 0
        self._gone = False
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        with theirs:
            self.process = subprocess.Popen(
                _command("zoobridge.engine._mother", framework, str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=worker_environment(),
                start_new_session=True,
                pass_fds=(theirs.fileno(), *(() if cores is None else cores.descriptors)),
            )
        self._listener = threading.Thread(
            target=self._listen, name=f"zoobridge-mother-{framework}", daemon=True
        )
        self._listener.start()

    def fork(self, arena: Arena, folder: Path) -> WorkerProcess:
        """Have a worker forked."""
        with self._lock:
            request_read, request_write = os.pipe()
            reply_read, reply_write = os.pipe()
            _widen(reply_read)
            self._number += 1
            number = self._number
            share, left = _joined(self._cores)
            document = {
                "number": number,
                "folder": str(folder),
                "environment": _private(folder),
                "capacity": arena.capacity,
                "path": str(arena.path),
                "cores": share,
            }
            descriptors = [request_read, reply_write]
            if arena.descriptor >= 0:
                descriptors.append(arena.descriptor)
            try:
                socket.send_fds(self._socket, [json.dumps(document).encode()], descriptors)
            except OSError:
                self._gone = True
            finally:
                os.close(request_read)
                os.close(reply_write)
            pid = self._await_pid(number)
            if pid is None:
                os.close(request_write)
                os.close(reply_read)
                left()
                raise WorkerError(
                    f"the process that starts workers for {self.framework} has ended: {self._last_words()}"
                )
            worker = WorkerProcess(pid, FrameReader(reply_read), FrameWriter(request_write), left)
            with self._answer:
                self._workers[pid] = worker
                if pid in self._orphans:
                    worker.note_exit(self._orphans.pop(pid))
            return worker

    def _await_pid(self, number: int) -> int | None:
        limit = time.monotonic() + _MOTHER_START_SECONDS
        with self._answer:
            while number not in self._forked:
                if self._gone or not self._answer.wait(limit - time.monotonic()):
                    return None
            return self._forked.pop(number)

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return not self._gone and self.process.poll() is None

    def memory_bytes(self) -> int:
        """Tell the memory that is its own, shared with workers or not; the code of libraries is not."""
        with contextlib.suppress(psutil.Error):
            memory = psutil.Process(self.process.pid).memory_info()
            return int(memory.rss - memory.shared)
        return 0

    def close(self) -> None:
        """Let it end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listener.join()
        self._log.close()

    def _listen(self) -> None:
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                data = b""
            with self._answer:
                if not data:
                    self._gone = True
                    self._answer.notify_all()
                    break
                message: dict[str, Any] = json.loads(data)
                if "number" in message:
                    self._forked[message["number"]] = message["pid"]
                elif (worker := self._workers.pop(message["pid"], None)) is not None:
                    worker.note_exit(message["status"])
                else:
                    self._orphans[message["pid"]] = message["status"]
                self._answer.notify_all()
        self._socket.close()

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class ForkLauncher:
    """Starts workers by forking from one mother process per framework (Linux).

    Parameters
    ----------
    cores
        What the workers share.
    """

    def __init__(self, cores: Cores | None = None) -> None:
        self._cores = cores
        self._lock = threading.Lock()
        self._starting: dict[str, threading.Lock] = {}
        self._mothers: dict[str, _Mother] = {}

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """See :meth:`Launcher.launch`."""
        with self._starts(framework):
            mother = self._mothers.get(framework)
            if mother is None or not mother.alive:
                if mother is not None:
                    mother.close()
                mother = _Mother(framework, self._cores)
                with self._lock:
                    self._mothers[framework] = mother
            return mother.fork(arena, folder)

    def release(self, framework: str) -> None:
        """See :meth:`Launcher.release`."""
        # A worker that is wanted meanwhile waits, and is forked by a new mother.
        with self._starts(framework):
            with self._lock:
                mother = self._mothers.pop(framework, None)
            if mother is not None:
                mother.close()

    def standby(self) -> dict[str, int]:
        """See :meth:`Launcher.standby`."""
        with self._lock:
            mothers = dict(self._mothers)
        return {
            framework: mother.memory_bytes()
            for framework, mother in mothers.items()
            if mother.alive
        }

    def close(self) -> None:
        """See :meth:`Launcher.close`."""
        with self._lock:
            mothers, self._mothers = list(self._mothers.values()), {}
        for mother in mothers:
            mother.close()

    def _starts(self, framework: str) -> threading.Lock:
        with self._lock:
            return self._starting.setdefault(framework, threading.Lock())
