"""What is ready at the same time travels in one message."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoobridge.client._call_state import CallState
from zoobridge.client._images import sources
from zoobridge.client._packing import ImageGroup
from zoobridge.client._stream_state import StreamState, announce
from zoobridge.protocol import ClientHints
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
