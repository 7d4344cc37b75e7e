"""What is ready at the same time travels in one message."""

from __future__ import annotations

import io
from pathlib import Path

import grpc
import numpy as np
import pytest
from PIL import Image

from zoobridge.client._call_state import CallState
from zoobridge.client._images import sources
from zoobridge.client._packing import ImageGroup
from zoobridge.client._stream_state import StreamState, announce, receive
from zoobridge.client._transport import Endpoint
from zoobridge.errors import OverloadedError, ServerUnavailableError
from zoobridge.protocol import ClientHints, status_from_error, trailing_metadata
from zoobridge.protocol.v1 import classification_pb2 as pb

ZOO = Path(__file__).parents[2] / "examples" / "zoo"


class Built:
    """A request that was built, or could not be."""

    def __init__(self, data):
        self._data = data

    def cancelled(self):
        return False

    def result(self):
        return self._data


def sent(sizes, **hints):
    """The messages for encoded pictures of some sizes that are all ready before gRPC asks."""
    stream = StreamState(CallState("m", len(sizes), None, ClientHints(**hints)), None)
    pictures, _ = sources([b"p" * size for size in sizes])
    for place, (size, source) in enumerate(zip(sizes, pictures, strict=True)):
        group = ImageGroup((source,))
        events = []
        index = stream.begin(group)
        message = pb.ClassifyStreamRequest(
            id=str(place), request={"image": {"encoded": b"p" * size}}
        )
        announce(events.append, group, index)(Built(message.SerializeToString()))
        stream.take(events[0])
    stream.exhaust()
    return [pb.ClassifyStreamRequest.FromString(one) for one in stream.requests()]


class IdleEnd(grpc.RpcError):
    """The server has ended a call that was idle."""

    def __init__(self, error=None):
        self._status = status_from_error(
            error or ServerUnavailableError("idle", metadata={"stream": "idle"})
        )

    def code(self):
        return grpc.StatusCode.UNAVAILABLE

    def details(self):
        return self._status.message

    def trailing_metadata(self):
        return trailing_metadata(self._status)


def load(stream, picture):
    """Have a picture sent."""
    events = []
    group = ImageGroup((next(iter(sources([picture])[0])),))
    index = stream.begin(group)
    message = pb.ClassifyStreamRequest(id=str(index), request={"image": {"encoded": picture}})
    announce(events.append, group, index)(Built(message.SerializeToString()))
    stream.take(events[0])


def ended(error):
    """What a call that ended with an error announces."""

    def call():
        raise error
        yield

    events = []
    receive(call(), events.append)
    return events[0]


@pytest.fixture
def stream():
    return StreamState(CallState("m", None, None, ClientHints()), Endpoint("localhost:1"))


def test_what_an_idle_call_did_not_take_is_sent_by_the_next_one(stream):
    first = stream.requests()
    load(stream, b"late")
    next(first)
    assert not stream.wants_call
    assert stream.take(ended(IdleEnd())) == []
    assert stream.wants_call
    assert list(first) == []
    second = stream.requests()
    assert not stream.wants_call
    load(stream, b"later")
    stream.exhaust()
    assert ids([pb.ClassifyStreamRequest.FromString(one) for one in second]) == [["0", "1"]]


def test_the_next_call_waits_as_long_as_the_server_has_asked(stream):
    assert stream.pause == 0
    short = OverloadedError("memory is short", metadata={"stream": "idle"}, retry_after=1.5)
    stream.take(ended(IdleEnd(short)))
    assert stream.pause == 1.5


def test_a_call_that_is_not_there_any_more_is_not_waited_for(stream):
    stream.requests()
    assert stream.has_call
    stream.take(ended(IdleEnd()))
    stream.exhaust()
    assert stream.is_answered
    assert not stream.has_call
    assert not stream.wants_call


def test_an_idle_end_after_the_last_answer_is_no_error(stream):
    stream.check_end(ended(IdleEnd()))
    with pytest.raises(ServerUnavailableError, match="another"):
        stream.check_end(ended(IdleEnd(ServerUnavailableError("another"))))


def test_any_other_end_is_an_error(stream):
    load(stream, b"p")
    with pytest.raises(ServerUnavailableError, match="shutting down"):
        stream.take(ended(IdleEnd(ServerUnavailableError("shutting down"))))


def ids(messages):
    return [[one.id for one in (message, *message.joined)] for message in messages]


def test_requests_that_are_ready_are_joined_up_to_the_hints():
    assert ids(sent([9] * 5, joined_requests=2)) == [["0", "1"], ["2", "3"], ["4"]]
    assert ids(sent([9] * 3, joined_requests=32)) == [["0", "1", "2"]]


@pytest.mark.parametrize("most", [0, 1])
def test_a_server_that_does_not_join_gets_each_request_by_itself(most):
    assert ids(sent([9] * 3, joined_requests=most)) == [["0"], ["1"], ["2"]]


def test_no_message_passes_the_bytes_that_are_worth_while_but_a_lone_one():
    messages = sent([400, 400, 400, 5000, 400], packed_bytes=1000)
    assert ids(messages) == [["0", "1"], ["2"], ["3"], ["4"]]


def png(level):
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8), level, np.uint8)).save(file, "png")
    return file.getvalue()


def test_encoded_pictures_are_answered_as_if_each_was_asked_for_alone(zoobridge_server):
    client = zoobridge_server(ZOO).client
    files = [png(level) for level in range(90)]
    files[40] = b"text"
    together = client.classify("digits", files, all_scores=True)
    assert [one.image_index for one in together] == list(range(90))
    assert [one.image_index for one in together if one.error is not None] == [40]
    for place in (0, 41, 89):
        (alone,) = client.classify("digits", files[place], all_scores=True)
        assert together[place].label == alone.label
        assert together[place].scores == pytest.approx(alone.scores, abs=1e-5)
