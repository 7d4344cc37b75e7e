"""Sums of one replica, and of several together."""

from hypothesis import given
from hypothesis import strategies as st

from zoobridge.engine import BatchStatistics, ModelStatistics
from zoobridge.engine._model_statistics import StatisticsRecorder, total

_sums = st.builds(
    ModelStatistics,
    requests=st.integers(0, 9),
    failures=st.integers(0, 9),
    items=st.integers(0, 99),
    last_used=st.integers(0, 9).map(float),
    batches=st.dictionaries(
        st.sampled_from([1, 2, 4]), st.builds(BatchStatistics, count=st.integers(1, 9)), max_size=3
    ),
)


@given(st.lists(_sums, max_size=4))
def test_replicas_add_up(parts):
    whole = total(parts)
    assert whole.requests == sum(part.requests for part in parts)
    assert whole.items == sum(part.items for part in parts)
    assert whole.last_used == max((part.last_used for part in parts), default=0.0)
    for size in (1, 2, 4):
        counts = [part.batches[size].count for part in parts if size in part.batches]
        assert whole.batches.get(size, BatchStatistics()).count == sum(counts)


def test_answers_and_failures_are_counted_apart():
    recorder = StatisticsRecorder()
    recorder.succeed(2.0, (0.1, 0.2, 0.3, 0.4), items=5, failed_items=1)
    recorder.fail(1.0)
    done = recorder.read({8: BatchStatistics(1)})
    assert (done.requests, done.failures, done.items, done.failed_items) == (1, 1, 5, 1)
    assert (done.success_seconds, done.failure_seconds) == (2.0, 1.0)
    assert (done.queue_seconds, done.postprocess_seconds) == (0.1, 0.4)
    assert done.last_used > 0
    assert done.batches[8].count == 1
