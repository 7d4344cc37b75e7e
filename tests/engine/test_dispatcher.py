"""A dispatcher sends what was accepted, in order, and answers all of it whatever the worker does."""

import os
import time

import pytest

from zoobridge.engine import InferenceRequest, Runtime
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._frames import PART, RUN, Frame, FrameKind, FrameReader, FrameWriter
from zoobridge.engine.supervisor._dispatcher import Dispatcher
from zoobridge.errors import (
    BackendError,
    CancelledError,
    DeadlineError,
    OverloadedError,
    RefusedInputError,
    WorkerError,
)
from zoobridge.protocol import status_from_error


class Worker:
    """The other end of a dispatcher's pipe."""

    def __init__(self, tmp_path, *, most=8, bytes_=1 << 16):
        self.arena = Arena(bytes_, tmp_path / "arena", anonymous=False)
        self.dispatcher = Dispatcher("digits", self.arena, most=most, patience=1e9, refused={})
        self.reader = None

    def attach(self):
        read, write = os.pipe()
        self.reader = FrameReader(read)
        with self.dispatcher.change:
            self.dispatcher.attach(FrameWriter(write), Runtime("fake:0", "1.0"))

    def die(self, reason="was ended by SIGKILL"):
        with self.dispatcher.change:
            self.dispatcher.detach()
            return self.dispatcher.recover(reason)

    def submit(self, data=b"request", *, deadline=None, **fields):
        request = InferenceRequest(None, None, data, deadline, **fields)
        self.dispatcher.admit(request)
        with self.dispatcher.change:
            pending = self.dispatcher.enter(request)
        self.dispatcher.fill(pending)
        return pending

    def runs(self):
        """The numbers of the requests that were sent, and their bytes."""
        found = []
        while self.reader.pending():
            frame = self.reader.next()
            if frame.kind == FrameKind.RUN:
                offset, size, *_ = RUN.unpack(frame.payload)
                with (self.arena.path).open("rb") as file:
                    file.seek(offset)
                    found.append((frame.number, file.read(size)))
            else:
                found.append((frame.number, FrameKind(frame.kind)))
        return found

    def answer(self, number, data=b"", *, items=1, total=1, last=True):
        head = PART.pack(total, items, 0, last, 0.0, 0.0, 0.0, 0.0)
        self.dispatcher.receive(Frame(FrameKind.PART, number, head + data))

    def fail(self, number, error):
        status = status_from_error(error).SerializeToString()
        self.dispatcher.receive(Frame(FrameKind.FAILED, number, status))


@pytest.fixture
def worker(tmp_path):
    worker = Worker(tmp_path)
    worker.attach()
    return worker


def test_requests_are_sent_in_order_and_their_bytes_lie_in_the_arena(worker):
    for data in (b"first", b"second"):
        worker.submit(data)
    assert [data for _, data in worker.runs()] == [b"first", b"second"]


def test_what_is_accepted_before_the_worker_is_ready_is_sent_then(tmp_path):
    worker = Worker(tmp_path)
    worker.submit(b"early")
    assert len(worker.dispatcher) == 1
    worker.attach()
    assert [data for _, data in worker.runs()] == [b"early"]


def test_an_answer_comes_in_parts_and_says_what_computed_it(worker):
    pending = worker.submit(parts=True)
    worker.answer(pending.number, b"one", total=2, last=False)
    worker.answer(pending.number, b"two", total=2)
    parts = list(pending)
    assert [bytes(part.response) for part in parts] == [b"one", b"two"]
    assert [part.last for part in parts] == [False, True]
    assert parts[0].runtime == Runtime("fake:0", "1.0")
    assert len(worker.dispatcher) == 0


def test_an_error_of_the_worker_is_the_caller_s_error(worker):
    pending = worker.submit()
    worker.fail(pending.number, BackendError("the network failed"))
    with pytest.raises(BackendError, match="the network failed"):
        list(pending)


def test_a_request_may_say_itself_how_long_it_waits(worker):
    asked = []

    def may_wait(seconds):
        asked.append(seconds)
        return len(asked) == 1

    worker.submit(may_wait=may_wait)
    with pytest.raises(OverloadedError, match="requests are before this one"):
        worker.submit(may_wait=may_wait)
    worker.submit(may_wait=may_wait, deliver=asked.append)
    assert asked == [0, 0]


def test_more_than_may_wait_is_refused_with_a_time_to_try_again(tmp_path):
    worker = Worker(tmp_path, most=2)
    worker.submit()
    worker.submit()
    with pytest.raises(OverloadedError, match="2 requests wait") as caught:
        worker.submit()
    assert caught.value.retry_after > 0


def test_a_full_arena_refuses_and_an_answer_makes_room(tmp_path):
    worker = Worker(tmp_path, bytes_=4096)
    worker.attach()
    first = worker.submit(bytes(4000))
    with pytest.raises(OverloadedError, match="memory"):
        worker.submit(bytes(4000))
    worker.answer(first.number)
    worker.submit(bytes(4000))


def test_a_cancelled_request_keeps_its_bytes_until_the_worker_lets_go(worker):
    pending = worker.submit()
    pending.cancel()
    with pytest.raises(CancelledError):
        list(pending)
    assert worker.runs()[-1] == (pending.number, FrameKind.CANCEL)
    assert len(worker.dispatcher) == 1
    worker.fail(pending.number, CancelledError("cancelled"))
    assert len(worker.dispatcher) == 0


def test_a_deadline_ends_the_wait(worker):
    pending = worker.submit(deadline=time.monotonic() + 0.05)
    with pytest.raises(DeadlineError):
        list(pending)


def test_after_a_death_requests_are_sent_one_by_one_until_the_poison_is_found(worker):
    poison, sound = worker.submit(b"poison"), worker.submit(b"sound")
    worker.runs()
    assert worker.die() == 2
    worker.attach()
    assert worker.runs() == [(poison.number, b"poison")]
    worker.die()
    worker.attach()
    assert worker.runs() == [(sound.number, b"sound")]
    worker.answer(sound.number, b"fine")
    assert [bytes(part.response) for part in sound] == [b"fine"]
    assert worker.runs() == [(poison.number, b"poison")]
    worker.die()
    with pytest.raises(RefusedInputError):
        list(poison)
    with pytest.raises(RefusedInputError):
        worker.submit(b"poison")


def test_a_request_that_had_part_of_its_answer_is_not_run_again(worker):
    pending = worker.submit(parts=True)
    worker.answer(pending.number, b"one", total=2, last=False)
    worker.die()
    with pytest.raises(WorkerError, match="after it had answered 1 items"):
        list(pending)


def test_answers_to_nobody_and_unknown_numbers_are_ignored(worker):
    worker.answer(99)
    pending = worker.submit()
    worker.answer(pending.number)
    worker.answer(pending.number)
    assert len(list(pending)) == 1


def test_statistics_count_answers_and_failures(worker):
    first, second = worker.submit(), worker.submit()
    worker.answer(first.number, total=3, items=3)
    worker.fail(second.number, BackendError("no"))
    with worker.dispatcher.change:
        worker.dispatcher.detach()
    done = worker.dispatcher.statistics()
    assert (done.requests, done.failures, done.items) == (1, 1, 3)


def test_a_worker_that_has_work_and_says_nothing_is_ended_once_a_deadline_has_passed(worker):
    now = time.monotonic()
    without = worker.submit(b"no deadline")
    with worker.dispatcher.change:
        assert not worker.dispatcher.unresponsive(now + 30)
        assert worker.dispatcher.unresponsive(now + 90)
    worker.submit(b"soon", deadline=now + 3)
    with worker.dispatcher.change:
        assert not worker.dispatcher.unresponsive(now + 4)
        assert worker.dispatcher.unresponsive(now + 6)
    worker.dispatcher.receive(Frame(FrameKind.ALIVE, 0, b""))
    with worker.dispatcher.change:
        assert not worker.dispatcher.unresponsive(time.monotonic() + 4)
    assert not without.done


@pytest.mark.parametrize("behind", [0, 2])
def test_the_first_request_past_its_deadline_is_to_blame_for_the_silence(worker, behind):
    now = time.monotonic()
    pending = worker.submit(b"holds", deadline=now + 1)
    others = [worker.submit(f"waits {n}".encode()) for n in range(behind)]
    with worker.dispatcher.change:
        assert worker.dispatcher.unresponsive(now + 6)
    with pytest.raises(RefusedInputError):
        list(pending)
    worker.die()
    assert not any(one.done for one in others)
    with pytest.raises(RefusedInputError):
        worker.submit(b"holds", deadline=now + 1)


def test_a_request_that_waits_behind_a_silent_one_is_not_to_blame(worker):
    now = time.monotonic()
    holds = worker.submit(b"holds")
    waits = worker.submit(b"waits", deadline=now + 1)
    worker.runs()
    with worker.dispatcher.change:
        assert worker.dispatcher.unresponsive(now + 6)
    assert not waits.done
    # Nobody knows which it was: they are given out one by one.
    worker.die()
    worker.attach()
    assert worker.runs() == [(holds.number, b"holds")]
    with worker.dispatcher.change:
        assert not worker.dispatcher.unresponsive(time.monotonic() + 30)
    worker.answer(holds.number, b"fine")
    assert worker.runs() == [(waits.number, b"waits")]
    worker.answer(waits.number)
    worker.submit(b"waits", deadline=now + 60)


def test_an_idle_worker_may_be_silent(worker):
    with worker.dispatcher.change:
        assert not worker.dispatcher.unresponsive(time.monotonic() + 1000)


def test_a_worker_that_has_work_and_says_nothing_is_silent(worker):
    with worker.dispatcher.change:
        assert worker.dispatcher.idle_seconds(time.monotonic() + 9) == 0
    worker.submit()
    with worker.dispatcher.change:
        assert worker.dispatcher.idle_seconds(time.monotonic() + 9) > 8
