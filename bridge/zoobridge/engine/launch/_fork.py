"""Workers as forks of a process that has imported their framework (Linux)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from zoobridge.engine._backends import worker_environment
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._core_tokens import CoreTokens
from zoobridge.engine.channel._frames import FrameReader, FrameWriter
from zoobridge.engine.channel._lifeline import Lifeline
from zoobridge.engine.launch._framework_lines import reason_lines
from zoobridge.engine.launch._process import (
    WorkerProcess,
    command,
    ended_how,
    joined,
    private_environment,
    widen,
)
from zoobridge.errors import WorkerError

__all__ = ["ForkLauncher"]

_START_SECONDS = 120.0


class _ForkServer:
    """A process that has imported one framework and does nothing but fork workers."""

    def __init__(self, framework: str, cores: CoreTokens | None) -> None:
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
        self.lifeline = Lifeline()
        with self.lifeline.cut_on_failure(), theirs:
            self.process = subprocess.Popen(
                command("zoobridge.engine.launch._fork_server", framework, str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=worker_environment(),
                start_new_session=True,
                pass_fds=(
                    theirs.fileno(),
                    *self.lifeline.inherited,
                    *(() if cores is None else cores.descriptors),
                ),
            )
            self.lifeline.tie(self.process.pid)
        self._listener = threading.Thread(
            target=self._listen, name=f"zoobridge-fork server-{framework}", daemon=True
        )
        self._listener.start()

    def fork(self, arena: Arena, folder: Path) -> WorkerProcess:
        """Have a worker forked."""
        with self._lock:
            request_read, request_write, reply_read, reply_write = _two_pipes()
            widen(reply_read)
            self._number += 1
            number = self._number
            share, left = joined(self._cores)
            document = {
                "number": number,
                "folder": str(folder),
                "environment": private_environment(folder),
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
                raise WorkerError(self._why_none())
            worker = WorkerProcess(pid, FrameReader(reply_read), FrameWriter(request_write), left)
            with self._answer:
                self._workers[pid] = worker
                if pid in self._orphans:
                    worker.note_exit(self._orphans.pop(pid))
            return worker

    def _await_pid(self, number: int) -> int | None:
        limit = time.monotonic() + _START_SECONDS
        with self._answer:
            while number not in self._forked:
                if self._gone or not self._answer.wait(limit - time.monotonic()):
                    return None
            return self._forked.pop(number)

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return not self._gone and self.process.poll() is None

    @property
    def killed(self) -> bool:
        """Whether somebody else ended it: a person, or the system for lack of memory."""
        return self.process.poll() == -signal.SIGKILL

    def memory_bytes(self) -> int:
        """Return the memory that is its own, shared with workers or not; the code of libraries is not."""
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

    def _why_none(self) -> str:
        """Return what happened, what to do, and what the framework itself said last."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        status = self.process.poll()
        started = f"the process that starts workers for {self.framework}"
        if status is None:
            what = (
                f"{started} did not answer within {_START_SECONDS:g} s; wait until the machine is less "
                "busy, and try again"
            )
        elif self.killed:
            what = (
                f"{started} was ended by SIGKILL, by a person or by the system for lack of memory; free "
                "memory or lower the server's memory limit, and try again"
            )
        else:
            what = (
                f"{started} {ended_how(status)} before it started one; check the installation with "
                "'zoobridge doctor', and try again"
            )
        self._log.seek(0)
        said = reason_lines(self._log.read().decode("utf-8", "replace"))
        return f"{what}. It said last: {said}" if said else what


def _two_pipes() -> tuple[int, int, int, int]:
    first = os.pipe()
    try:
        return (*first, *os.pipe())
    except OSError:
        for end in first:
            os.close(end)
        raise


class ForkLauncher:
    """Starts workers by forking from one fork server per framework (Linux).

    Parameters
    ----------
    cores
        What the workers share.
    """

    def __init__(self, cores: CoreTokens | None = None) -> None:
        self._cores = cores
        self._lock = threading.Lock()
        self._starting: dict[str, threading.Lock] = {}
        self._fork_servers: dict[str, _ForkServer] = {}
        #: Of fork servers that have ended and whose workers may run on.
        self._lifelines: list[Lifeline] = []

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """See :meth:`Launcher.launch`."""
        with self._starts(framework):
            try:
                return self._fork_server(framework).fork(arena, folder)
            except WorkerError:
                if not self._fork_servers[framework].killed:
                    raise
                # Not by the framework: it is started once more.
                return self._fork_server(framework).fork(arena, folder)

    def release(self, framework: str) -> None:
        """See :meth:`Launcher.release`."""
        # A worker that is wanted meanwhile waits, and is forked by a new fork server.
        with self._starts(framework):
            with self._lock:
                server = self._fork_servers.pop(framework, None)
            if server is not None:
                self._close(server)

    def standby(self) -> dict[str, int]:
        """See :meth:`Launcher.standby`."""
        with self._lock:
            servers = dict(self._fork_servers)
        return {
            framework: server.memory_bytes()
            for framework, server in servers.items()
            if server.alive
        }

    def close(self) -> None:
        """See :meth:`Launcher.close`."""
        with self._lock:
            servers, self._fork_servers = list(self._fork_servers.values()), {}
        for server in servers:
            self._close(server)
        with self._lock:
            for lifeline in self._lifelines:
                lifeline.cut()

    def _fork_server(self, framework: str) -> _ForkServer:
        server = self._fork_servers.get(framework)
        if server is None or not server.alive:
            if server is not None:
                self._close(server)
            server = _ForkServer(framework, self._cores)
            with self._lock:
                self._fork_servers[framework] = server
        return server

    def _close(self, server: _ForkServer) -> None:
        server.close()
        with self._lock:
            known = [*self._lifelines, server.lifeline]
            self._lifelines = [lifeline for lifeline in known if lifeline.holds]
            for lifeline in known:
                if lifeline not in self._lifelines:
                    lifeline.cut()

    def _starts(self, framework: str) -> threading.Lock:
        with self._lock:
            return self._starting.setdefault(framework, threading.Lock())
