"""A process that trains, as the server sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from google.rpc import status_pb2

from zoobridge.engine import worker_environment
from zoobridge.errors import CancelledError, WorkerError
from zoobridge.protocol import error_from_status
from zoobridge.protocol.connection import PRIVATE_VARIABLES, RUNTIME_DIR_VARIABLE
from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ["TrainingProcess"]

#: Threads of numerical libraries are started while they are imported, before the process is confined;
#: joblib asks for semaphores, which it may not make.
_LIBRARIES: Final = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "JOBLIB_MULTIPROCESSING": "0",
}
#: Bytes of a response: 200,000 annotations take a quarter of it.
_MOST_BYTES: Final = 256 << 20


class TrainingProcess:
    """A running process that answers the calls on one project.

    Parameters
    ----------
    command
        Its command line.
    settings
        What it needs to know.
    folder
        Its working directory.
    death
        What its callers read if it ends.
    """

    def __init__(
        self, command: Sequence[str], settings: dict[str, Any], folder: Path, *, death: str
    ) -> None:
        self._death = death
        inherited = worker_environment()
        environment = {key: inherited[key] for key in inherited.keys() - PRIVATE_VARIABLES}
        # Libraries keep settings at home (Keras).
        own = dict.fromkeys((RUNTIME_DIR_VARIABLE, "HOME", "USERPROFILE"), str(folder))
        environment |= own | _LIBRARIES
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=environment,
            # Ctrl-C in the server's terminal is the server's to answer; what it starts ends with it.
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            bufsize=0,
        )
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None and sink is not None  # noqa: S101, PT018 - both are pipes
        self._pipe = CallPipe(source.fileno(), sink.fileno(), limit=_MOST_BYTES)
        self._lock = threading.Lock()
        self._killing = threading.Lock()
        self._calls: dict[int, SimpleQueue[CallFrame | None]] = {}
        self._numbers = 0
        self._ended = False
        #: When the last call ended, on the clock of :func:`time.monotonic`.
        self.idle_since = time.monotonic()
        self._pipe.write(CallFrame(CallKind.SETTINGS, 0, json.dumps(settings).encode()))
        threading.Thread(target=self._read, name="zoobridge-training", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it answers no more."""
        return self._ended

    def kill(self) -> None:
        """End it, and what it has started, at once."""
        self._ended = True
        with self._killing:
            # Once it was waited for, its number may be another's.
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    if sys.platform == "win32":
                        self._process.kill()
                    else:
                        os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def call(
        self,
        method: str,
        request: bytes,
        *,
        on_end: Callable[[Callable[[], None]], bool],
        end_after: float,
    ) -> Iterator[bytes]:
        """Yield the serialized responses of a call.

        Parameters
        ----------
        method
            Its name in the contract.
        request
            The serialized request.
        on_end
            Takes what is to be called when the caller is gone, on any thread, which is not held up;
            returns whether the caller still waits.
        end_after
            Seconds that a cancelled call may take to end by itself; then the process is ended.

        Raises
        ------
        CancelledError
            If the caller is gone.
        WorkerError
            If the process ended.
        ZooBridgeError
            What it was answered with.
        """
        answers: SimpleQueue[CallFrame | None] = SimpleQueue()
        with self._lock:
            if self._ended:
                raise WorkerError(self._death)
            self._numbers += 1
            number = self._numbers
            self._calls[number] = answers
        cancelled, sent = threading.Event(), threading.Event()

        def cancel() -> None:
            if number in self._calls:
                cancelled.set()
                # Whoever waits leaves at once, also where the process is slow to notice.
                answers.put(None)
                threading.Thread(
                    target=self._cancel,
                    args=(number, sent, end_after),
                    name="zoobridge-training-cancel",
                    daemon=True,
                ).start()

        if not on_end(cancel):
            cancel()
        with contextlib.suppress(OSError):
            data = method.encode() + b"\0" + request
            self._pipe.write(CallFrame(CallKind.REQUEST, number, data))
        sent.set()
        while (frame := answers.get()) is not None and frame.kind is not CallKind.END:
            if frame.kind is CallKind.STATUS:
                raise error_from_status(status_pb2.Status.FromString(frame.data))
            yield frame.data
        if frame is None:
            if cancelled.is_set():
                raise CancelledError("the call was cancelled; what was done is kept")
            raise WorkerError(self._death)

    def _cancel(self, number: int, sent: threading.Event, end_after: float) -> None:
        """Have a call end by itself, and end the process if it does not.

        Runs on a thread of its own: a pipe that the process does not read holds up whoever writes.
        """

        def end() -> None:
            if number in self._calls:
                self.kill()

        timer = threading.Timer(end_after, end)
        timer.daemon = True
        timer.start()
        sent.wait()
        with contextlib.suppress(OSError):
            self._pipe.write(CallFrame(CallKind.CANCEL, number))

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (frame := self._pipe.read()) is not None:
                self._pass_on(frame)
        with self._lock:
            self._ended = True
            waiting = list(self._calls.values())
            self._calls.clear()
        for answers in waiting:
            answers.put(None)
        # What it wrote cannot be read, or nothing more comes.
        self.kill()
        self._pipe.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _pass_on(self, frame: CallFrame) -> None:
        with self._lock:
            answers = self._calls.get(frame.call)
            if frame.kind in (CallKind.END, CallKind.STATUS):
                self._calls.pop(frame.call, None)
                self.idle_since = time.monotonic()
        if answers is not None:
            answers.put(frame)
