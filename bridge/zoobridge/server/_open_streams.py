"""The streams of classification and inference that are open, and their end when the server ends."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from zoobridge.errors import OverloadedError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

    from zoobridge.errors import ZooBridgeError

__all__ = ["OpenStreams", "RequestStream", "stream_drained"]

#: A stream on which nothing happened for so long gives its place to one that needs it.
_IDLE_SECONDS: Final = 60.0
_REOPEN_SECONDS: Final = 0.1
_AGAIN_SECONDS: Final = 1.0


def stream_drained() -> ServerUnavailableError:
    """Return the error that ends a stream after its last answer, where its caller may have more."""
    return ServerUnavailableError(
        "the server is shutting down; everything that it had accepted on this stream was answered, "
        "send the rest when it is back"
    )


def _stream_idle(seconds: float) -> ServerUnavailableError:
    """Return the error of a stream whose place is needed; nothing that it sent is unanswered."""
    return ServerUnavailableError(
        f"this stream was idle for {seconds:.0f} s, and another caller needs its place; open it again",
        metadata={"stream": "idle"},
        retry_after=_REOPEN_SECONDS,
    )


def _memory_short() -> OverloadedError:
    """Return the error of a stream whose next message may be arriving while memory is short."""
    return OverloadedError(
        "messages that arrive take more memory than this server has for them; what it had read on this "
        "stream was answered, send the rest again",
        metadata={"stream": "idle"},
        retry_after=_AGAIN_SECONDS,
    )


class RequestStream(Protocol):
    """A stream of requests that is being answered."""

    @property
    def idle_since(self) -> float | None:
        """Since when its caller asks nothing, on the clock of :func:`time.monotonic`.

        `None` while something is unanswered, and where it is about to end.
        """

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        ...

    def drain(self, error: ZooBridgeError | None = None) -> None:
        """Answer what was accepted, read nothing more, and end with an error.

        Parameters
        ----------
        error
            That the server is shutting down, if not given.
        """
        ...


class OpenStreams:
    """Knows the streams that are open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[grpc.ServicerContext, RequestStream] = {}
        self._draining = False

    @contextmanager
    def opened(self, stream: RequestStream, context: grpc.ServicerContext) -> Iterator[None]:
        """Count a stream among those that are open, for the time of a block."""
        with self._lock:
            self._streams[context] = stream
            draining = self._draining
        try:
            if not context.add_callback(stream.end):
                stream.end()
            if draining:
                stream.drain()
            yield
        finally:
            with self._lock:
                del self._streams[context]

    def drain(self) -> None:
        """Let every stream answer what it has accepted, and end."""
        with self._lock:
            self._draining = True
            streams = list(self._streams.values())
        for stream in streams:
            stream.drain()

    def give_way(self, context: grpc.ServicerContext) -> None:
        """End a stream whose next message may be arriving, since memory is short."""
        with self._lock:
            stream = self._streams.get(context)
        if stream is None:
            # It holds no work.
            ending: Any = context
            ending.cancel()
        else:
            stream.drain(_memory_short())

    def make_room(self) -> bool:
        """End the stream that was idle longest, if it was for a minute; return whether one was."""
        now = time.monotonic()
        with self._lock:
            idle = [
                (since, one)
                for one in self._streams.values()
                if (since := one.idle_since) is not None
            ]
            if not idle:
                return False
            since, longest = min(idle, key=lambda pair: pair[0])
            if now - since < _IDLE_SECONDS:
                return False
            longest.drain(_stream_idle(now - since))
        return True
