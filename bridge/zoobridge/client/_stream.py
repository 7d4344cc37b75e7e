"""Many pictures over one call: reading ahead in threads, sending ahead within a window."""

from __future__ import annotations

import queue
import threading
import time
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
#: Before a picture that is long in coming is asked for, answers are waited for: for this share of the
#: time that the one before it took.
_SHARE = 0.1


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
    that thread; files are read in others. While it makes a picture nothing can be yielded, so what is
    there, or will be in a fraction of that time, goes first.

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
            if stream.wants_call:
                time.sleep(stream.pause)
                call, receiver = begin()
            if stream.wants_picture:
                asked = time.monotonic()
                group = next(groups, None)
                until = time.monotonic() + _SHARE * (time.monotonic() - asked)
                if group is None:
                    stream.exhaust()
                    continue
                index = stream.begin(group)
                future = pool.submit(build, group, base, index=index, limit=limit)
                future.add_done_callback(announce(events.put, group, index))
                while (event := _event_before(events, until)) is not None:
                    yield from stream.take(event)
                    if time.monotonic() >= until or not stream.awaits_event:
                        break
            elif stream.is_answered:
                break
            else:
                yield from stream.take(_next_event(events))
        if stream.has_call:
            stream.check_end(_next_event(events))
    finally:
        stream.close()
        call.cancel()
        # Whoever ends the program now must not find this thread inside gRPC, under a lock of its.
        receiver.join(_CANCEL_SECONDS)
        pool.shutdown(wait=False, cancel_futures=True)


def _event_before(events: queue.SimpleQueue[Event], until: float) -> Event | None:
    """Return the next event, unless none comes by a time on the clock of :func:`time.monotonic`."""
    try:
        return events.get(timeout=max(0.0, until - time.monotonic()))
    except queue.Empty:
        return None


def _next_event(events: queue.SimpleQueue[Event]) -> Event:
    # A wait without an end cannot be interrupted by Ctrl-C on Windows.
    while True:
        try:
            return events.get(timeout=0.25)
        except queue.Empty:
            continue
