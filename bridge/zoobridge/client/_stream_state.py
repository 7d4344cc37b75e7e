"""What passes between a call of many pictures and the server, in threads or in a loop."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import grpc

from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import ServerError, ZooBridgeError
from zoobridge.protocol import join_requests
from zoobridge.protocol.v1 import classification_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.client._call_state import CallState, ImageResults
    from zoobridge.client._packing import ImageGroup
    from zoobridge.client._transport import Endpoint

__all__ = ["READERS", "Event", "StreamState", "announce", "receive"]

#: Pictures that are read at once: reading a file waits for the disk more than for the processor.
READERS = 4


@dataclass(frozen=True)
class _Loaded:
    group: ImageGroup
    index: int
    request: Callable[[], bytes]


@dataclass(frozen=True)
class _Ended:
    error: grpc.RpcError | None


#: A picture was read, the server answered, or the call has ended.
Event: TypeAlias = "_Loaded | _Ended | pb.ClassifyStreamResponse"


class _Future(Protocol):
    def cancelled(self) -> bool: ...
    def result(self) -> bytes: ...


def announce(
    put: Callable[[Event], object], group: ImageGroup, index: int
) -> Callable[[_Future], None]:
    """Return what announces that a request is built."""

    def put_loaded(built: _Future) -> None:
        if not built.cancelled():
            put(_Loaded(group, index, built.result))

    return put_loaded


def receive(call: Any, put: Callable[[Event], object]) -> None:
    """Pass on what the server answers, and the end of the call."""
    try:
        for response in call:
            put(response)
            for part in response.joined:
                put(part)
    except grpc.RpcError as error:
        put(_Ended(error))
    else:
        put(_Ended(None))


class StreamState:
    """Reads ahead, sends ahead within the state's window, and knows when all is answered.

    Parameters
    ----------
    state
        What is known of the call's pictures.
    endpoint
        The server, for messages of errors.
    """

    def __init__(self, state: CallState, endpoint: Endpoint) -> None:
        self._state = state
        self._endpoint = endpoint
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        #: Whether the server has ended the call because it was idle.
        self._idle = False
        self._pause = 0.0
        #: What was sent since the server answered anything.
        self._unheard: list[bytes] = []
        self._begun = self._loading = 0
        self._exhausted = False

    def requests(self) -> Iterator[bytes]:
        """Return the messages of a new call, as gRPC consumes them in a separate thread.

        What is ready when gRPC asks for the next goes in one message, as far as the server hints.
        """
        self._idle = False
        return self._messages(self._outgoing)

    def _messages(self, outgoing: queue.SimpleQueue[bytes | None]) -> Iterator[bytes]:
        hints, held = self._state.hints, list[bytes | None]()
        while (request := held.pop() if held else outgoing.get()) is not None:
            requests, size = [request], len(request)
            while not held and len(requests) < hints.joined_requests:
                try:
                    other = outgoing.get_nowait()
                except queue.Empty:
                    break
                if other is None or size + len(other) > hints.packed_bytes:
                    held.append(other)
                else:
                    requests.append(other)
                    size += len(other)
            yield join_requests(requests)

    @property
    def wants_picture(self) -> bool:
        """Whether to read another picture now."""
        return (
            not self._exhausted
            and self._loading < 2 * READERS
            and self._state.has_room(self._loading)
        )

    @property
    def awaits_event(self) -> bool:
        """Whether a picture is being read, or an answer is to come."""
        return self._loading > 0 or self._state.open > 0

    @property
    def is_answered(self) -> bool:
        """Whether there is no picture that is not answered, and none will come."""
        return self._exhausted and not self.awaits_event

    @property
    def wants_call(self) -> bool:
        """Whether there is something to send, and the call that was there has ended as idle."""
        return self._idle and bool(self._unheard)

    @property
    def pause(self) -> float:
        """Seconds to wait before the next call, as the server has asked."""
        return self._pause

    @property
    def has_call(self) -> bool:
        """Whether a call is open, or has ended otherwise than as idle."""
        return not self._idle

    def begin(self, group: ImageGroup) -> int:
        """Record that pictures begin to be read, and return the first one's index."""
        self._loading += 1
        index = self._begun
        self._begun += len(group.sources)
        return index

    def exhaust(self) -> None:
        """Record that there is no other picture."""
        self._exhausted = True
        self._half_close()

    def take(self, event: Event) -> list[ImageResults]:
        """Act on an event; returns the results that it brought.

        Raises
        ------
        ZooBridgeError
            If the call as a whole has failed.
        """
        if isinstance(event, _Ended):
            if event.error is None:
                raise ServerError("the server ended the call before it had answered every picture")
            error = error_from_rpc(event.error, self._endpoint)
            # An idle call was ended after all that the server had read of it was answered.
            if not (_was_idle(error) and self._state.open == len(self._unheard)):
                raise error
            self._pause = error.retry_after or 0.0
            self._leave_call()
            return []
        if not isinstance(event, _Loaded):
            self._unheard.clear()
            return self._state.answer(event)
        self._loading -= 1
        parts = self._send(event)
        self._half_close()
        return parts

    def check_end(self, event: object) -> None:
        """Raise the error, if any, of a call that ended after its last answer."""
        if isinstance(event, _Ended) and event.error is not None:
            error = error_from_rpc(event.error, self._endpoint)
            if not _was_idle(error):
                raise error

    def close(self) -> None:
        """Send nothing more."""
        self._outgoing.put(None)

    def _leave_call(self) -> None:
        """Keep for the next call what the one that has ended did not take."""
        self.close()
        self._idle = True
        self._outgoing = queue.SimpleQueue()
        for request in self._unheard:
            self._outgoing.put(request)
        self._half_close()

    def _send(self, loaded: _Loaded) -> list[ImageResults]:
        try:
            request = loaded.request()
        except ZooBridgeError as error:
            return self._state.fail(loaded.group, loaded.index, error)
        self._state.send(loaded.group, loaded.index, len(request))
        self._unheard.append(request)
        self._outgoing.put(request)
        return []

    def _half_close(self) -> None:
        if self._exhausted and not self._loading:
            self.close()


def _was_idle(error: ZooBridgeError) -> bool:
    """Return whether the server has ended a call because others needed the place of an idle one."""
    return error.metadata.get("stream") == "idle"
