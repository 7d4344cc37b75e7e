"""Many pictures over one call, for asyncio: the same window as :mod:`._stream`.

The call is one of gRPC's ordinary channel, whose events are handed to the loop. A call of
``grpc.aio`` (1.85) that ends while a message is being written reports an internal error in place
of the server's status, and a caller would never learn that, say, a token is missing.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from zoobridge.client._call_state import build
from zoobridge.client._images import Reading, each, sources
from zoobridge.client._packing import ImageGroup, grouped
from zoobridge.client._stream_state import StreamState, announce, receive

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from zoobridge.client._call_state import CallState, ImageResults
    from zoobridge.client._images import Images
    from zoobridge.client._stream_state import Event
    from zoobridge.client._transport import Endpoint
    from zoobridge.protocol import ClientHints
    from zoobridge.protocol.v1 import classification_pb2 as pb

__all__ = ["async_groups", "classify_stream"]


async def _from_async(images: AsyncIterable[Any], how: Reading) -> AsyncIterator[ImageGroup]:
    numbers = itertools.count(1)
    async for image in images:
        for source in each([image], how, numbers):
            yield ImageGroup((source,))


async def _from_sync(groups: Iterable[ImageGroup]) -> AsyncIterator[ImageGroup]:
    for group in groups:
        yield group


def async_groups(
    images: Images, base: pb.ClassifyRequest, how: Reading, hints: ClientHints
) -> tuple[AsyncIterator[ImageGroup], int | None]:
    """Return the pictures that a user gave (an async iterable too), and how many, if known."""
    if isinstance(images, AsyncIterable):
        return _from_async(images, how), None
    pictures, total = sources(images, axes=how.axes, series=how.series, left_out=how.left_out)
    return _from_sync(grouped(pictures, base, hints, total)), total


async def _produce(
    groups: AsyncIterator[ImageGroup], wanted: asyncio.Event, put: Callable[[ImageGroup], object]
) -> None:
    """Put pictures, each once it is wanted."""
    while await wanted.wait():
        group = await anext(groups, None)
        if group is None:
            break
        wanted.clear()
        put(group)


async def classify_stream(
    open_call: Callable[[Iterator[bytes]], Any],
    endpoint: Endpoint,
    base: pb.ClassifyRequest,
    groups: AsyncIterator[ImageGroup],
    state: CallState,
    *,
    limit: Callable[[], int],
) -> AsyncGenerator[ImageResults, None]:
    """Yield the results of pictures as they come; closing the generator cancels the call.

    `groups` is consumed in a task of its own: results come while it waits for a picture.

    Raises
    ------
    ZooBridgeError
        If the call as a whole fails.
    """
    stream = StreamState(state, endpoint)
    events: asyncio.Queue[Event | ImageGroup | asyncio.Task[None]] = asyncio.Queue()
    wanted = asyncio.Event()
    loop = asyncio.get_running_loop()

    def put(event: Event) -> None:
        loop.call_soon_threadsafe(events.put_nowait, event)

    def begin() -> tuple[Any, threading.Thread]:
        call = open_call(stream.requests())
        receiver = threading.Thread(
            target=receive, args=(call, put), name="zoobridge-receive", daemon=True
        )
        receiver.start()
        return call, receiver

    call, receiver = begin()
    loading: set[asyncio.Task[bytes]] = set()
    producer = asyncio.create_task(_produce(groups, wanted, events.put_nowait))
    producer.add_done_callback(events.put_nowait)
    try:
        while True:
            if stream.wants_picture:
                wanted.set()
            if stream.is_answered:
                break
            if stream.wants_call:
                await asyncio.sleep(stream.pause)
                call, receiver = begin()
            event = await events.get()
            if isinstance(event, ImageGroup):
                index = stream.begin(event)
                task = asyncio.create_task(
                    asyncio.to_thread(build, event, base, index=index, limit=limit)
                )
                loading.add(task)
                task.add_done_callback(loading.discard)
                task.add_done_callback(announce(events.put_nowait, event, index))
            elif isinstance(event, asyncio.Task):
                # Raises what the pictures' own generator raised.
                event.result()
                stream.exhaust()
            else:
                for part in stream.take(event):
                    yield part
        if stream.has_call:
            stream.check_end(await events.get())
    finally:
        stream.close()
        call.cancel()
        for unfinished in (producer, *loading):
            unfinished.cancel()
        await asyncio.gather(producer, *loading, return_exceptions=True)
        # The thread must not outlive the loop that it reports to.
        await asyncio.to_thread(receiver.join)
