"""An accepted request is answered once, and the one that ends workers is found and refused."""

import math
import time

import pytest

from zoobridge.engine import InferenceRequest, ResponsePart, Runtime
from zoobridge.engine.supervisor._pending_request import CrashIsolation, PendingRequest
from zoobridge.errors import BackendError, CancelledError, DeadlineError, RefusedInputError


def request(data=b"request", *, seconds=None, **fields):
    deadline = None if seconds is None else time.monotonic() + seconds
    return InferenceRequest(None, None, data, deadline, **fields)


def pending(*arguments, drop=lambda _pending: True, **fields):
    return PendingRequest(1, request(*arguments, **fields), 0, 7, drop)


def part(*, last):
    return ResponsePart(b"", total=2, last=last, runtime=Runtime("cpu", "1.0"))


def test_parts_are_yielded_up_to_the_last():
    one = pending()
    parts = [part(last=False), part(last=True), part(last=True)]
    for each in parts:
        one.deliver(each)
    assert list(one) == parts[:2]


def test_an_error_is_raised_in_the_place_of_a_part():
    one = pending()
    one.deliver(part(last=False))
    one.deliver(BackendError("no"))
    parts = iter(one)
    next(parts)
    with pytest.raises(BackendError, match="no"):
        next(parts)


def test_the_deadline_ends_the_wait_and_drops_the_request():
    dropped = []
    one = pending(seconds=-1, drop=lambda each: bool(dropped.append(each)))
    with pytest.raises(DeadlineError):
        next(iter(one))
    assert dropped == [one]


def test_a_cancelled_request_ends_its_wait():
    one = pending()
    one.cancel()
    with pytest.raises(CancelledError):
        list(one)


def test_what_is_answered_already_cannot_be_cancelled():
    outcomes = []
    one = pending(drop=lambda _pending: False, deliver=outcomes.append)
    one.cancel()
    assert outcomes == []


def test_a_request_with_a_receiver_is_delivered_to_it():
    outcomes = []
    one = pending(deliver=outcomes.append)
    one.deliver(part(last=True))
    assert [outcome.last for outcome in outcomes] == [True]


def test_the_requests_of_a_dead_worker_are_called_again_one_by_one():
    isolation = CrashIsolation({})
    several = [pending() for _ in range(3)]
    assert isolation.record(several) == []
    several[1].done = True
    assert [isolation.call(), isolation.call(), isolation.call()] == [several[0], several[2], None]


def test_a_request_that_was_alone_at_two_deaths_is_refused_by_its_bytes():
    refused = {}
    isolation = CrashIsolation(refused)
    culprit = pending(b"poison")
    assert isolation.record([culprit]) == []
    ((found, error),) = isolation.record([culprit])
    assert found is culprit
    assert isinstance(error, RefusedInputError)
    # Another replica of the model shares what is refused.
    other = CrashIsolation(refused)
    other.admit(request(b"harmless"))
    for chunks in (b"poison", [b"poi", memoryview(b"son")]):
        with pytest.raises(RefusedInputError, match="twice"):
            other.admit(request(chunks))


def test_a_request_that_did_not_end_is_admitted_with_twice_the_time():
    isolation = CrashIsolation({})
    slow = pending(b"slow", seconds=-1)
    slow.accepted = time.monotonic() - 11
    assert "10.0 s" in isolation.record_stuck(slow).message
    with pytest.raises(RefusedInputError, match=r"20\.0 s"):
        isolation.admit(request(b"slow", seconds=15))
    isolation.admit(request(b"slow", seconds=60))
    isolation.admit(request(b"slow"))


def test_a_request_that_did_not_end_without_a_deadline_is_refused_for_good():
    refused = {}
    isolation = CrashIsolation(refused)
    isolation.record_stuck(pending(b"endless"))
    assert list(refused.values()) == [math.inf]
    with pytest.raises(RefusedInputError):
        isolation.admit(request(b"endless"))
