"""Many pictures over one call, for asyncio: the same window as :mod:`._stream`.

The call is one of gRPC's ordinary channel, whose events are handed to the loop. A call of
``grpc.aio`` (1.85) that ends while a message is being written reports an internal error in place
of the server's status, and a caller would never learn that, say, a token is missing.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

from zoobridge.client._images import each, sources
from zoobridge.client._ledger import build
from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import ServerError, ZooBridgeError
from zoobridge.protocol.v1 import classification_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from zoobridge.client._images import Images, Source
    from zoobridge.client._ledger import Ledger, Part
    from zoobridge.client._transport import Endpoint

__all__ = ["async_sources", "classify_stream"]

_READERS = 4


async def _from_async(images: AsyncIterable[Any], axes: str) -> AsyncIterator[Source]:
    numbers = itertools.count(1)
    async for image in images:
        for source in each([image], axes, numbers):
            yield source


async def _from_sync(pictures: Iterable[Source]) -> AsyncIterator[Source]:
    for picture in pictures:
        yield picture


def async_sources(images: Images, *, axes: str) -> tuple[AsyncIterator[Source], int | None]:
    """Return the pictures that a user gave (an async iterable too), and how many, if known."""
    if isinstance(images, AsyncIterable):
        return _from_async(images, axes), None
    pictures, total = sources(images, axes=axes)
    return _from_sync(pictures), total


@dataclass(frozen=True)
class _Loaded:
    source: Source
    index: int
    request: asyncio.Task[pb.ClassifyRequest]


@dataclass(frozen=True)
class _Ended:
    error: grpc.RpcError | None


_Event: TypeAlias = "_Loaded | _Ended | pb.ClassifyStreamResponse"


async def classify_stream(
    open_call: Callable[[Iterator[pb.ClassifyStreamRequest]], Any],
    endpoint: Endpoint,
    base: pb.ClassifyRequest,
    pictures: AsyncIterator[Source],
    ledger: Ledger,
    *,
    limit: Callable[[], int],
) -> AsyncGenerator[Part, None]:
    """Yield the results of pictures as they come; closing the generator cancels the call.

    Raises
    ------
    ZooBridgeError
        If the call as a whole fails.
    """
    outgoing: queue.SimpleQueue[pb.ClassifyStreamRequest | None] = queue.SimpleQueue()
    events: asyncio.Queue[_Event] = asyncio.Queue()
    call = open_call(iter(outgoing.get, None))
    receiver = threading.Thread(
        target=_receive,
        args=(call, asyncio.get_running_loop(), events),
        name="zoobridge-receive",
        daemon=True,
    )
    receiver.start()
    loading: set[asyncio.Task[pb.ClassifyRequest]] = set()
    index = -1
    exhausted = half_closed = False
    try:
        while True:
            while not exhausted and len(loading) < 2 * _READERS and ledger.has_room(len(loading)):
                source = await anext(pictures, None)
                if source is None:
                    exhausted = True
                    break
                index += 1
                task = asyncio.create_task(_load(source, base, limit))
                loading.add(task)
                task.add_done_callback(_announce(events, source, index))
            if exhausted and not loading and not half_closed:
                outgoing.put(None)
                half_closed = True
            if half_closed and not ledger.open:
                break
            event = await events.get()
            if isinstance(event, _Loaded):
                loading.discard(event.request)
                failure = _dispatch(event, ledger, outgoing)
                if failure is not None:
                    yield failure
            elif isinstance(event, _Ended):
                raise _early_end(event, endpoint)
            else:
                yield ledger.answer(event)
        last = await events.get()
        if isinstance(last, _Ended) and last.error is not None:
            raise error_from_rpc(last.error, endpoint)
    finally:
        outgoing.put(None)
        call.cancel()
        for unfinished in loading:
            unfinished.cancel()
        await asyncio.gather(*loading, return_exceptions=True)
        # The thread must not outlive the loop that it reports to.
        await asyncio.to_thread(receiver.join)


def _receive(call: Any, loop: asyncio.AbstractEventLoop, events: asyncio.Queue[_Event]) -> None:
    try:
        for response in call:
            loop.call_soon_threadsafe(events.put_nowait, response)
    except grpc.RpcError as error:
        loop.call_soon_threadsafe(events.put_nowait, _Ended(error))
    else:
        loop.call_soon_threadsafe(events.put_nowait, _Ended(None))


async def _load(
    source: Source, base: pb.ClassifyRequest, limit: Callable[[], int]
) -> pb.ClassifyRequest:
    return await asyncio.to_thread(build, source, base, limit=limit)


def _announce(
    events: asyncio.Queue[_Event], source: Source, index: int
) -> Callable[[asyncio.Task[pb.ClassifyRequest]], None]:
    def announce(task: asyncio.Task[pb.ClassifyRequest]) -> None:
        if not task.cancelled():
            events.put_nowait(_Loaded(source, index, task))

    return announce


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
