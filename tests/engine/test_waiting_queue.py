"""Whose turn comes next, and how long it will take."""

from types import SimpleNamespace

import pytest

from zoobridge.engine.supervisor._waiting_queue import Pace, WaitingQueue


def _request(number, *, streamed=False):
    deliver = print if streamed else None
    return SimpleNamespace(number=number, request=SimpleNamespace(deliver=deliver))


def _numbers(queue):
    return [queue.pop().number for _ in range(len(queue))]


def test_requests_of_one_kind_come_in_their_order():
    queue = WaitingQueue()
    for number in range(5):
        queue.add(_request(number, streamed=True))
    assert _numbers(queue) == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError):
        queue.pop()


def test_a_single_request_overtakes_those_of_streams_but_does_not_starve_them():
    queue = WaitingQueue()
    for number in range(100, 104):
        queue.add(_request(number, streamed=True))
    for number in range(6):
        queue.add(_request(number))
    assert queue.single == 6
    assert _numbers(queue) == [0, 1, 2, 100, 3, 4, 5, 101, 102, 103]


def test_what_nobody_waits_for_is_taken_out_at_once():
    queue = WaitingQueue()
    requests = [_request(number, streamed=number % 2) for number in range(6)]
    for request in requests:
        queue.add(request)
    for request in requests[:4]:
        queue.remove(request)
        queue.remove(request)
    assert sorted(_numbers(queue)) == [4, 5]


def test_what_a_dead_worker_had_comes_first_in_its_order():
    queue = WaitingQueue()
    queue.add(_request(9))
    queue.add_first([_request(1), _request(2)])
    assert _numbers(queue) == [1, 2, 9]


def test_the_pace_is_measured_while_there_is_work():
    pace = Pace()
    assert pace.wait_for(1000) == 0
    for now in range(10):
        pace.answered(float(now), busy=True)
    assert pace.wait_for(5) == pytest.approx(5)
    pace.answered(10.0, busy=False)
    # Between this and the last answer nobody asked for anything.
    pace.answered(1000.0, busy=True)
    assert pace.wait_for(5) == pytest.approx(5)


def test_a_slow_worker_has_few_requests_at_once_and_a_quick_one_many():
    quick, slow = Pace(), Pace()
    for number in range(10):
        quick.answered(number / 1000, busy=True)
        slow.answered(float(number), busy=True)
    assert quick.in_flight(64) == 64
    assert slow.in_flight(64) == 16
    assert Pace().in_flight(64) == 64
