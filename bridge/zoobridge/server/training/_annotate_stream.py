"""One ``Annotate``: messages that are answered one after the other."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from zoobridge.server._window import RequestWindow, StreamedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.errors import ZooBridgeError
    from zoobridge.protocol.v1 import training_pb2 as pb

__all__ = ["AnnotateStream"]

#: Messages that are read before they are answered; each may hold a large picture.
_WINDOW: Final = 2
_WINDOW_BYTES: Final = 64 << 20


@dataclass(eq=False, kw_only=True)
class _Message(StreamedRequest):
    """A message that was read."""

    request: pb.AnnotateRequest


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
        self._window = RequestWindow[_Message](_WINDOW, _WINDOW_BYTES)
        self._inbox: SimpleQueue[_Message | None] = SimpleQueue()

    def responses(self) -> Iterator[bytes]:
        """Yield the responses until the caller has closed its side.

        Raises
        ------
        InvalidRequestError
            After a message that cannot be parsed.
        ServerUnavailableError
            When the stream was drained; what was read until then is answered first.
        """
        threading.Thread(target=self._read, name="zoobridge-annotate-reader", daemon=True).start()
        try:
            while not self._window.finished:
                message = self._inbox.get()
                if message is not None:
                    yield from self._answer(message.request)
                    self._window.release((message,))
                # The next one may be long in coming.
                del message
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
        self._inbox.put(None)

    def drain(self, error: ZooBridgeError | None = None) -> None:
        """See :meth:`RequestStream.drain`."""
        self._window.drain(error)
        self._inbox.put(None)

    # On the reader's thread.

    def _read(self) -> None:
        try:
            while self._window.wait_for_room():
                request = next(self._requests, None)
                if request is None:
                    self._window.close()
                    break
                message = _Message(request.ByteSize(), request=request)
                if self._window.add(message):
                    self._inbox.put(message)
                # The next one may be long in coming.
                del request, message
        except Exception as exception:  # noqa: BLE001 - raised on the call's own thread
            self._window.close(exception)
        self._inbox.put(None)
