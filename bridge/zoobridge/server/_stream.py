"""One ``ClassifyStream``: requests that are answered as they are done."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

import grpc

from zoobridge.errors import (
    CancelledError,
    OverloadedError,
    ServerUnavailableError,
    ZooBridgeError,
)
from zoobridge.protocol import status_from_error
from zoobridge.protocol.v1 import classification_pb2
from zoobridge.server._core import joined
from zoobridge.server._faults import known_error, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.server._core import Core, Task

__all__ = ["ClassifyStream"]

_METHOD: Final = "/zoobridge.v1.ClassificationService/ClassifyStream"
_WINDOW: Final = 32
_WINDOW_BYTES: Final = 64 << 20
# How long a stream waits for room in the engine before the request is answered with an error.
_PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class _Outgoing:
    """A message on its way to the caller, and the bytes of the request that it ends (else 0)."""

    response: classification_pb2.ClassifyStreamResponse
    size: int = 0


class ClassifyStream:
    """Reads requests while there is room for them, and yields answers in the order they are done.

    A thread of its own reads; another for each request that is being worked on waits for its
    answer. Once `window` requests or `window_bytes` bytes are outstanding, nothing more is read,
    so that gRPC's flow control stops the caller. A request is outstanding until the caller has
    taken the last part of its answer.

    Parameters
    ----------
    core
        Answers.
    requests
        Serialized ``ClassifyStreamRequest`` messages.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    """

    def __init__(
        self,
        core: Core,
        requests: Iterator[bytes],
        *,
        deadline: float | None,
        window: int = _WINDOW,
        window_bytes: int = _WINDOW_BYTES,
    ) -> None:
        self._core = core
        self._requests = requests
        self._deadline = deadline
        self._window = window
        self._window_bytes = window_bytes
        self._change = threading.Condition()
        self._tasks: set[Task] = set()
        self._outstanding = 0
        self._outstanding_bytes = 0
        self._read_all = False
        self._draining = False
        self._ended = False
        self._failure: ZooBridgeError | None = None
        self._defaults: classification_pb2.ClassifyRequest | None = None
        self._outbox: SimpleQueue[_Outgoing | None] = SimpleQueue()
        self._waiters = ThreadPoolExecutor(window, thread_name_prefix="zoobridge-stream")

    def responses(self) -> Iterator[classification_pb2.ClassifyStreamResponse]:
        """Yield answers until all requests are answered and the caller has closed its side.

        Raises
        ------
        InvalidRequestError
            After a message that cannot be read; the requests before it are answered first.
        ServerUnavailableError
            When the server is about to end; what was read until then is answered first.
        """
        threading.Thread(target=self._read, name="zoobridge-stream-reader", daemon=True).start()
        try:
            while not self._finished():
                outgoing = self._outbox.get()
                if outgoing is None:
                    continue
                yield outgoing.response
                if outgoing.response.last:
                    self._release(outgoing.size)
            if self._failure is not None:
                raise self._failure
            if self._draining and not self._read_all:
                raise ServerUnavailableError(
                    "the server is shutting down; everything that it had accepted on this stream "
                    "was answered, send the rest when it is back"
                )
        finally:
            self.end()

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        with self._change:
            self._ended = True
            tasks = list(self._tasks)
            self._change.notify_all()
        for task in tasks:
            task.answer.cancel()
        self._outbox.put(None)
        self._waiters.shutdown(wait=False)

    def drain(self) -> None:
        """Answer what was accepted, read nothing more, and end."""
        with self._change:
            self._draining = True
            self._change.notify_all()
        self._outbox.put(None)

    def _finished(self) -> bool:
        with self._change:
            idle = self._outstanding == 0 and self._outbox.empty()
            return self._ended or (idle and (self._read_all or self._draining))

    def _release(self, size: int) -> None:
        with self._change:
            self._outstanding -= 1
            self._outstanding_bytes -= size
            self._change.notify_all()

    # What follows runs on the reader's thread.

    def _read(self) -> None:
        failure: ZooBridgeError | None = None
        try:
            while self._wait_for_room():
                data = next(self._requests, None)
                if data is None:
                    break
                self._accept(data)
        except grpc.RpcError:
            self.end()
        except Exception as exception:  # noqa: BLE001 - told to the caller, not to a dead thread
            failure = known_error(exception, _METHOD)
        with self._change:
            self._failure = failure
            self._read_all = True
        self._outbox.put(None)

    def _wait_for_room(self) -> bool:
        with self._change:
            self._change.wait_for(
                lambda: (
                    self._ended
                    or self._draining
                    or (
                        self._outstanding < self._window
                        and self._outstanding_bytes < self._window_bytes
                    )
                )
            )
            return not (self._ended or self._draining)

    def _accept(self, data: bytes) -> None:
        message = parsed(classification_pb2.ClassifyStreamRequest.FromString, data)
        request = message.request
        if self._defaults is None:
            self._defaults = classification_pb2.ClassifyRequest(
                model=request.model, framework=request.framework, options=request.options
            )
            if not request.HasField("image"):
                return
        self._complete(request)
        size = len(data)
        with self._change:
            self._outstanding += 1
            self._outstanding_bytes += size
        try:
            task = self._submit(request)
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._send_error(message.id, exception, size)
            return
        with self._change:
            self._tasks.add(task)
            ended = self._ended
            if not ended:
                self._waiters.submit(self._wait, message.id, task, size)
        if ended:
            task.answer.cancel()

    def _complete(self, request: classification_pb2.ClassifyRequest) -> None:
        """Fill what the request leaves empty from the stream's first message."""
        defaults = self._defaults
        if defaults is None:
            return
        request.model = request.model or defaults.model
        request.framework = request.framework or defaults.framework
        if not request.options.ByteSize():
            request.options.CopyFrom(defaults.options)

    def _submit(self, request: classification_pb2.ClassifyRequest) -> Task:
        limit = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self._core.submit(request, deadline=self._deadline, parts=True)
            except OverloadedError as error:
                # Others fill the queue: a caller that sends blindly is made to wait, not refused.
                if error.retry_after is None or time.monotonic() > limit:
                    raise
                with self._change:
                    if self._change.wait_for(lambda: self._ended, timeout=error.retry_after):
                        raise CancelledError("the caller ended the stream") from None

    # What follows runs on the waiters' threads.

    def _wait(self, name: str, task: Task, size: int) -> None:
        try:
            for part in task.answer:
                response = classification_pb2.ClassifyStreamResponse(
                    id=name,
                    total=part.total,
                    last=part.last,
                    response=joined(task, [part]),
                )
                self._outbox.put(_Outgoing(response, size))
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._send_error(name, exception, size)
        finally:
            with self._change:
                self._tasks.discard(task)

    def _send_error(self, name: str, exception: Exception, size: int) -> None:
        error = status_from_error(known_error(exception, _METHOD))
        self._outbox.put(
            _Outgoing(
                classification_pb2.ClassifyStreamResponse(id=name, last=True, error=error), size
            )
        )
