"""The requests of one stream that are outstanding, and how the stream ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from zoobridge.server._open_streams import stream_drained

if TYPE_CHECKING:
    from collections.abc import Collection

    from zoobridge.engine import PendingResponse
    from zoobridge.errors import ZooBridgeError

__all__ = ["RequestWindow", "StreamedRequest"]


@dataclass(eq=False)
class StreamedRequest:
    """A request that was read: its size in bytes, and the answers of the engine still to come."""

    size: int
    answers: list[PendingResponse] = field(default_factory=list)


_Request = TypeVar("_Request", bound=StreamedRequest)


class RequestWindow(Generic[_Request]):
    """Bounds what a stream reads ahead, by number and by bytes.

    A request is outstanding from when it was read until the caller has taken its whole answer. Two
    threads use a window: one reads requests, the other is the call's own.

    Parameters
    ----------
    requests, size
        Once so many requests or bytes are outstanding, nothing more is read, so that gRPC's flow
        control stops the caller.
    """

    def __init__(self, requests: int, size: int) -> None:
        self._most = requests
        self._most_bytes = size
        self._change = threading.Condition()
        self._outstanding: set[_Request] = set()
        self._bytes = 0
        self._read_all = False
        self._failure: Exception | None = None
        self._drained: ZooBridgeError | None = None
        self._ended = False
        self._since = time.monotonic()

    @property
    def idle_since(self) -> float | None:
        """Since when nothing is outstanding, on the clock of :func:`time.monotonic`.

        `None` while something is, and where the stream is about to end.
        """
        with self._change:
            ending = self._read_all or self._ended or self._drained is not None
            return None if ending or self._outstanding else self._since

    @property
    def finished(self) -> bool:
        """Whether the caller is gone, or everything is answered and nothing more will be read."""
        with self._change:
            closed = self._read_all or self._drained is not None
            return self._ended or (closed and not self._outstanding)

    def wait_for_room(self) -> bool:
        """Wait until another request may be read; return `False` if none will be."""
        with self._change:
            self._change.wait_for(lambda: self._closed or self._has_room)
            return not self._closed

    def add(self, request: _Request) -> bool:
        """Enter a request that was read; return `False`, and leave it out, if the stream ends."""
        with self._change:
            if self._closed:
                return False
            self._outstanding.add(request)
            self._bytes += request.size
            return True

    def holds(self, request: _Request) -> bool:
        """Return whether a request is outstanding."""
        with self._change:
            return request in self._outstanding

    def expect(self, request: _Request, answer: PendingResponse) -> None:
        """Enter what the engine will answer to a request; it is cancelled when the stream ends."""
        with self._change:
            request.answers.append(answer)
            ended = self._ended
        if ended:
            answer.cancel()

    def release(self, requests: Collection[_Request]) -> None:
        """Let go of requests whose answers were taken."""
        with self._change:
            self._outstanding.difference_update(requests)
            self._bytes -= sum(one.size for one in requests)
            self._since = time.monotonic()
            self._change.notify_all()

    def close(self, failure: Exception | None = None) -> None:
        """Record that the caller has sent everything, or what ended the reading."""
        with self._change:
            self._read_all = True
            self._failure = failure

    def drain(self, error: ZooBridgeError | None = None) -> None:
        """Have what was read answered, and nothing more read; `error` is what the caller gets then."""
        with self._change:
            self._drained = self._drained or error or stream_drained()
            self._change.notify_all()

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        with self._change:
            self._ended = True
            answers = [answer for request in self._outstanding for answer in request.answers]
            self._change.notify_all()
        for answer in answers:
            answer.cancel()

    def wait_for_end(self, seconds: float) -> bool:
        """Return whether the caller was gone within some seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._ended, timeout=seconds)

    def check(self) -> None:
        """Raise what ended a stream that is finished, unless it was its caller.

        Raises
        ------
        Exception
            What :meth:`close` or :meth:`drain` was given.
        """
        with self._change:
            error = self._failure if self._read_all else self._drained
        if error is not None:
            raise error

    # What follows is called with the lock.

    @property
    def _closed(self) -> bool:
        return self._ended or self._drained is not None

    @property
    def _has_room(self) -> bool:
        return len(self._outstanding) < self._most and self._bytes < self._most_bytes
