"""A large picture on the same host, by shared memory and over TCP."""

from __future__ import annotations

import atexit
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, alternate
from benchmarks._inprocess import Setup, lone_setup, network, preparation
from benchmarks._networks import CENTRE, make
from benchmarks._row import Bench, Row
from benchmarks._served import served

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks._networks import Model

__all__ = ["SHARED_MEMORY"]


def _picture(side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)


@dataclass(frozen=True)
class Send:
    """Have a picture classified with ``tritonclient``.

    Parameters
    ----------
    address
        The server.
    model
        The model.
    side
        Height and width of the picture.
    shared
        Copy it into shared memory, rather than sending it.
    """

    address: str
    model: Model
    side: int
    shared: bool

    def open(self) -> Callable[[], int]:
        """Connect, and register the memory."""
        import tritonclient.grpc as triton  # type: ignore[import-untyped]
        from tritonclient.utils import shared_memory  # type: ignore[import-untyped]

        client = triton.InferenceServerClient(self.address)
        picture = _picture(self.side)
        tensor = triton.InferInput("pixels", picture.shape, "UINT8")
        outputs = [triton.InferRequestedOutput("label")]
        if self.shared:
            key = f"zoobridge-{uuid.uuid4().hex[:12]}"
            region = shared_memory.create_shared_memory_region(key, f"/{key}", picture.nbytes)
            atexit.register(shared_memory.destroy_shared_memory_region, region)
            client.register_system_shared_memory(key, f"/{key}", picture.nbytes)
            tensor.set_shared_memory(key, picture.nbytes)

        def step() -> int:
            if self.shared:
                shared_memory.set_shared_memory_region(region, [picture])
            else:
                tensor.set_data_from_numpy(picture)
            result = client.infer(self.model.name, [tensor], outputs=outputs)
            if len(result.as_numpy("label")) != 1:
                raise RuntimeError("there is no label")
            return 1

        return step


@dataclass(frozen=True)
class Centre:
    """Cut the centre out, prepare it and run the network."""

    model: Model
    side: int
    setup: Setup

    def open(self) -> Callable[[], int]:
        """Load the network."""
        run = network(self.model.framework, self.model.weights, self.setup)
        prepare = preparation(self.model.shape, 1)
        picture = _picture(self.side)
        first = (self.side - CENTRE.size) // 2
        place = slice(first, first + CENTRE.size)

        def step() -> int:
            run(prepare(picture[:, place, place])).argmax()
            return 1

        return step


def _run(bench: Bench) -> list[Figure]:
    effort = bench.effort
    side = 64 if effort.small else 2048
    model = make(CENTRE, "onnx", bench.cache)
    setup = lone_setup(model, effort)
    with (
        served(model.zoo) as server,
        Fleet(Centre(model, side, setup)) as program,
        Fleet(Send(server.address, model, side, shared=False)) as tcp,
        Fleet(Send(server.address, model, side, shared=True)) as shared,
    ):
        for fleet in (program, tcp, shared):
            fleet.warm(effort)
        sent, placed = alternate(effort, tcp, shared)
        alone, placed_again = alternate(effort, program, shared)
    return [
        Figure(
            "Open Inference Protocol, p50; reference over TCP",
            tuple(one.milliseconds() for one in sent),
            tuple(one.milliseconds() for one in placed),
            "ms",
            "ratio",
            Target(0.2, least=False),
        ),
        Figure(
            "Open Inference Protocol, p50, more than in-process",
            tuple(one.milliseconds() for one in alone),
            tuple(one.milliseconds() for one in placed_again),
            "ms",
            "difference",
            Target(3.0, least=False),
            f"the reference: {setup}",
        ),
    ]


SHARED_MEMORY = Row(
    "shared-memory",
    "A picture of 2,048 × 2,048 × 3 bytes (12.6 MB), one caller, `tritonclient`, system shared memory; "
    "copying the picture there is included. The model looks at the centre alone, so that little but "
    "the way of the bytes is timed.",
    "The same call over TCP; and a program that cuts the centre out and runs the network by itself.",
    _run,
)
