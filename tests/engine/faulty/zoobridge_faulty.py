"""A framework that does what a picture tells it: answer, fail, dawdle, or take the process along.

A network has two classes; the first pixel of an item says what happens to it.
"""

import contextlib
import ctypes
import os
import struct
import time

import numpy as np

from zoobridge.backend import (
    BackendFault,
    DeviceMemoryFault,
    FrameworkFacts,
    TensorSpec,
)

DIES, FAILS, DAWDLES, NAN, WRONG_COUNT, HANGS, LIES, HOLDS = 255, 254, 253, 252, 251, 250, 249, 248


#: What is written to the server, by the second pixel, and whether the process ends after it.
FORGED = struct.Struct("<III?ffff").pack(1, 1, 0, True, 0, 0, 0, 0) + b"\x0a\x02\x08\x00"
FRAMES = {
    0: (b"\xff" * 64, False),
    # Answers to requests of whatever number.
    1: (
        b"".join(struct.pack("<IIQ", len(FORGED), 5, number) + FORGED for number in range(1000)),
        False,
    ),
    # A frame of a gigabyte that never comes.
    2: (struct.pack("<IIQ", 1 << 30, 5, 1) + b"x" * 1000, False),
    3: (struct.pack("<IIQ", (1 << 30) + 1, 5, 1), False),
    # Half of an answer, and the end.
    4: (struct.pack("<IIQ", len(FORGED), 5, 1) + FORGED[:9], True),
    # It is ready again, and states batches that are not JSON.
    5: (struct.pack("<IIQ", 2, 2, 0) + b"{}" + struct.pack("<IIQ", 3, 7, 0) + b"{x}", False),
}


def lie(kind):
    """Write, as a hostile model would, to every pipe that this process may write to."""
    frames, ends = FRAMES.get(kind, FRAMES[0])
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            if os.fstat(descriptor).st_mode & 0o170000 == 0o010000:
                os.set_blocking(descriptor, False)
                os.write(descriptor, frames)
    if ends:
        os._exit(0)
    while kind == 2:
        time.sleep(1)


class FaultyNetwork:
    inputs = (TensorSpec("input", "float32", (-1, -1, -1)),)
    outputs = (TensorSpec("output", "float32", (-1, 2)),)

    def __init__(self, scale=1.0, device="cpu", room=None):
        self.device = device
        self.scale = scale
        #: The largest batch that the device's memory has room for.
        self.room = room
        #: Memory that only weighs: ``hold N`` asks for N MiB.
        self.held = None

    def forward(self, inputs):
        (batch,) = inputs
        first = batch[:, 0, 0]
        if self.room is not None and len(batch) > self.room:
            raise DeviceMemoryFault(f"no memory for a batch of {len(batch)}")
        if (first == DIES).any():
            os.abort()
        if (first == FAILS).any():
            raise BackendFault("the network does not like this picture")
        if (first == DAWDLES).any():
            time.sleep(0.2)
        if (first == LIES).any():
            lie(int(batch[0, 0, 1]))
        if (first == HOLDS).any():
            # With the interpreter's lock, so that no other thread of this process runs.
            ctypes.PyDLL(None).sleep(3600)
        while (first == HANGS).any():
            time.sleep(1)
        if (first == WRONG_COUNT).any():
            batch = batch[:-1]
        mean = self.scale * batch.mean(axis=(1, 2))
        scores = np.stack([mean, 255 - mean], axis=1).astype(np.float32)
        scores[batch[:, 0, 0] == NAN] = np.nan
        return [scores]


class CountingNetwork(FaultyNetwork):
    """Answers how often it was called, this call included."""

    calls = 0

    def forward(self, inputs):
        self.calls += 1
        (scores,) = super().forward(inputs)
        scores[:, 0] = self.calls
        return [scores]


class PickyNetwork(FaultyNetwork):
    """Does not take zeros."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, inputs):
        if not inputs[0].any():
            raise self.error
        return super().forward(inputs)


class FaultyBackend:
    formats = ("faulty",)

    def facts(self):
        return FrameworkFacts(version="1.0")

    def start(self):
        pass

    def devices(self):
        return ("cpu", *filter(None, os.environ.get("FAULTY_DEVICES", "").split(",")))

    def device_problem(self):
        return os.environ.get("FAULTY_DEVICE_PROBLEM", "")

    def load(self, weights, *, device, threads):  # noqa: ARG002 - as the Protocol has it
        command = weights.path.read_text()
        if command == "refuse":
            raise BackendFault("these weights are refused")
        if command == "die":
            os.abort()
        if command == "slow":
            time.sleep(3.0)
        if command == "count":
            return CountingNetwork()
        if command == "picky":
            return PickyNetwork(BackendFault("zeros are no picture"))
        if command == "brittle":
            return PickyNetwork(ZeroDivisionError("division by zero"))
        if command.startswith("hold"):
            network = FaultyNetwork()
            network.held = np.ones(int(command.split()[1]) << 17)
            return network
        if command.startswith("scale"):
            return FaultyNetwork(float(command.split()[1]))
        room = int(command.split()[1]) if command.startswith("room") else None
        return FaultyNetwork(device=device, room=room)
