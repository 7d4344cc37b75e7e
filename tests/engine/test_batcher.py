"""What waits for the network comes out once, in order, and in batches of the size that is asked for."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.engine.worker._batcher import Batcher
from zoobridge.engine.worker._infer_job import InferHandler, InferJob
from zoobridge.engine.worker._job import BatchEntry, RunFrame

KEYS = ("a", "b")
_entries = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 9), st.booleans()), max_size=12)


def _job(number, *, deadline=float("inf")):
    return InferJob(InferHandler([]), RunFrame(number, memoryview(b""), deadline))


def _ready(job, key, rows, *, divisible=True):
    """Rows that each hold their job's number and their own."""
    names = [(job.number, row) for row in range(rows)]
    return BatchEntry(job, key, (np.array(names),), rows, names if divisible else None)


def _rows(batch):
    return [tuple(row) for ready in batch for row in ready.arrays[0].tolist()]


@given(entries=_entries, sizes=st.lists(st.integers(1, 9), min_size=1))
def test_every_row_comes_out_once_and_those_of_a_key_in_order(entries, sizes):
    queue = Batcher()
    expected = {key: [] for key in KEYS}
    for number, (key, rows, divisible) in enumerate(entries):
        queue.put(_ready(_job(number), key, rows, divisible=divisible))
        expected[key] += [(number, row) for row in range(rows)]
    found = {key: [] for key in KEYS}
    turn = 0
    while len(queue):
        size = sizes[turn % len(sizes)]
        before, next_rows = len(queue), queue.next_rows()
        batch, late = queue.take(size, now=0.0)
        assert late == []
        assert len({ready.key for ready in batch}) == 1
        rows = sum(ready.rows for ready in batch)
        assert len(queue) == before - rows
        assert rows <= next_rows
        assert rows <= size or (len(batch) == 1 and not batch[0].divisible)
        for ready in batch:
            assert ready.items is None or list(ready.items) == _rows([ready])
        found[batch[0].key] += _rows(batch)
        turn += 1
    assert found == expected


def test_keys_take_turns():
    queue = Batcher()
    for key in KEYS:
        queue.put(_ready(_job(0), key, 4))
    taken = [queue.take(2, now=0.0)[0][0].key for _ in range(4)]
    assert taken == ["a", "b", "a", "b"]


def test_what_nobody_waits_for_is_left_out_and_what_is_late_is_told():
    queue = Batcher()
    cancelled, closed, sound = _job(1), _job(2), _job(4)
    late = _job(3, deadline=time.monotonic() - 1)
    for job in (cancelled, closed, late, sound):
        queue.put(_ready(job, "a", 2))
    cancelled.cancelled = closed.closed = True
    batch, expired = queue.take(8, now=time.monotonic())
    assert [ready.job for ready in batch] == [sound]
    assert [ready.job for ready in expired] == [late]
    assert len(queue) == 0


def test_an_entry_falls_into_its_first_rows_and_the_others():
    first, second = _ready(_job(5), "a", 5).divide(2)
    assert (first.rows, second.rows) == (2, 3)
    assert _rows([first]) == first.items == [(5, 0), (5, 1)]
    assert _rows([second]) == second.items == [(5, 2), (5, 3), (5, 4)]
