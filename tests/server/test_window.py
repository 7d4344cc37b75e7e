"""A window knows what is outstanding on a stream, since when nothing is, and how the stream ends."""

from __future__ import annotations

import threading
import time

import pytest

from zoobridge.errors import ServerUnavailableError
from zoobridge.server._open_streams import OpenStreams
from zoobridge.server._window import RequestWindow, StreamedRequest


class Answer:
    """What the engine will answer."""

    cancelled = False

    def cancel(self):
        self.cancelled = True


class Stream:
    """A stream of nothing but its window."""

    def __init__(self):
        self.window = RequestWindow(2, 100)

    @property
    def idle_since(self):
        return self.window.idle_since

    def end(self):
        self.window.end()

    def drain(self, error=None):
        self.window.drain(error)


class Context:
    def add_callback(self, _callback):
        return True


@pytest.fixture
def window():
    return RequestWindow(2, 100)


def waits(window):
    """Whether nothing may be read at present."""
    room = threading.Event()
    threading.Thread(target=lambda: window.wait_for_room() and room.set(), daemon=True).start()
    return not room.wait(0.1)


@pytest.mark.parametrize("sizes", [(1, 1), (100,)])
def test_nothing_is_read_while_enough_is_outstanding(window, sizes):
    requests = [StreamedRequest(size) for size in sizes]
    for request in requests:
        assert window.wait_for_room()
        assert window.add(request)
    assert waits(window)
    window.release(requests[:1])
    assert window.wait_for_room()
    window.end()


def test_a_window_is_idle_while_nothing_is_outstanding(window):
    begun = window.idle_since
    request = StreamedRequest(1)
    window.add(request)
    assert window.idle_since is None
    window.release([request])
    assert begun < window.idle_since <= time.monotonic()


@pytest.mark.parametrize("end", ["drain", "end", "close"])
def test_what_is_about_to_end_is_not_idle(window, end):
    getattr(window, end)()
    assert window.idle_since is None
    assert window.finished


def test_a_drained_window_answers_what_it_has_takes_nothing_more_and_says_why(window):
    request, late = StreamedRequest(1), StreamedRequest(1)
    window.add(request)
    window.drain(ServerUnavailableError("idle"))
    window.drain()
    assert not window.add(late)
    assert not window.finished
    window.release([request])
    assert window.finished
    with pytest.raises(ServerUnavailableError, match="idle"):
        window.check()


def test_a_caller_that_has_sent_everything_gets_no_error_of_the_drain(window):
    window.close()
    window.drain()
    window.check()


def test_the_end_cancels_what_is_expected_and_what_comes_later(window):
    request, early, late = StreamedRequest(1), Answer(), Answer()
    window.add(request)
    window.expect(request, early)
    assert not window.wait_for_end(0.0)
    window.end()
    window.expect(request, late)
    assert early.cancelled
    assert late.cancelled
    assert window.wait_for_end(0.0)


def test_each_new_stream_takes_the_place_of_another_idle_one(monkeypatch):
    monkeypatch.setattr("zoobridge.server._open_streams._IDLE_SECONDS", 0.0)
    streams, opened = [Stream() for _ in range(3)], OpenStreams()
    busy = StreamedRequest(1)
    streams[0].window.add(busy)
    with (
        opened.opened(streams[0], Context()),
        opened.opened(streams[1], Context()),
        opened.opened(streams[2], Context()),
    ):
        assert [opened.make_room() for _ in range(3)] == [True, True, False]
        assert [stream.window.finished for stream in streams] == [False, True, True]


def test_streams_are_idle_for_a_minute_before_they_give_their_place():
    opened, stream = OpenStreams(), Stream()
    with opened.opened(stream, Context()):
        assert not opened.make_room()
    assert not stream.window.finished
