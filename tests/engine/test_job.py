"""A request in a worker: its bytes, its end, and how its rows are divided."""

import time

import numpy as np
import pytest

from zoobridge.engine.worker._job import BatchEntry, Job, RunFrame, halves
from zoobridge.errors import CancelledError, DeadlineError


class Plain(Job):
    def prepare(self, count):
        raise NotImplementedError

    def part(self):
        raise NotImplementedError


def job(**fields):
    return Plain(None, RunFrame(1, memoryview(b"bytes"), **fields))


def entry(rows, *, items=True):
    array = np.arange(rows)[:, np.newaxis]
    return BatchEntry(job(), "key", (array,), rows, list(range(rows)) if items else None)


def test_its_bytes_are_taken_once():
    one = job()
    assert bytes(one.take()) == b"bytes"
    with pytest.raises(AssertionError):
        one.take()


def test_work_for_nobody_is_noticed():
    job().check()
    cancelled = job()
    cancelled.cancelled = True
    with pytest.raises(CancelledError):
        cancelled.check()
    with pytest.raises(DeadlineError):
        job(deadline=time.monotonic() - 1).check()


def test_it_is_finished_once_every_item_has_a_result():
    one = job()
    one.total = 2
    one.add(["a"])
    one.prepared = True
    assert not one.finished
    one.add(["b"])
    assert one.finished


def test_time_that_was_spent_on_nothing_else_was_spent_waiting():
    one = job(waited=10.0)
    one.times.preprocess, one.times.inference = 1.0, 2.0
    one.close_times()
    assert 7.0 <= one.times.queue < 60


def test_rows_are_divided_with_what_they_are():
    first, second = entry(5).divide(2)
    assert (first.rows, second.rows) == (2, 3)
    assert (first.items, second.items) == ([0, 1], [2, 3, 4])
    np.testing.assert_array_equal(second.arrays[0][:, 0], [2, 3, 4])


@pytest.mark.parametrize("alone", [entry(1), entry(4, items=False)], ids=["a row", "a request"])
def test_what_belongs_together_is_not_divided(alone):
    assert not alone.divisible
    assert halves([alone]) is None


def test_a_batch_is_halved_by_entries_and_a_lone_entry_by_rows():
    batch = [entry(2), entry(2), entry(2)]
    first, second = halves(batch)
    assert [*first, *second] == batch
    (one,), (other,) = halves([entry(5)])
    assert (one.rows, other.rows) == (2, 3)
