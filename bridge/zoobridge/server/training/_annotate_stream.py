"""One ``Annotate``: messages that are answered one after the other."""

from __future__ import annotations

import threading
from queue import Full, Queue, SimpleQueue
from typing import TYPE_CHECKING, Final

import grpc

from zoobridge.errors import ZooBridgeError
from zoobridge.server._open_streams import stream_drained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.protocol.v1 import training_pb2 as pb

__all__ = ["AnnotateStream"]

#: Messages that are read before they are answered; each may hold a large picture.
_AHEAD: Final = 2
_LOOK_SECONDS: Final = 0.5


class AnnotateStream:
    """Reads messages on a separate thread, so that a silent caller does not hold up the server's end.

    Parameters
    ----------
    requests
        The messages.
    answer
        Returns the responses to a message.
    """

    def __init__(
        self,
        requests: Iterator[pb.AnnotateRequest],
        answer: Callable[[pb.AnnotateRequest], list[bytes]],
    ) -> None:
        self._requests = requests
        self._answer = answer
        self._room: Queue[None] = Queue(_AHEAD)
        self._read: SimpleQueue[pb.AnnotateRequest | ZooBridgeError | None] = SimpleQueue()
        self._ended = threading.Event()
        self._draining = False

    def responses(self) -> Iterator[bytes]:
        """Yield the responses until the caller has closed its side.

        Raises
        ------
        InvalidRequestError
            After a message that cannot be parsed.
        ServerUnavailableError
            When the server is about to end; what was read until then is answered first.
        """
        threading.Thread(
            target=self._read_all, name="zoobridge-annotate-reader", daemon=True
        ).start()
        try:
            while (request := self._read.get()) is not None and not self._ended.is_set():
                if isinstance(request, ZooBridgeError):
                    raise request
                yield from self._answer(request)
                self._room.get()
            if self._draining:
                raise stream_drained()
        finally:
            self._ended.set()

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        self._ended.set()
        self._read.put(None)

    def drain(self) -> None:
        """Answer what was read, read nothing more, and end."""
        self._draining = True
        self._read.put(None)

    def _read_all(self) -> None:
        try:
            for request in self._requests:
                if not self._wait_for_room():
                    return
                self._read.put(request)
        except grpc.RpcError:
            self.end()
        except ZooBridgeError as error:
            self._read.put(error)
        else:
            self._read.put(None)

    def _wait_for_room(self) -> bool:
        while not (self._ended.is_set() or self._draining):
            try:
                self._room.put(None, timeout=_LOOK_SECONDS)
            except Full:
                continue
            return True
        return False
