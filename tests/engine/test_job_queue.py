"""Whose request is prepared next."""

from types import SimpleNamespace

import pytest

from zoobridge.engine.worker._job_queue import JobQueue


def test_single_requests_come_before_those_of_streams_three_times_out_of_four():
    queue = JobQueue()
    for number in range(100, 103):
        queue.append(SimpleNamespace(number=number, parts=True))
    for number in range(5):
        queue.append(SimpleNamespace(number=number, parts=False))
    assert len(queue) == 8
    assert [queue.popleft().number for _ in range(8)] == [0, 1, 2, 100, 3, 4, 101, 102]
    with pytest.raises(IndexError):
        queue.popleft()
