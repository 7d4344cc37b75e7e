"""Many pictures over one call: reading ahead in threads, sending ahead within a window."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

from zoobridge.client._ledger import build
from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import ServerError, ZooBridgeError
from zoobridge.protocol.v1 import classification_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from zoobridge.client._images import Source
    from zoobridge.client._ledger import Ledger, Part
    from zoobridge.client._transport import Endpoint

__all__ = ["classify_stream"]

# Reading a file waits for the disk more than for the processor.
_READERS = 4
_CANCEL_SECONDS = 2.0


@dataclass(frozen=True)
class _Loaded:
    source: Source
    index: int
    request: Future[pb.ClassifyRequest]


@dataclass(frozen=True)
class _Ended:
    error: grpc.RpcError | None


_Event: TypeAlias = "_Loaded | _Ended | pb.ClassifyStreamResponse"
_Events: TypeAlias = "queue.SimpleQueue[_Event]"


def classify_stream(
    open_call: Callable[[Iterator[pb.ClassifyStreamRequest]], Any],
    endpoint: Endpoint,
    base: pb.ClassifyRequest,
    pictures: Iterator[Source],
    ledger: Ledger,
    *,
    limit: Callable[[], int],
) -> Generator[Part, None, None]:
    """Yield the results of pictures as they come; closing the generator cancels the call.

    `pictures` is consumed in the caller's thread, so that it may read from whatever is bound to
    that thread; files are read in others.

    Raises
    ------
    ZooBridgeError
        If the call as a whole fails.
    """
    outgoing: queue.SimpleQueue[pb.ClassifyStreamRequest | None] = queue.SimpleQueue()
    events: _Events = queue.SimpleQueue()
    call = open_call(iter(outgoing.get, None))
    receiver = threading.Thread(
        target=_receive, args=(call, events), name="zoobridge-receive", daemon=True
    )
    receiver.start()
    pool = ThreadPoolExecutor(_READERS, thread_name_prefix="zoobridge-read")
    numbered = enumerate(pictures)
    loading = 0
    exhausted = half_closed = False
    try:
        while True:
            while not exhausted and loading < 2 * _READERS and ledger.has_room(loading):
                index, source = next(numbered, (-1, None))
                if source is None:
                    exhausted = True
                    break
                future = pool.submit(build, source, base, limit=limit)
                future.add_done_callback(_announce(events, source, index))
                loading += 1
            if exhausted and not loading and not half_closed:
                outgoing.put(None)
                half_closed = True
            if half_closed and not ledger.open:
                break
            event = _next_event(events)
            if isinstance(event, _Loaded):
                loading -= 1
                failure = _dispatch(event, ledger, outgoing)
                if failure is not None:
                    yield failure
            elif isinstance(event, _Ended):
                raise _early_end(event, endpoint)
            else:
                yield ledger.answer(event)
        _await_end(events, endpoint)
    finally:
        outgoing.put(None)
        call.cancel()
        # Whoever ends the program now must not find this thread inside gRPC, under a lock of its.
        receiver.join(_CANCEL_SECONDS)
        pool.shutdown(wait=False, cancel_futures=True)


def _receive(call: Any, events: _Events) -> None:
    try:
        for response in call:
            events.put(response)
    except grpc.RpcError as error:
        events.put(_Ended(error))
    else:
        events.put(_Ended(None))


def _announce(
    events: _Events, source: Source, index: int
) -> Callable[[Future[pb.ClassifyRequest]], None]:
    def announce(future: Future[pb.ClassifyRequest]) -> None:
        if not future.cancelled():
            events.put(_Loaded(source, index, future))

    return announce


def _next_event(events: _Events) -> _Event:
    # A wait without an end cannot be interrupted by Ctrl-C on Windows.
    while True:
        try:
            return events.get(timeout=0.25)
        except queue.Empty:
            continue


def _dispatch(
    event: _Loaded,
    ledger: Ledger,
    outgoing: queue.SimpleQueue[pb.ClassifyStreamRequest | None],
) -> Part | None:
    try:
        request = event.request.result()
    except ZooBridgeError as error:
        return ledger.fail(event.source, event.index, error)
    outgoing.put(ledger.send(event.source, event.index, request))
    return None


def _early_end(event: _Ended, endpoint: Endpoint) -> ZooBridgeError:
    if event.error is not None:
        return error_from_rpc(event.error, endpoint)
    return ServerError("the server ended the call before it had answered every picture")


def _await_end(events: _Events, endpoint: Endpoint) -> None:
    event = _next_event(events)
    if isinstance(event, _Ended) and event.error is not None:
        raise error_from_rpc(event.error, endpoint)
