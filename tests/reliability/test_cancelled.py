"""Calls that nobody waits for any more: dropped, without work and without a trace."""

import asyncio
import gc
import random
import time

import psutil
import pytest

from calling import Callers, at_once, percentile
from served import Caller, request, wait_until
from sized import FULL, sized
from zoobridge.protocol.v1 import zoo_pb2

CALLS = sized(3_000, 100_000)
ROUND = 500
QUICK = request(200).SerializeToString()
SLOW = request(200, model="working").SerializeToString()


@pytest.fixture(scope="module")
def server(serve):
    server = serve("--threads", "1", "--max-wait", "60")
    caller = Caller(server.address)
    for model in ("brightness", "working", "heavy"):
        caller.classification.Classify(request(model=model), timeout=90)
    caller.channel.close()
    return server


@pytest.fixture
def caller(server):
    caller = Caller(server.address)
    yield caller
    caller.channel.close()


def statistics(caller, name):
    answer = caller.zoo.GetStatistics(zoo_pb2.GetStatisticsRequest(), timeout=30)
    return next(model for model in answer.models if model.model == name)


async def _abandon(address, calls):
    """Calls that are cancelled, or whose deadline passes, after some milliseconds or none."""
    chance = random.Random(1)
    async with Callers(address, ROUND) as many:
        for _ in range(calls // ROUND):
            tasks = []
            for number in range(ROUND):
                picture = chance.choice((QUICK, SLOW))
                timeout = chance.choice((None, 0.001, 0.005, 0.02))
                tasks.append(asyncio.create_task(many.call(number, picture, timeout=timeout)))
            await asyncio.sleep(chance.random() * 0.02)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def footprint(server):
    workers = server.workers()
    return {
        "memory": server.memory_bytes()
        + sum(psutil.Process(w.pid).memory_full_info().uss for w in workers),
        "descriptors": server.descriptors() + sum(worker.num_fds() for worker in workers),
        "threads": server.threads() + sum(worker.num_threads() for worker in workers),
    }


def test_calls_that_are_cancelled_or_come_too_late_leave_nothing_behind(server, caller):
    # Threads are started as they are needed, and stay.
    at_once(server.address, SLOW, calls=128)
    asyncio.run(_abandon(server.address, 2 * ROUND))
    gc.collect()
    wait_until(lambda: all(statistics(caller, n).waiting == 0 for n in ("brightness", "working")))
    before = footprint(server)
    asyncio.run(_abandon(server.address, CALLS))
    wait_until(lambda: all(statistics(caller, n).waiting == 0 for n in ("brightness", "working")))
    # Connections that were closed are noticed in a moment.
    wait_until(lambda: footprint(server)["descriptors"] <= before["descriptors"], seconds=30)
    after = footprint(server)
    print(f"\n{CALLS} calls: {before} before, {after} after")
    assert after["threads"] <= before["threads"] + 4
    assert after["memory"] <= 1.05 * before["memory"] + (16 << 20)


def test_what_is_cancelled_is_dropped_within_milliseconds(server, caller):
    seconds = []
    for _ in range(sized(5, 50)):
        futures = [
            caller.classification.Classify.future(request(model="heavy"), timeout=60)
            for _ in range(60)
        ]
        wait_until(lambda: statistics(caller, "heavy").waiting > 30)
        begun = time.monotonic()
        for future in futures:
            future.cancel()
        wait_until(lambda: statistics(caller, "heavy").waiting == 0)
        seconds.append(time.monotonic() - begun)
    print(f"\ndropped within {1000 * percentile(seconds, 50):.0f} ms (median of {len(seconds)})")
    assert percentile(seconds, 50) < sized(1.0, 0.050)


def test_the_worker_does_no_work_for_calls_that_nobody_waits_for(server, caller):
    ran = rows(caller)
    calls = sized(300, 2000)

    async def too_late():
        async with Callers(server.address, calls) as many:
            await asyncio.gather(*(many.call(n, SLOW, timeout=0.1) for n in range(calls)))
            return many.outcomes

    outcomes = asyncio.run(too_late())
    wait_until(lambda: statistics(caller, "working").waiting == 0)
    ran = rows(caller) - ran
    late = calls - len(outcomes.answered)
    print(f"\n{calls} calls: {len(outcomes.answered)} answered, {late} too late, {ran} rows run")
    assert late > calls // 4
    # Beside what was answered, what the network had when the deadline passed.
    assert ran <= len(outcomes.answered) + 64
    if FULL:
        assert ran < calls // 2


def rows(caller):
    return sum(batch.size * batch.count for batch in statistics(caller, "working").batches)
