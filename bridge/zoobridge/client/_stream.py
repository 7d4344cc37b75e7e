"""Many pictures over one call: reading ahead in threads, sending ahead within a window."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from zoobridge.client._call_state import build
from zoobridge.client._stream_state import READERS, StreamState, announce, receive

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from zoobridge.client._call_state import CallState, ImageResults
    from zoobridge.client._packing import ImageGroup
    from zoobridge.client._stream_state import Event
    from zoobridge.client._transport import Endpoint
    from zoobridge.protocol.v1 import classification_pb2 as pb

__all__ = ["classify_stream"]

_CANCEL_SECONDS = 2.0


def classify_stream(
    open_call: Callable[[Iterator[bytes]], Any],
    endpoint: Endpoint,
    base: pb.ClassifyRequest,
    groups: Iterator[ImageGroup],
    state: CallState,
    *,
    limit: Callable[[], int],
) -> Generator[ImageResults, None, None]:
    """Yield the results of pictures as they come; closing the generator cancels the call.

    `groups` is consumed in the caller's thread, so that it may read from whatever is bound to
    that thread; files are read in others.

    Raises
    ------
    ZooBridgeError
        If the call as a whole fails.
    """
    stream = StreamState(state, endpoint)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def begin() -> tuple[Any, threading.Thread]:
        call = open_call(stream.requests())
        receiver = threading.Thread(
            target=receive, args=(call, events.put), name="zoobridge-receive", daemon=True
        )
        receiver.start()
        return call, receiver

    call, receiver = begin()
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="zoobridge-read")
    try:
        while True:
            while stream.wants_picture:
                group = next(groups, None)
                if group is None:
                    stream.exhaust()
                    break
                index = stream.begin(group)
                future = pool.submit(build, group, base, index=index, limit=limit)
                future.add_done_callback(announce(events.put, group, index))
            if stream.is_answered:
                break
            if stream.wants_call:
                call, receiver = begin()
            yield from stream.take(_next_event(events))
        if stream.has_call:
            stream.check_end(_next_event(events))
    finally:
        stream.close()
        call.cancel()
        # Whoever ends the program now must not find this thread inside gRPC, under a lock of its.
        receiver.join(_CANCEL_SECONDS)
        pool.shutdown(wait=False, cancel_futures=True)


def _next_event(events: queue.SimpleQueue[Event]) -> Event:
    # A wait without an end cannot be interrupted by Ctrl-C on Windows.
    while True:
        try:
            return events.get(timeout=0.25)
        except queue.Empty:
            continue
