"""When a call is accepted: as long as it is expected to be worked on in time."""

import threading
import time
from types import SimpleNamespace

import pytest

from served import wait_until
from zoobridge.errors import OverloadedError
from zoobridge.server._pools import CallPool, CallPools


@pytest.fixture
def pool():
    pool = CallPool(2, name="test", patience=1.0)
    yield pool
    pool.shutdown(wait=True, cancel_futures=True)


def _hold(pool, count):
    """Calls that last until the test lets go of them."""
    go = threading.Event()
    for _ in range(count):
        pool.submit(go.wait, 30)
    return go


def test_while_a_thread_is_free_every_call_is_accepted(pool):
    go = _hold(pool, 1)
    assert not pool.full
    assert pool.expected_wait() == 0
    go.set()


def test_calls_that_do_not_come_back_make_the_expected_wait_grow(pool):
    go = _hold(pool, 2)
    wait_until(lambda: pool.expected_wait() > 0)
    earlier = pool.expected_wait()
    time.sleep(0.05)
    assert pool.expected_wait() > earlier
    wait_until(lambda: pool.full, seconds=30)
    error = pool.overloaded()
    assert isinstance(error, OverloadedError)
    assert 0 < error.retry_after < 10
    go.set()
    wait_until(lambda: pool.unanswered == 0)
    assert not pool.full


def test_quick_calls_may_wait_in_great_numbers():
    # Patient enough for a busy machine, on which the two that hold the threads grow old meanwhile.
    pool = CallPool(2, name="test", patience=60.0)
    for _ in range(200):
        pool.submit(time.sleep, 0).result()
    go = _hold(pool, 2)
    for _ in range(100):
        pool.submit(time.sleep, 0)
    assert not pool.full
    go.set()
    pool.shutdown(wait=True, cancel_futures=True)


def test_a_call_does_not_wait_for_a_thread_where_its_model_would_refuse_it_then(pool, monkeypatch):
    for _ in range(40):
        assert not pool.submit(pool.may_wait, 30.0).result(30)
    assert not pool.full
    go = _hold(pool, 2)
    wait_until(lambda: pool.unanswered == 2)
    assert pool.full
    go.set()
    wait_until(lambda: pool.unanswered == 0)
    # What a model has to do becomes less with time, also where nobody asks.
    clock = time.monotonic
    later = SimpleNamespace(monotonic=lambda: clock() + 60)
    monkeypatch.setattr("zoobridge.server._pools.time", later)
    go = _hold(pool, 2)
    assert not pool.full
    go.set()


def test_a_call_that_waited_for_a_thread_may_wait_as_much_longer_for_its_model(pool):
    go = _hold(pool, 2)
    late = pool.submit(pool.may_wait, 1.05)
    time.sleep(0.1)
    go.set()
    assert late.result(30)
    assert not pool.submit(pool.may_wait, 1.05).result(30)


def test_a_call_that_fails_gives_its_place_back(pool):
    for _ in range(10):
        assert isinstance(pool.submit(int, "no number").exception(), ValueError)
    wait_until(lambda: pool.unanswered == 0)


def test_a_call_that_is_set_aside_gives_its_place_to_the_next(pool):
    go = _hold(pool, 2)
    done = threading.Event()

    def wait_aside():
        assert pool.set_aside(pool.current)
        assert not pool.set_aside(pool.current)
        done.set()
        go.wait(30)

    pool.submit(wait_aside)
    assert pool.queued == 1
    assert not done.is_set()
    go.set()
    assert done.wait(30)
    wait_until(lambda: pool.unanswered == 0)
    go.clear()
    for _ in range(4):
        pool.submit(wait_aside)
    wait_until(lambda: pool.queued == 0)
    assert pool.submit(int, "7").result(30) == 7
    assert pool.unanswered == 4
    assert pool.expected_wait() == 0
    go.set()
    wait_until(lambda: pool.unanswered == 0)


def test_calls_run_in_order_and_never_more_at_once_than_threads(pool):
    lock, began, most, running = threading.Lock(), [], [0], [0]

    def call(number):
        with lock:
            began.append(number)
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.001)
        with lock:
            running[0] -= 1

    futures = [pool.submit(call, number) for number in range(200)]
    for future in futures:
        future.result(30)
    assert most[0] == 2
    assert began == sorted(began) or max(abs(a - b) for a, b in enumerate(began)) <= 1


def test_only_so_many_calls_wait_for_models():
    pools = CallPools.of(threads=4, patience=10)
    go = threading.Event()

    def load():
        with pools.aside():
            go.wait(30)

    futures = [pools.classifying.submit(load) for _ in range(200)]
    wait_until(lambda: pools.classifying.unanswered == 128)
    refused = [future for future in futures if future.done()]
    assert {type(future.exception()) for future in refused} == {OverloadedError}
    assert all(future.exception().retry_after for future in refused)
    go.set()
    wait_until(lambda: pools.unanswered == 0)
    pools.close()


def test_streams_wait_for_nothing_and_control_calls_have_threads_of_their_own():
    pools = CallPools.of(threads=4, patience=10)
    streams = pools.pool_for("/zoobridge.v1.ClassificationService/ClassifyStream", streaming=True)
    go = _hold(streams, 2)
    assert streams.full
    assert streams.overloaded().retry_after
    classifying = pools.pool_for("/zoobridge.v1.ClassificationService/Classify", streaming=False)
    control = pools.pool_for("/zoobridge.v1.ZooService/ListModels", streaming=False)
    assert len({streams, classifying, control}) == 3
    assert not classifying.full
    assert pools.unanswered == 2
    go.set()
    wait_until(lambda: pools.unanswered == 0)
    pools.close()
