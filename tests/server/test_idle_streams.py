"""Where every stream's thread is taken, an idle stream gives its place to one that has something to do."""

from __future__ import annotations

import asyncio
import threading
import time

import grpc
import numpy as np
import pytest

from served import error_of, request, wait_until
from zoobridge.client import connect, connect_async
from zoobridge.errors import OverloadedError, ServerUnavailableError
from zoobridge.protocol.inference import grpc_service_pb2 as infer
from zoobridge.protocol.v1 import classification_pb2

PICTURE = np.full((4, 4), 200, np.uint8)


class Stream:
    """A stream that sends when the test likes."""

    def __init__(self, caller, *messages, method=None):
        self._messages = messages
        self._closed = threading.Event()
        method = method or caller.classification.ClassifyStream
        self.answers = method(self._requests(), timeout=90)

    def _requests(self):
        yield from self._messages
        self._closed.wait()

    def close(self):
        self._closed.set()
        self.answers.cancel()


def part(name):
    return classification_pb2.ClassifyStreamRequest(id=name, request=request())


@pytest.fixture
def soon(monkeypatch):
    """Streams are idle once they are answered."""
    monkeypatch.setattr("zoobridge.server._open_streams._IDLE_SECONDS", 0.0)


def refusal(stream):
    with pytest.raises(grpc.RpcError) as caught:
        next(stream.answers)
    return error_of(caught)


def answered(stream, held):
    held.next().give()
    return next(stream.answers).id


def accepted(caller, held):
    """A new stream once the server takes it, which it does when those that are open have begun."""
    while True:
        stream = Stream(caller, part("new"))
        while stream.answers.is_active():
            if held.arrived.acquire(timeout=0.05):
                held.arrived.release()
                assert answered(stream, held) == "new"
                return stream
        stream.close()


@pytest.mark.usefixtures("soon")
def test_the_stream_that_was_idle_longest_ends_and_says_why(start, call, held):
    server = start(engine=held, max_workers=6)
    caller, streams = call(server), []
    for name in ("a", "b", "c"):
        streams.append(Stream(caller, part(name)))
        assert answered(streams[-1], held) == name
        time.sleep(0.05)
    new = Stream(call(server), part("new"))
    assert answered(new, held) == "new"
    error = refusal(streams[0])
    assert isinstance(error, ServerUnavailableError)
    assert error.metadata["stream"] == "idle"
    assert error.retry_after
    assert all(stream.answers.is_active() for stream in streams[1:])
    for stream in (*streams, new):
        stream.close()


@pytest.mark.usefixtures("soon")
def test_a_silent_stream_of_the_inference_protocol_gives_its_place_too(start, call, held):
    server = start(engine=held, max_workers=4)
    caller = call(server)
    method = caller.channel.stream_stream(
        "/inference.GRPCInferenceService/ModelStreamInfer",
        infer.ModelInferRequest.SerializeToString,
        infer.ModelStreamInferResponse.FromString,
    )
    silent = [Stream(caller, method=method) for _ in range(2)]
    new = [accepted(caller, held)]
    wait_until(lambda: not all(stream.answers.is_active() for stream in silent))
    for stream in (*silent, *new):
        stream.close()


@pytest.mark.usefixtures("soon")
def test_a_stream_at_work_keeps_its_place(start, call, held):
    server = start(engine=held, max_workers=4)
    caller = call(server)
    busy = [Stream(caller, part(name)) for name in "ab"]
    work = [held.next(), held.next()]
    late = Stream(caller, part("late"))
    assert isinstance(refusal(late), OverloadedError)
    for one in work:
        one.give()
    assert {next(stream.answers).id for stream in busy} == {"a", "b"}
    for stream in (*busy, late):
        stream.close()


def test_while_memory_is_short_streams_end_but_one(start, call, held, monkeypatch):
    short = threading.Event()
    monkeypatch.setattr("zoobridge.server._own_memory.OwnMemory.is_short", lambda _: short.is_set())
    server = start(engine=held)
    caller, streams = call(server), []
    for name in ("a", "b", "c"):
        streams.append(Stream(caller, part(name)))
        assert answered(streams[-1], held) == name
    short.set()
    wait_until(lambda: sum(stream.answers.is_active() for stream in streams) == 1)
    for stream in streams:
        if not stream.answers.is_active():
            error = refusal(stream)
            assert isinstance(error, OverloadedError)
            # Clients open it again for what it had not read.
            assert error.metadata["stream"] == "idle"
    late = Stream(caller, part("late"))
    assert not held.arrived.acquire(timeout=0.3)
    short.clear()
    assert answered(late, held) == "late"
    for stream in (*streams, late):
        stream.close()


def test_while_memory_is_short_calls_whose_message_is_awaited_are_cancelled_but_one(
    start, call, held, monkeypatch
):
    monkeypatch.setattr("zoobridge.server._own_memory.OwnMemory.is_short", lambda _: True)
    channel, over = call(start(engine=held)).channel, threading.Event()

    def nothing():
        over.wait(90)
        yield from ()

    classify = channel.stream_unary("/zoobridge.v1.ClassificationService/Classify")
    calls = [classify.future(nothing()) for _ in range(4)]
    wait_until(lambda: sum(one.done() for one in calls) == 3)
    assert {one.code() for one in calls if one.done()} == {grpc.StatusCode.CANCELLED}
    over.set()


class Rival:
    """Another caller, which needs the place of a client that has nothing to send yet."""

    def __init__(self, caller, held):
        self._caller = caller
        self._held = held
        self._busy = Stream(caller, part("busy"))
        held.next()

    def push_out(self):
        """Take the client's place, and be idle in it."""
        accepted(self._caller, self._held)
        # The server knows that it is idle once it has sent the answer.
        time.sleep(0.2)

    def answer(self):
        """Answer the next request that comes."""
        threading.Thread(target=lambda: self._held.next().give()).start()


@pytest.mark.usefixtures("soon")
def test_a_client_whose_stream_gave_its_place_opens_another_for_its_next_picture(start, call, held):
    server = start(engine=held, max_workers=4)
    rival = Rival(call(server), held)

    def pictures():
        rival.push_out()
        rival.answer()
        yield PICTURE

    with connect(server.address) as client:
        (result,) = client.classify_iter("brightness", pictures())
    assert result.label == "held"


@pytest.mark.usefixtures("soon")
def test_so_does_a_client_in_a_loop(start, call, held):
    server = start(engine=held, max_workers=4)
    rival = Rival(call(server), held)

    async def pictures():
        await asyncio.to_thread(rival.push_out)
        rival.answer()
        yield PICTURE

    async def classify():
        async with await connect_async(server.address) as client:
            return [one async for one in client.classify_iter("brightness", pictures())]

    (result,) = asyncio.run(classify())
    assert result.label == "held"


@pytest.mark.usefixtures("soon")
def test_a_client_whose_stream_gave_its_place_may_have_nothing_to_send(start, call, held):
    server = start(engine=held, max_workers=4)
    rival = Rival(call(server), held)

    def pictures():
        rival.push_out()
        yield from ()

    with connect(server.address) as client:
        assert list(client.classify_iter("brightness", pictures())) == []
