"""More load than fits: what can be answered in time is, the rest is refused at once and in words."""

import os
import threading
import time

import grpc
import pytest

from calling import CLASSIFY, at_once, callers_on, closed_loop, error_of_call, open_loop, percentile
from served import Caller, request
from sized import FULL, sized
from zoobridge.protocol.v1 import zoo_pb2

PICTURE = request(200, model="working").SerializeToString()
SECONDS = sized(2, 20)


@pytest.fixture(scope="module")
def server(serve):
    """It takes calls that would wait up to a second."""
    server = serve("--max-wait", "1")
    # The model is loaded, and what a call takes is known.
    closed_loop(server.address, PICTURE, callers=64, seconds=1)
    return server


def only_overloaded(outcomes):
    # Of calls that come this fast on one connection, gRPC refuses a few by itself (REFUSED_STREAM).
    by_grpc = {kind: count for kind, count in outcomes.errors.items() if "error code 7" in kind}
    return (
        set(outcomes.errors) - set(by_grpc) <= {"OverloadedError"}
        and sum(by_grpc.values()) <= 0.01 * len(outcomes.refused)
        and outcomes.without_retry == 0
    )


def test_calls_that_come_all_at_once_are_answered_or_refused_with_a_time_to_try_again(server):
    before = server.memory_bytes()
    outcomes = at_once(server.address, PICTURE, calls=sized(2000, 8000))
    print(f"\nall at once: {outcomes}")
    assert only_overloaded(outcomes), outcomes
    assert len(outcomes.answered) >= 64
    assert outcomes.refused
    assert server.memory_bytes() - before < 256 << 20


@pytest.mark.parametrize(("model", "callers"), [("working", 64), ("heavy", 16)])
def test_five_times_more_load_than_fits_costs_hardly_any_answers(serve, model, callers):
    # The server and its workers on one core, callers on another: who calls takes no time of theirs.
    first, *_, last = sorted(os.sched_getaffinity(0)) * 2
    server = serve("--max-wait", "1", shell=f"taskset -cp {first} $$ >/dev/null")
    picture = request(200, model=model).SerializeToString()
    with callers_on(last) as apart:
        warm = {"callers": callers, "seconds": 2}
        apart.submit(closed_loop, server.address, picture, **warm).result()
        _overload(server, picture, callers, apart, limits=FULL and model == "heavy")


def _overload(server, picture, callers, apart, *, limits):
    peak = apart.submit(
        closed_loop, server.address, picture, callers=callers, seconds=SECONDS
    ).result()
    most = [0]
    over = threading.Event()

    def watch():
        while not over.wait(0.1):
            most[0] = max(most[0], server.memory_bytes())

    before = server.memory_bytes()
    watcher = threading.Thread(target=watch)
    watcher.start()
    outcomes = apart.submit(
        open_loop, server.address, picture, rate=5 * peak.goodput, seconds=SECONDS
    ).result()
    over.set()
    watcher.join()
    time.sleep(1.0)
    after = apart.submit(closed_loop, server.address, picture, callers=1, seconds=1).result()
    print(f"\npeak: {peak}\nfive times that: {outcomes}\na second after: {after}")
    print(f"memory: {before >> 20} MiB before, {most[0] >> 20} MiB at most")
    assert only_overloaded(outcomes), outcomes
    assert outcomes.refused
    assert most[0] - before < 256 << 20
    assert set(after.errors) == set()
    if limits:
        # Speeds, which a machine that does something else beside would spoil. A refusal takes about
        # 0.15 ms of the server: four for each answer are little beside a network of twenty.
        assert outcomes.goodput >= 0.9 * peak.goodput
        assert percentile(outcomes.refused, 99) < 0.010
        assert percentile(after.answered, 50) < 0.050


def test_health_and_the_list_of_models_are_answered_while_classifying_is_refused(server):
    caller = Caller(server.address)
    over = threading.Event()

    def load():
        while not over.is_set():
            at_once(server.address, PICTURE, calls=1000)

    loader = threading.Thread(target=load)
    loader.start()
    try:
        for _ in range(20):
            assert caller.zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=10).models
    finally:
        over.set()
        loader.join()
        caller.channel.close()


def test_a_caller_who_waits_as_long_as_the_refusal_says_is_answered_in_the_end(server):
    caller = Caller(server.address)

    def ask():
        while True:
            try:
                return caller.raw(CLASSIFY, PICTURE)
            except grpc.RpcError as error:
                refusal = error_of_call(error)
                assert refusal.retry_after < 10
                time.sleep(refusal.retry_after)

    loader = threading.Thread(
        target=at_once, args=(server.address, PICTURE), kwargs={"calls": 1000}
    )
    loader.start()
    assert ask()
    loader.join()
    caller.channel.close()
