"""The reference: a program that runs the network by itself, tuned by hand.

Each caller takes pictures of bytes as they lie in memory, brings them into the network's form in
place, runs the network, and looks for the best class. Which batch and which threads are best is
searched for beforehand.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._fleet import Fleet
from benchmarks._networks import picture
from benchmarks._packages import MEAN, STD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks._figures import Effort
    from benchmarks._networks import Model
    from benchmarks._packages import Shape

    Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

__all__ = ["InProcess", "Setup", "best_setup", "lone_setup", "network", "preparation"]

_BATCHES = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Setup:
    """How the reference runs the network.

    Parameters
    ----------
    batch
        Pictures a call.
    callers
        Threads that call the network side by side; it is loaded once.
    threads
        Intra-op threads of a call.
    spinning
        ONNX Runtime's threads wait by spinning.
    """

    batch: int
    callers: int
    threads: int
    spinning: bool = False

    def __str__(self) -> str:
        side = f"{self.callers} calls side by side" if self.callers > 1 else "one call at a time"
        spinning = ", spinning" if self.spinning else ""
        return f"batches of {self.batch}, {side}, {self.threads} threads a call{spinning}"


@dataclass(frozen=True)
class InProcess:
    """A task: prepare and run a batch.

    Parameters
    ----------
    model
        The network.
    setup
        How.
    bare
        Run a batch that was prepared beforehand, and nothing else.
    """

    model: Model
    setup: Setup
    bare: bool = False

    def fleet(self) -> Fleet:
        """Start callers that do this."""
        # OpenMP's number of threads belongs to each thread, so it is set for all of them at once.
        variables = {"OMP_NUM_THREADS": str(self.setup.threads)}
        return Fleet(self, threads=self.setup.callers, environment=variables)

    def open(self) -> Callable[[], int]:
        """Load the network, and see that it knows picture number 0."""
        setup, shape = self.setup, self.model.shape
        run = network(self.model.framework, self.model.weights, setup)
        pictures = np.stack([picture(shape, number) for number in range(setup.batch)])
        prepare = preparation(shape, setup.batch)
        found = int(run(prepare(pictures))[0].argmax())
        if found != self.model.best:
            raise RuntimeError(f"the reference says class {found}, not {self.model.best}")

        def bare() -> int:
            run(ready)
            return setup.batch

        def step() -> int:
            run(prepare(pictures)).argmax(axis=1)
            return setup.batch

        ready = prepare(pictures).copy()
        return bare if self.bare else step


def preparation(shape: Shape, batch: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a function that scales and standardises a batch into memory that it keeps.

    Picture by picture and channel by channel, so that all stays in the cache: of several ways
    this was the fastest.
    """
    held = np.empty(shape.batch(batch), np.float32)
    deviation = np.array(STD if shape.channels == 3 else [1.0])
    mean = np.array(MEAN if shape.channels == 3 else [0.0])
    scales = [float(one) for one in 1 / 255 / deviation]
    shifts = [float(one) for one in -mean / deviation]
    last = shape.axes == "NYXC"

    def prepare(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        for item in range(len(pictures)):
            if last:
                np.copyto(held[item], pictures[item])
            for channel, (scale, shift) in enumerate(zip(scales, shifts, strict=True)):
                part = held[item, ..., channel] if last else held[item, channel]
                if not last:
                    np.copyto(part, pictures[item, ..., channel])
                part *= scale
                part += shift
        return held[: len(pictures)]

    return prepare


@functools.cache
def network(framework: str, weights: Path, setup: Setup) -> Run:
    """Load a network, once for all callers of a process."""
    loaders: dict[str, Callable[[Path, Setup], Run]] = {
        "onnx": _onnx,
        "pytorch": _torch,
        "tensorflow": _keras,
    }
    return loaders[framework](weights, setup)


def best_setup(model: Model, effort: Effort, *, batches: Sequence[int] = _BATCHES) -> Setup:
    """Search for the batch and the threads with which the network does most in a second."""
    cores = len(os.sched_getaffinity(0))
    ways = [Setup(1, cores, 1), Setup(1, 1, cores)]
    if model.framework == "onnx":
        ways.append(Setup(1, 1, cores, spinning=True))
    if effort.small:
        # One framework shows that the search runs; the others take seconds to start each time.
        ways, batches = ways[:1], batches[: 2 if model.framework == "onnx" else 1]
    if len(ways) == len(batches) == 1:
        return replace(ways[0], batch=batches[0])
    rates: dict[Setup, float] = {}
    for way in ways:
        worse, best = 0, 0.0
        for batch in batches:
            setup = replace(way, batch=batch)
            rates[setup] = rate = _rate(model, setup, effort)
            worse = worse + 1 if rate < best else 0
            best = max(best, rate)
            if worse == 2:
                break
    return max(rates, key=rates.__getitem__)


def lone_setup(model: Model, effort: Effort) -> Setup:
    """Search for the way in which a single picture is soonest answered, with all cores."""
    cores = len(os.sched_getaffinity(0))
    ways = [Setup(1, 1, cores)]
    if model.framework == "onnx":
        ways.append(Setup(1, 1, cores, spinning=True))
    return max(ways, key=lambda way: _rate(model, way, effort))


def _rate(model: Model, setup: Setup, effort: Effort) -> float:
    with InProcess(model, setup).fleet() as fleet:
        fleet.run(effort.seconds / 4)
        return fleet.run(effort.seconds / 2).rate


def _onnx(weights: Path, setup: Setup) -> Run:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setup.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    spinning = "1" if setup.spinning else "0"
    options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
    session = onnxruntime.InferenceSession(
        weights, sess_options=options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda batch: session.run(None, {name: batch})[0]


def _torch(weights: Path, setup: Setup) -> Run:
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.set_num_threads(setup.threads)
        module = torch.jit.load(weights).eval()  # type: ignore[no-untyped-call]
        module = torch.jit.optimize_for_inference(module)

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            scores: NDArray[np.float32] = module(torch.from_numpy(batch)).numpy()
            return scores

    return run


def _keras(weights: Path, setup: Setup) -> Run:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(setup.threads)
    tf.config.threading.set_inter_op_parallelism_threads(setup.callers)
    model = keras.saving.load_model(weights, compile=False)
    function = tf.function(lambda batch: model(batch, training=False), autograph=False)
    size = model.inputs[0].shape
    concrete = function.get_concrete_function(tf.TensorSpec([None, *size[1:]], tf.float32))
    return lambda batch: concrete(tf.constant(batch)).numpy()
