"""A framework that does what a picture tells it: answer, fail, dawdle, or take the process along.

A network has two classes; the first pixel of an item says what happens to it.
"""

import os
import time

import numpy as np

from zoobridge.backend import BackendFault, FrameworkFacts, TensorSpec

DIES, FAILS, DAWDLES, NAN, WRONG_COUNT, HANGS = 255, 254, 253, 252, 251, 250


class FaultyNetwork:
    device = "cpu"
    inputs = (TensorSpec("input", "float32", (-1, -1, -1)),)
    outputs = (TensorSpec("output", "float32", (-1, 2)),)

    def __init__(self, scale=1.0):
        self.scale = scale

    def forward(self, inputs):
        (batch,) = inputs
        first = batch[:, 0, 0]
        if (first == DIES).any():
            os.abort()
        if (first == FAILS).any():
            raise BackendFault("the network does not like this picture")
        if (first == DAWDLES).any():
            time.sleep(0.2)
        while (first == HANGS).any():
            time.sleep(1)
        if (first == WRONG_COUNT).any():
            batch = batch[:-1]
        mean = self.scale * batch.mean(axis=(1, 2))
        scores = np.stack([mean, 255 - mean], axis=1).astype(np.float32)
        scores[batch[:, 0, 0] == NAN] = np.nan
        return [scores]


class FaultyBackend:
    formats = ("faulty",)

    def facts(self):
        return FrameworkFacts(version="1.0")

    def start(self):
        pass

    def devices(self):
        return ("cpu",)

    def load(self, weights, *, device, threads):  # noqa: ARG002 - as the Protocol has it
        command = weights.path.read_text()
        if command == "refuse":
            raise BackendFault("these weights are refused")
        if command == "die":
            os.abort()
        if command == "slow":
            time.sleep(3.0)
        if command.startswith("scale"):
            return FaultyNetwork(float(command.split()[1]))
        return FaultyNetwork()
