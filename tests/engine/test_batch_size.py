"""The learner finds the batch size that pays, by what it is told runs cost."""

from hypothesis import given
from hypothesis import strategies as st

from zoobridge.engine.worker._batch_size import BatchSizeLearner


def learn(seconds, *, limit=64, waiting=64, rounds=500):
    learner = BatchSizeLearner(limit)
    for _ in range(rounds):
        size = learner.choose(waiting)
        learner.record(size, seconds(size))
    return learner


def test_a_network_with_a_high_fixed_cost_is_run_in_large_batches():
    assert learn(lambda size: 1.0 + 0.01 * size).best == 64


def test_a_network_that_gains_nothing_is_run_item_by_item():
    assert learn(lambda size: 0.0032 if size == 1 else 0.0046 * size).best == 1


def test_a_size_that_the_memory_does_not_suffice_for_is_never_tried_again():
    learner = learn(lambda size: 1.0 + 0.01 * size)
    learner.bound(16)
    assert learner.best == 16
    assert max(learner.choose(64) for _ in range(500)) == 16
    learner.bound(0)
    assert learner.choose(64) == 1


def test_a_gain_that_ends_at_eight_is_found():
    assert learn(lambda size: 1.0 + 0.1 * size if size <= 8 else size * 0.5).best == 8


def test_a_slow_first_run_of_a_shape_does_not_condemn_it():
    seen = set()

    def seconds(size):
        first = size not in seen
        seen.add(size)
        return 10.0 if first else 1.0 + 0.01 * size

    assert learn(seconds).best == 64


@given(st.integers(1, 300), st.lists(st.tuples(st.integers(1, 500), st.floats(1e-6, 10.0))))
def test_never_more_than_waits_or_the_limit_allows(limit, history):
    learner = BatchSizeLearner(limit)
    for waiting, seconds in history:
        size = learner.choose(waiting)
        assert 1 <= size <= min(waiting, limit)
        learner.record(size, seconds)


def test_what_others_do_meanwhile_does_not_count_where_the_caller_s_thread_computes():
    learner = BatchSizeLearner(64)
    for size, processor in ((1, 1.0), (2, 1.6), (4, 6.0)):
        for turn in range(8):
            # Once the thread had all of the time; else the machine was busy, most of all with one.
            clock = processor if turn == 0 else processor * (100 if size == 2 else 3)
            learner.record(size, clock, processor)
    assert learner.best == 2


def test_the_clock_counts_where_other_threads_compute():
    learner = BatchSizeLearner(64)
    for size, clock in ((1, 1.0), (2, 1.6), (4, 6.0)):
        for _ in range(8):
            learner.record(size, clock, 0.1 / size)
    assert learner.best == 2
