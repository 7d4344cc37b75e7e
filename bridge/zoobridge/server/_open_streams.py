"""The streams of classification and inference that are open, and their end when the server ends."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from zoobridge.errors import ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

__all__ = ["OpenStreams", "RequestStream", "stream_drained"]


def stream_drained() -> ServerUnavailableError:
    """Return the error that ends a stream after its last answer, where its caller may have more."""
    return ServerUnavailableError(
        "the server is shutting down; everything that it had accepted on this stream was answered, "
        "send the rest when it is back"
    )


class RequestStream(Protocol):
    """A stream of requests that is being answered."""

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        ...

    def drain(self) -> None:
        """Answer what was accepted, read nothing more, and end."""
        ...


class OpenStreams:
    """Knows the streams that are open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: set[RequestStream] = set()
        self._draining = False

    @contextmanager
    def opened(self, stream: RequestStream, context: grpc.ServicerContext) -> Iterator[None]:
        """Count a stream among those that are open, for the time of a block."""
        with self._lock:
            self._streams.add(stream)
            draining = self._draining
        try:
            if not context.add_callback(stream.end):
                stream.end()
            if draining:
                stream.drain()
            yield
        finally:
            with self._lock:
                self._streams.discard(stream)

    def drain(self) -> None:
        """Let every stream answer what it has accepted, and end."""
        with self._lock:
            self._draining = True
            streams = list(self._streams)
        for stream in streams:
            stream.drain()
