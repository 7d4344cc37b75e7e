"""The process of a served project: ``python -m zoobridge.training.service._process``.

The server starts it, confined, with its calls on standard input and output. It is an ordinary client
of that server. Every annotation is on disk before it is answered, so that the process may be ended
at any time; it ends by itself when the server is gone.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Protocol

from zoobridge.errors import (
    CancelledError,
    LimitError,
    ServerError,
    UnsupportedError,
    ZooBridgeError,
)
from zoobridge.protocol import status_from_error
from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.message import Message

    from zoobridge.client import Client

__all__ = ["main"]

_log = logging.getLogger(__name__)

#: How often a process without calls looks whether features can be computed ahead.
_IDLE_SECONDS: Final = 0.1

_REQUESTS: Final = {
    method.name: getattr(pb, method.input_type.name)
    for method in pb.DESCRIPTOR.services_by_name["TrainingService"].methods
}


class Calls(Protocol):
    """What answers."""

    @property
    def LONG(self) -> frozenset[str]:  # noqa: N802 - a constant
        """Methods that compute, which run on a thread of their own."""
        ...

    def warm_one(self) -> bool:
        """Do a little of what will be needed; return whether there was something to do."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class _Runner:
    """Runs calls on a separate thread, one after the other.

    Parameters
    ----------
    calls
        What answers.
    pipe
        To the server.
    warm
        Whether to compute ahead while there is no call.
    """

    def __init__(self, calls: Calls, pipe: CallPipe, *, warm: bool) -> None:
        self._calls = calls
        self._pipe = pipe
        self._warm = warm
        self._queue: SimpleQueue[tuple[str, int, bytes]] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._running: int | None = None
        self._stopped = False
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, method: str, call: int, data: bytes) -> None:
        """Run a call when its turn comes."""
        with self._lock:
            self._waiting.add(call)
        self._queue.put((method, call, data))

    def cancel(self, call: int) -> None:
        """End a call: at once if it waits, at its next step if it runs.

        Raises
        ------
        OSError
            If the server is gone.
        """
        with self._lock:
            waited = call in self._waiting
            self._waiting.discard(call)
            if call == self._running:
                self._stopped = True
        if waited:
            self._fail(call, _cancellation())

    def _run(self) -> None:
        while True:
            try:
                method, call, data = self._queue.get(timeout=_IDLE_SECONDS if self._warm else None)
            except Empty:
                self._compute_ahead()
                continue
            with self._lock:
                if call not in self._waiting:
                    continue
                self._waiting.remove(call)
                self._running, self._stopped = call, False
            try:
                self._answer(method, call, data)
            except OSError:
                # The server is gone; the thread that reads ends the process.
                return
            with self._lock:
                self._running = None

    def _compute_ahead(self) -> None:
        try:
            while self._queue.empty() and self._calls.warm_one():
                pass
        except Exception as error:  # noqa: BLE001 - whoever asks for a fit is told
            _log.warning("features cannot be computed ahead: %s", error)

    def _answer(self, method: str, call: int, data: bytes) -> None:
        def on_step(stage: str, done: int, total: int) -> None:
            if self._stopped:
                raise _cancellation()
            progress = pb.TrainingProgress(stage=stage, done=done, total=total)
            response = _progress(method, progress)
            if response is not None:
                self._pipe.write(CallFrame(CallKind.RESPONSE, call, response.SerializeToString()))

        try:
            answer: Callable[..., Iterator[Message]] = getattr(self._calls, method)
            for response in answer(_REQUESTS[method].FromString(data), on_step):
                self._pipe.write(CallFrame(CallKind.RESPONSE, call, response.SerializeToString()))
        except ZooBridgeError as error:
            self._fail(call, error)
        except MemoryError:
            self._fail(
                call, LimitError("the project needs more memory than it may use; fit on less")
            )
        except OSError as error:
            reason = error.strerror or str(error)
            self._fail(
                call,
                ServerError(
                    f"the server cannot write the project ({reason}); free space on its disk"
                ),
            )
        except Exception as error:  # noqa: BLE001 - a call that is not answered would be waited for
            _log.error("call=%s", method, exc_info=error)
            self._fail(
                call,
                ServerError(
                    f"training failed on {method} ({type(error).__name__}: {error}); please report it "
                    "with what the server's log says"
                ),
            )
        else:
            self._pipe.write(CallFrame(CallKind.END, call))

    def _fail(self, call: int, error: ZooBridgeError) -> None:
        status = status_from_error(error).SerializeToString()
        self._pipe.write(CallFrame(CallKind.STATUS, call, status))


def _cancellation() -> CancelledError:
    return CancelledError("the caller cancelled the call; what was done is kept")


def main() -> None:
    """Answer calls until standard input ends."""
    # Whatever a library prints must not stand among the frames.
    pipe = CallPipe(os.dup(0), os.dup(1))
    os.dup2(2, 1)
    first = pipe.read()
    if first is None:
        return
    settings = json.loads(first.data)
    try:
        with _client(settings) as client, closing(_calls(settings, client)) as calls:
            quick = _Runner(calls, pipe, warm=False)
            long = _Runner(calls, pipe, warm=True)
            while (frame := pipe.read()) is not None:
                if frame.kind is CallKind.CANCEL:
                    quick.cancel(frame.call)
                    long.cancel(frame.call)
                    continue
                name, _, data = frame.data.partition(b"\0")
                method = name.decode()
                (long if method in calls.LONG else quick).put(method, frame.call, data)
    except ModuleNotFoundError as error:
        _refuse_all(
            pipe,
            UnsupportedError(
                f"training needs {error.name}, which the server lacks; install it there: "
                'pip install "zoobridge[train]"'
            ),
        )
    except ZooBridgeError as error:
        _refuse_all(pipe, error)
    # Threads that compute are not waited for: every answer is on disk.
    os._exit(0)


def _refuse_all(pipe: CallPipe, error: ZooBridgeError) -> None:
    status = status_from_error(error).SerializeToString()
    while (frame := pipe.read()) is not None:
        if frame.kind is CallKind.REQUEST:
            pipe.write(CallFrame(CallKind.STATUS, frame.call, status))


def _client(settings: dict[str, Any]) -> Client:
    from zoobridge.client import connect

    return connect(
        settings["address"],
        token=settings["token"],
        ca=settings["ca"],
        tls=settings["ca"] is not None,
        timeout=60,
    )


def _calls(settings: dict[str, Any], client: Client) -> Calls:
    # Imported late, so that a missing package is reported to the caller.
    if not settings["project"]:
        from zoobridge.training.service._explaining import ExplainingCalls

        return ExplainingCalls(client)
    from zoobridge.training.service._calls import ProjectCalls

    return ProjectCalls(
        settings["project"], Path(settings["folder"]), zoo=Path(settings["zoo"]), client=client
    )


def _progress(method: str, progress: pb.TrainingProgress) -> Message | None:
    response = {
        "Suggest": pb.SuggestResponse,
        "Fit": pb.FitResponse,
        "Publish": pb.PublishResponse,
        "Explain": pb.ExplainResponse,
    }.get(method)
    return None if response is None else response(progress=progress)


if __name__ == "__main__":
    main()
