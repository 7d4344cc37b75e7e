"""One ``ClassifyStream``: requests that are answered as they complete."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

import grpc

from zoobridge.errors import (
    CancelledError,
    OverloadedError,
    WorkerError,
    ZooBridgeError,
)
from zoobridge.protocol import (
    divide_stream_request,
    join_responses,
    status_from_error,
    with_response,
)
from zoobridge.protocol.v1 import classification_pb2
from zoobridge.server._core import answered
from zoobridge.server._faults import known_error, parsed
from zoobridge.server._window import RequestWindow, StreamedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zoobridge.engine import PendingResponse, ResponsePart
    from zoobridge.protocol import StreamParts
    from zoobridge.server._core import Core
    from zoobridge.server._model_selection import ModelSelection

__all__ = ["ClassifyStream"]

_METHOD: Final = "/zoobridge.v1.ClassificationService/ClassifyStream"
_WINDOW: Final = 32
_WINDOW_BYTES: Final = 64 << 20
# Parts of answers, and bytes, in one message.
_JOINED: Final = 64
_JOINED_BYTES: Final = 1 << 20
# How long a stream waits for room in the engine before the request is answered with an error.
_PATIENCE_SECONDS: Final = 60.0


@dataclass(eq=False, kw_only=True)
class _Pending(StreamedRequest):
    """A request that was read, and its id."""

    id: str


@dataclass(frozen=True)
class _Outcome:
    """A part of an answer, or the error in its place, on its way to the caller."""

    pending: _Pending
    outcome: tuple[ModelSelection, ResponsePart] | ZooBridgeError


class ClassifyStream:
    """Reads requests while there is room for them, and yields answers in the order they are done.

    A separate thread reads, as far as a :class:`RequestWindow` lets it; the engine delivers what is
    done to the call's own thread.

    Parameters
    ----------
    core
        Answers.
    requests
        Serialized ``ClassifyStreamRequest`` messages.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    """

    def __init__(self, core: Core, requests: Iterator[bytes], *, deadline: float | None) -> None:
        self._core = core
        self._requests = requests
        self._deadline = deadline
        self._window = RequestWindow[_Pending](_WINDOW, _WINDOW_BYTES)
        self._joins = False
        self._defaults: classification_pb2.ClassifyRequest | None = None
        self._outbox: SimpleQueue[_Outcome | None] = SimpleQueue()

    def responses(self) -> Iterator[bytes]:
        """Yield answers until all requests are answered and the caller has closed its side.

        Each is a serialized ``ClassifyStreamResponse``.

        Raises
        ------
        InvalidRequestError
            After a message that cannot be read; the requests before it are answered first.
        ServerUnavailableError
            When the stream was drained; what was read until then is answered first.
        """
        threading.Thread(target=self._read, name="zoobridge-stream-reader", daemon=True).start()
        try:
            while not self._window.finished:
                responses, done = self._ready()
                if responses:
                    yield join_responses(responses)
                self._window.release(done)
                # They hold their requests, and the next answer may be long in coming.
                del responses, done
            self._window.check()
        finally:
            self.end()

    @property
    def idle_since(self) -> float | None:
        """See :attr:`RequestStream.idle_since`."""
        return self._window.idle_since

    def end(self) -> None:
        """See :meth:`RequestStream.end`."""
        self._window.end()
        self._outbox.put(None)

    def drain(self, error: ZooBridgeError | None = None) -> None:
        """See :meth:`RequestStream.drain`."""
        self._window.drain(error)
        self._outbox.put(None)

    def _ready(self) -> tuple[list[bytes], set[_Pending]]:
        """Wait for a part of an answer; return it with what else is ready, and who is answered.

        Only a caller that joins requests is sent several parts in one message.
        """
        responses: list[bytes] = []
        done: set[_Pending] = set()
        size = 0
        outcome = self._outbox.get()
        while True:
            if (
                outcome is not None
                and outcome.pending not in done
                and self._window.holds(outcome.pending)
            ):
                response, last = _response(outcome)
                responses.append(response)
                size += len(response)
                if last:
                    done.add(outcome.pending)
            if not self._joins or len(responses) >= _JOINED or size >= _JOINED_BYTES:
                break
            try:
                outcome = self._outbox.get_nowait()
            except Empty:
                break
        return responses, done

    # What follows runs on the reader's thread.

    def _read(self) -> None:
        try:
            while self._window.wait_for_room():
                data = next(self._requests, None)
                if data is None:
                    self._window.close()
                    break
                self._take(data)
                # The next message may be long in coming.
                del data
        except grpc.RpcError:
            self.end()
        except Exception as exception:  # noqa: BLE001 - the caller gets it, not a dead thread
            self._window.close(known_error(exception, _METHOD))
        self._outbox.put(None)

    def _take(self, data: bytes) -> None:
        first, *joined = parsed(divide_stream_request, data)
        self._joins = self._joins or bool(joined)
        self._accept(first)
        for one in joined:
            if not self._window.wait_for_room():
                break
            self._accept(one)

    def _accept(self, message: StreamParts) -> None:
        request = message.request
        if self._defaults is None:
            self._defaults = classification_pb2.ClassifyRequest(
                model=request.model, framework=request.framework, options=request.options
            )
            if not request.HasField("image"):
                return
        chunks = [message.data, self._complete(request)]
        pending = _Pending(len(message.data), id=message.id)
        if not self._window.add(pending):
            return
        try:
            answer = self._submit(request, chunks, pending)
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._outbox.put(_Outcome(pending, known_error(exception, _METHOD)))
            return
        self._window.expect(pending, answer)

    def _complete(self, request: classification_pb2.ClassifyRequest) -> bytes:
        """Fill what the request leaves empty from the stream's first message.

        Returns
        -------
        bytes
            What completes the serialized request if it is put behind it.
        """
        defaults = self._defaults
        if defaults is None:
            return b""
        request.model = request.model or defaults.model
        request.framework = request.framework or defaults.framework
        if request.options.ByteSize():
            return b""
        request.options.CopyFrom(defaults.options)
        return classification_pb2.ClassifyRequest(options=defaults.options).SerializeToString()

    def _submit(
        self,
        request: classification_pb2.ClassifyRequest,
        chunks: Sequence[bytes | memoryview],
        pending: _Pending,
    ) -> PendingResponse:
        limit = time.monotonic() + _PATIENCE_SECONDS

        def deliver(choice: ModelSelection, outcome: ResponsePart | ZooBridgeError) -> None:
            if isinstance(outcome, Exception):
                self._outbox.put(_Outcome(pending, known_error(outcome, _METHOD)))
            else:
                self._outbox.put(_Outcome(pending, (choice, outcome)))

        while True:
            try:
                return self._core.submit(
                    request, chunks, deadline=self._deadline, deliver=deliver
                ).answer
            except OverloadedError as error:
                # Others fill the queue: a caller that sends blindly is made to wait, not refused.
                if error.retry_after is None or time.monotonic() > limit:
                    raise
                if self._window.wait_for_end(error.retry_after):
                    raise CancelledError("the caller ended the stream") from None


def _response(done: _Outcome) -> tuple[bytes, bool]:
    """Return what the caller is sent, and whether it is the last of its request."""
    outcome, name = done.outcome, done.pending.id
    if not isinstance(outcome, ZooBridgeError):
        choice, part = outcome
        head = classification_pb2.ClassifyStreamResponse(id=name, total=part.total, last=part.last)
        try:
            return with_response(head, answered(choice, [part])), part.last
        except WorkerError as unreadable:
            outcome = unreadable
    error = status_from_error(outcome)
    response = classification_pb2.ClassifyStreamResponse(id=name, last=True, error=error)
    return response.SerializeToString(), True
