"""Ten thousand places in one picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import numpy as np

from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, alternate
from benchmarks._inprocess import Setup, network
from benchmarks._networks import TINY, make
from benchmarks._row import Bench, Row
from benchmarks._served import served

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks._figures import Effort
    from benchmarks._networks import Model

__all__ = ["REGIONS"]

_BATCHES = (64, 256, 1024)


@dataclass(frozen=True)
class Places:
    """A picture and boxes in it.

    Parameters
    ----------
    side
        Height and width of the picture.
    count
        Boxes.
    """

    side: int
    count: int

    def picture(self) -> NDArray[np.uint8]:
        """Return the picture, ``(side, side)``."""
        return np.random.default_rng(0).integers(0, 256, (self.side, self.side), np.uint8)

    def corners(self) -> NDArray[np.int64]:
        """Return the boxes' first columns and rows, ``(count, 2)``."""
        rng = np.random.default_rng(1)
        return rng.integers(0, self.side - TINY.size, (self.count, 2))


@dataclass(frozen=True)
class Ask:
    """Send the picture with all boxes in one request, and read the label of each as parts arrive."""

    address: str
    model: Model
    places: Places

    def open(self) -> Callable[[], int]:
        """Connect."""
        from zoobridge.protocol.v1 import classification_pb2 as messages
        from zoobridge.protocol.v1 import classification_pb2_grpc, image_pb2

        channel = grpc.insecure_channel(
            self.address,
            [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
        )
        stub = classification_pb2_grpc.ClassificationServiceStub(channel)  # type: ignore[no-untyped-call]
        picture, corners = self.places.picture(), self.places.corners().tolist()
        size = TINY.size

        def step() -> int:
            # Made where it lies: a message that is put into another is copied, 16.7 MB each time.
            message = messages.ClassifyStreamRequest(id="all")
            request = message.request
            request.model, request.framework = self.model.name, self.model.framework
            pixels = request.image.pixels
            pixels.data_type = image_pb2.DATA_TYPE_UINT8
            pixels.shape[:] = picture.shape
            pixels.axes = "YX"
            pixels.data = picture.tobytes()
            for x, y in corners:
                box = request.regions.add().box
                box.x, box.y, box.width, box.height = x, y, size, size
            labels: dict[int, str] = {}
            for part in stub.ClassifyStream(iter([message])):
                for result in part.response.results:
                    labels[result.index] = result.prediction.top[0].label
            if len(labels) != len(corners) or not all(labels.values()):
                raise RuntimeError(f"{len(labels)} of {len(corners)} boxes were answered")
            return len(labels)

        return step


@dataclass(frozen=True)
class Crop:
    """Cut, scale and run batches of boxes, on all cores."""

    model: Model
    places: Places
    setup: Setup

    def open(self) -> Callable[[], int]:
        """Load the network."""
        setup = self.setup
        run = network(self.model.framework, self.model.weights, setup)
        picture, corners = self.places.picture(), self.places.corners()
        pool = ThreadPoolExecutor(setup.callers)
        starts = range(0, len(corners), setup.batch)
        scale = np.float32(1 / 255)

        def some(start: int) -> NDArray[np.int64]:
            windows = np.lib.stride_tricks.sliding_window_view(picture, (TINY.size, TINY.size))
            columns, rows = corners[start : start + setup.batch].T
            batch = windows[rows, columns].astype(np.float32)
            batch *= scale
            best: NDArray[np.int64] = run(batch[:, np.newaxis]).argmax(axis=1)
            return best

        def step() -> int:
            return sum(len(best) for best in pool.map(some, starts))

        return step


def _best(model: Model, places: Places, effort: Effort) -> Setup:
    import os

    cores = len(os.sched_getaffinity(0))
    rates = {}
    for callers, threads in ((1, cores), (cores, 1)):
        for batch in _BATCHES:
            setup = Setup(batch, callers, threads)
            with Fleet(Crop(model, places, setup)) as fleet:
                fleet.run(effort.seconds / 4)
                rates[setup] = fleet.run(effort.seconds / 2).rate
    return max(rates, key=rates.__getitem__)


def _run(bench: Bench) -> list[Figure]:
    effort = bench.effort
    places = Places(256, 50) if effort.small else Places(4096, 10_000)
    model = make(TINY, "onnx", bench.cache)
    setup = _best(model, places, effort)
    with (
        served(model.zoo) as server,
        Fleet(Crop(model, places, setup)) as program,
        Fleet(Ask(server.address, model, places)) as caller,
    ):
        program.warm(effort)
        caller.warm(effort)
        theirs, ours = alternate(effort, program, caller)
    return [
        Figure(
            "regions a second",
            tuple(one.rate for one in theirs),
            tuple(one.rate for one in ours),
            "/s",
            "ratio",
            Target(0.8, least=True),
            f"the reference's best: {setup}",
        )
    ]


REGIONS = Row(
    "regions",
    "10,000 boxes of 28 × 28 in one grey picture of 4,096 × 4,096 bytes, two convolutions (ONNX), one "
    "caller: one request over `ClassifyStream`, recreated each time, until the label of every box is "
    "read.",
    "A program that cuts the boxes by fancy indexing, scales them, and runs them in its best batch on "
    "all cores.",
    _run,
)
