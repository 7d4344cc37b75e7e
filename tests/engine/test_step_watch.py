"""A step that takes long leaves its place, and one that does not come back costs the worker."""

import math
import os
import subprocess
import sys
import threading
import time

import pytest

from served import wait_until
from zoobridge.engine.channel._frames import FrameKind, FrameReader, FrameWriter
from zoobridge.engine.worker._job import RunFrame
from zoobridge.engine.worker._step_watch import STUCK_EXIT_CODE, Step, StepWatch

NOW = 1000.0


def step(*, age, deadline=math.inf, prepares=True):
    jobs = [RunFrame(7, memoryview(b""), deadline=deadline)]
    return Step(lambda: None, 0.0, jobs, prepares, started=NOW - age)


@pytest.mark.parametrize(
    ("fields", "stuck"),
    [
        ({"age": 0.4, "deadline": NOW - 10}, False),
        ({"age": 2, "deadline": NOW - 0.4}, False),
        ({"age": 2, "deadline": NOW - 0.6}, True),
        ({"age": 60}, False),
        ({"age": 121}, True),
        ({"age": 29, "deadline": NOW - 20, "prepares": False}, False),
        ({"age": 31, "deadline": NOW - 20, "prepares": False}, True),
        ({"age": 600, "prepares": False}, False),
    ],
)
def test_a_step_is_stuck_some_time_after_its_deadline(fields, stuck):
    assert step(**fields).stuck(NOW) is stuck


def test_the_latest_deadline_of_a_batch_counts():
    jobs = [RunFrame(n, memoryview(b""), deadline=end) for n, end in enumerate((NOW - 99, NOW + 9))]
    assert not Step(lambda: None, 0.0, jobs, False, started=NOW - 60).stuck(NOW)


def test_preparing_that_takes_long_is_replaced_once():
    replaced = []
    change = threading.Condition()
    running = {step(age=0), step(age=0, prepares=False)}
    for one in running:
        one.started = time.monotonic()
    read, write = os.pipe()
    watch = StepWatch(
        running, change, replace=lambda: replaced.append(1) is None, writer=FrameWriter(write)
    )
    watch.start()
    wait_until(lambda: replaced)
    time.sleep(0.5)
    with change:
        assert [one.prepares for one in running if one.replaced] == [True]
        assert len(replaced) == 1
        running.clear()
    os.close(read)


SCRIPT = """
import sys, threading, time
from zoobridge.engine.channel._frames import FrameWriter
from zoobridge.engine.worker._job import RunFrame
from zoobridge.engine.worker._step_watch import Step, StepWatch
job = RunFrame(7, memoryview(b""), deadline=time.monotonic() - 1)
step = Step(lambda: None, 0.0, [job], True, started=time.monotonic() - 5)
writer = FrameWriter(int(sys.argv[1]))
StepWatch({step}, threading.Condition(), replace=lambda: True, writer=writer).start()
time.sleep(60)
"""


def test_the_worker_names_the_request_and_ends():
    read, write = os.pipe()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(write)],
            check=False,
            pass_fds=[write],
            capture_output=True,
            text=True,
            timeout=50,
        )
    finally:
        os.close(write)
    assert ended.returncode == STUCK_EXIT_CODE
    assert "preparing a picture has not ended" in ended.stderr
    reader = FrameReader(read)
    frame = reader.next()
    assert (frame.kind, frame.number) == (FrameKind.STUCK, 7)
    reader.close()
