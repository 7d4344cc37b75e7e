"""A scheduler answers what it reads, batches what waits, and keeps one request's fault from others."""

import json
import os
import threading
import time

import numpy as np
import pytest

from zoobridge.backend import BackendFault, DeviceMemoryFault, TensorSpec
from zoobridge.engine import pack_tensors, unpack_tensors
from zoobridge.engine.channel._frames import PART, RUN, FrameKind, FrameReader, FrameWriter
from zoobridge.engine.worker._networks import Networks
from zoobridge.engine.worker._scheduler import Scheduler

FOREVER = 1e9


class Network:
    """Doubles what it is given; a test bars the way, or sets what fails."""

    device = "fake:0"
    inputs = (TensorSpec("x", "float32", (-1, 2)),)
    outputs = (TensorSpec("y", "float32", (-1, 2)),)

    def __init__(self):
        self.sizes = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.room = 1000

    def forward(self, inputs):
        self.entered.set()
        self.open.wait(60)
        (array,) = inputs
        self.sizes.append(len(array))
        if len(array) > self.room:
            raise DeviceMemoryFault(f"no room for {len(array)}")
        if (array == -1).any():
            raise BackendFault("minus one is not allowed")
        return [array * 2]


class Bench:
    """A scheduler of the bare network between two pipes."""

    def __init__(self, *, threads=1):
        self.network = Network()
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        self.memory = bytearray(1 << 20)
        self.writer, self.reader = FrameWriter(to_write), FrameReader(from_read)
        self.scheduler = Scheduler(
            FrameReader(to_read),
            FrameWriter(from_write),
            memoryview(self.memory),
            Networks(lambda _: self.network, threads),
            None,
            threads=threads,
            cores=None,
            seconds={},
        )
        self.thread = threading.Thread(target=self.scheduler.run, daemon=True)
        self.thread.start()
        self._next = 0

    def send(self, number, *rows, seconds=FOREVER):
        data = pack_tensors({"x": np.array(rows, "f4").reshape(-1, 2)})
        offset, self._next = self._next, self._next + (len(data) + 63) // 64 * 64
        self.memory[offset : offset + len(data)] = data
        run = RUN.pack(offset, len(data), seconds, 0.0, False, True)
        self.writer.send(FrameKind.RUN, number, run)

    def answers(self, count):
        found = {}
        for _ in range(count):
            frame = self.next()
            if frame.kind == FrameKind.PART:
                found[frame.number] = unpack_tensors(bytes(frame.payload)[PART.size :])[
                    "y"
                ].tolist()
            else:
                found[frame.number] = FrameKind(frame.kind)
        return found

    def next(self):
        """The next frame that is not a sign of life, which a busy machine leaves time for."""
        while (frame := self.reader.next()).kind == FrameKind.ALIVE:
            pass
        return frame

    def close(self):
        self.network.open.set()
        self.writer.close()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.close()


def test_a_request_is_answered(bench):
    bench.send(7, (1, 2))
    assert bench.answers(1) == {7: [[2, 4]]}


def test_each_request_has_its_own_answer_in_whatever_batches(bench):
    for number in range(60):
        bench.send(number, *[(number, row) for row in range(1 + number % 3)])
    expected = {n: [[2 * n, 2 * row] for row in range(1 + n % 3)] for n in range(60)}
    assert bench.answers(60) == expected


def test_what_waits_runs_together_once_that_was_seen_to_pay(bench):
    for _ in range(40):
        bench.network.open.clear()
        bench.network.entered.clear()
        bench.send(0, (0, 0))
        assert bench.network.entered.wait(20)
        for number in range(1, 9):
            bench.send(number, (0, 0))
        bench.network.open.set()
        bench.answers(9)
    assert max(bench.network.sizes) > 1


def test_the_fault_of_one_request_is_not_that_of_its_batch(bench):
    bench.network.open.clear()
    bench.send(0, (0, 0))
    assert bench.network.entered.wait(20)
    for number in range(1, 6):
        bench.send(number, (-1 if number == 3 else number, 0))
    bench.network.open.set()
    found = bench.answers(6)
    assert found.pop(3) is FrameKind.FAILED
    assert found == {n: [[2 * n, 0]] for n in (0, 1, 2, 4, 5)}


def test_a_request_whose_deadline_has_passed_is_not_run(bench):
    bench.send(1, (1, 1), seconds=-1.0)
    assert bench.answers(1) == {1: FrameKind.FAILED}
    assert bench.network.sizes == []


def test_a_cancelled_request_is_acknowledged_and_not_run(bench):
    bench.network.open.clear()
    bench.send(0, (0, 0))
    assert bench.network.entered.wait(20)
    bench.send(1, (1, 1))
    bench.writer.send(FrameKind.CANCEL, 1)
    bench.network.open.set()
    assert bench.answers(2) == {0: [[0, 0]], 1: FrameKind.FAILED}
    assert sum(bench.network.sizes) == 1


def test_bytes_that_are_no_tensors_fail_alone(bench):
    bench.memory[:8] = b"\xff" * 8
    bench.writer.send(FrameKind.RUN, 5, RUN.pack(0, 8, FOREVER, 0.0, False, True))
    assert bench.answers(1) == {5: FrameKind.FAILED}
    bench._next = 64
    bench.send(6, (1, 1))
    assert bench.answers(1) == {6: [[2, 2]]}


def test_a_batch_without_room_on_the_device_is_a_fault_of_its_request(bench):
    bench.network.room = 0
    bench.send(1, (1, 1))
    assert bench.answers(1) == {1: FrameKind.FAILED}


def test_the_batches_that_were_run_are_reported(bench):
    bench.send(1, (1, 1), (2, 2))
    bench.answers(1)
    bench.writer.send(FrameKind.BATCHES, 0)
    frame = bench.next()
    assert frame.kind == FrameKind.BATCHES
    (count, seconds, _) = json.loads(bytes(frame.payload))["2"]
    assert count == 1
    assert seconds >= 0


def test_threads_work_side_by_side():
    bench = Bench(threads=2)
    try:
        bench.network.open.clear()
        bench.send(0, (0, 0))
        assert bench.network.entered.wait(20)
        bench.network.entered.clear()
        bench.send(1, (1, 1))
        assert bench.network.entered.wait(20), "the second thread runs beside the first"
        bench.network.open.set()
        assert bench.answers(2) == {0: [[0, 0]], 1: [[2, 2]]}
    finally:
        bench.close()


def test_the_scheduler_ends_when_the_channel_closes():
    bench = Bench()
    start = time.monotonic()
    bench.close()
    assert time.monotonic() - start < 15
