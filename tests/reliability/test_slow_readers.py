"""Streams whose caller does not read: little is held for each, and nobody else is slower for it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import silent_streams
from calling import percentile
from served import Caller, request
from sized import FULL, sized

STREAMS = 10
CALLS = sized(60, 2000)


@pytest.fixture(scope="module")
def server(serve):
    return serve("--threads", "1")


@pytest.fixture
def caller(server):
    caller = Caller(server.address)
    caller.classification.Classify(request(), timeout=90)
    yield caller
    caller.channel.close()


@pytest.fixture
def silent(server):
    """Start a process with streams that send as much as they are let and read nothing."""
    processes = []

    def make(planes):
        process = subprocess.Popen(
            [sys.executable, silent_streams.__file__, server.address, str(STREAMS), str(planes)],
            env=os.environ | {"PYTHONPATH": str(Path(silent_streams.__file__).parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield make
    for process in processes:
        process.communicate("end\n", timeout=60)


def latencies(caller):
    seconds = []
    for level in range(CALLS):
        begun = time.monotonic()
        caller.classification.Classify(request(level % 250), timeout=60)
        seconds.append(time.monotonic() - begun)
    return seconds


def computing(server):
    """The share of a core that the server and its workers take, measured for a second."""
    processes = [psutil.Process(server.pid), *server.children()]
    before = [process.cpu_times() for process in processes]
    time.sleep(1)
    after = [process.cpu_times() for process in processes]
    return sum(a.user + a.system - b.user - b.system for a, b in zip(after, before, strict=True))


def taken_of(process):
    process.stdin.write("count\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def settled(server, process):
    """Wait until the streams take nothing any more; how many requests they took."""
    limit = time.monotonic() + 150
    while taken_of(process) < 40 * STREAMS or computing(server) > 0.05:
        assert time.monotonic() < limit, "the server still works for streams that nobody reads"
    return taken_of(process)


def test_streams_that_nobody_reads_hold_little_and_slow_no_other_caller_down(
    server, caller, silent
):
    alone = latencies(caller)
    before = server.memory_bytes()
    streams = silent(100)
    beside = latencies(caller)
    taken = settled(server, streams)
    after = latencies(caller)
    for percent in (50, 99):
        print(
            f"\n{percent} of 100 within {1000 * percentile(alone, percent):.1f} ms alone, "
            f"{1000 * percentile(beside, percent):.1f} ms while {STREAMS} streams fill, "
            f"{1000 * percentile(after, percent):.1f} ms beside {STREAMS} that nobody reads"
        )
    held = server.memory_bytes() - before
    print(f"{taken} requests of 100 planes taken, {held >> 10} KiB held")
    # gRPC lets a stream send ahead by the window that it has measured: some MB on loopback.
    assert held < STREAMS * (8 << 20)
    if FULL:
        assert percentile(after, 99) < 2 * percentile(alone, 99) + 0.002
