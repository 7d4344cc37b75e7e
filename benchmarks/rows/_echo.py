"""The way of 150 kB to a worker and back: what the bridge itself costs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np

from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, Sample, alternate
from benchmarks._packages import Shape, write_package
from benchmarks._row import Bench, Row
from benchmarks._served import served
from zoobridge.protocol.inference import grpc_service_pb2 as messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["ECHO"]

_FULL = Shape((192, 196), 1, 192 * 196, bare=True)
_SMALL = Shape((16, 16), 1, 256, bare=True)
_SERVICE = "/inference.GRPCInferenceService/"
_WINDOW = 4
_STREAK = 32
_CALLERS = 16


def _message(shape: Shape) -> bytes:
    data = np.random.default_rng(0).normal(size=shape.batch(1)).astype("<f4")
    request = messages.ModelInferRequest(
        model_name="echo.network", raw_input_contents=[data.tobytes()]
    )
    request.inputs.add(name="input", datatype="FP32", shape=shape.batch(1))
    written: bytes = request.SerializeToString()
    return written


def _channel(address: str) -> grpc.Channel:
    # Each caller has a separate connection, as if it were a program of its own.
    return grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])


@dataclass(frozen=True)
class Unary:
    """Send, wait, send again."""

    address: str
    shape: Shape

    def open(self) -> Callable[[], int]:
        """Connect, and see once that what comes back is what was sent."""
        call = _channel(self.address).unary_unary(_SERVICE + "ModelInfer", None, None)
        message = _message(self.shape)
        sent = messages.ModelInferRequest.FromString(message).raw_input_contents[0]
        answer = messages.ModelInferResponse.FromString(call(message, timeout=60))
        if answer.raw_output_contents[0] != sent:
            raise RuntimeError("the echo is not what was sent")

        def step() -> int:
            call(message)
            return 1

        return step


@dataclass(frozen=True)
class Stream:
    """Keep some requests under way on one stream; a step takes one answer and sends one more."""

    address: str
    shape: Shape

    def open(self) -> Callable[[], int]:
        """Connect."""
        queue: SimpleQueue[bytes | None] = SimpleQueue()
        message = _message(self.shape)
        call = _channel(self.address).stream_stream(_SERVICE + "ModelStreamInfer", None, None)
        answers: Any = call(iter(queue.get, None))
        queue.put(message)
        answer = messages.ModelStreamInferResponse.FromString(next(answers))
        if answer.error_message:
            raise RuntimeError(answer.error_message)

        def step() -> int:
            # Every step ends with nothing under way, so that no turn works for the next.
            for _ in range(_WINDOW):
                queue.put(message)
            for _ in range(_STREAK - _WINDOW):
                next(answers)
                queue.put(message)
            for _ in range(_WINDOW):
                next(answers)
            return _STREAK

        return step


def _make(shape: Shape, cache: Path) -> Path:
    """Make a network that gives what it takes, as a flat row of scores."""
    from onnx import TensorProto, helper

    zoo = cache / "zoos" / "echo"
    if zoo.exists():
        return zoo
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["input"], ["output"])],
        "echo",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *shape.batch(1)[1:]])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", shape.classes])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = cache / "echo.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString())
    inputs = np.random.default_rng(0).normal(size=shape.batch(1)).astype("float32")
    weights = {"onnx": (file, {"opset_version": 17})}
    write_package(
        zoo / "echo", "echo", shape, weights, inputs=inputs, outputs=inputs.reshape(1, -1)
    )
    return zoo


@contextmanager
def _reference() -> Iterator[str]:
    """Run the small server; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.rows._echo_server"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.communicate()


def _run(bench: Bench) -> list[Figure]:
    effort = bench.effort
    shape = _SMALL if effort.small else _FULL
    zoo = _make(shape, bench.cache)
    with ExitStack() as stack:
        theirs = stack.enter_context(_reference())
        ours = stack.enter_context(served(zoo)).address

        def pair(task: type[Unary | Stream], callers: int) -> tuple[list[Sample], list[Sample]]:
            with (
                Fleet(task(theirs, shape), threads=callers, processes=2) as first,
                Fleet(task(ours, shape), threads=callers, processes=2) as second,
            ):
                first.warm(effort)
                second.warm(effort)
                return alternate(effort, first, second)

        lone, lone_ours = pair(Unary, 1)
        unary, unary_ours = pair(Unary, _CALLERS)
        stream, stream_ours = pair(Stream, _CALLERS)

    def throughput(
        how: str, reference: list[Sample], own: list[Sample], target: Target | None = None
    ) -> Figure:
        rates, own_rates = (tuple(one.rate for one in some) for some in (reference, own))
        return Figure(f"{_CALLERS} callers, {how}", rates, own_rates, "/s", "ratio", target)

    times, own_times = (tuple(one.milliseconds() for one in some) for some in (lone, lone_ours))
    return [
        Figure("1 caller, unary, p50", times, own_times, "ms", "ratio", Target(1.2, least=False)),
        throughput("unary, throughput", unary, unary_ours, Target(0.8, least=True)),
        throughput(
            "by stream, throughput; reference unary", unary, stream_ours, Target(1.5, least=True)
        ),
        throughput("by stream, throughput; reference by stream too", stream, stream_ours),
    ]


ECHO = Row(
    "echo",
    "Open Inference Protocol, raw network that gives back what it takes, 150,528 bytes each way, "
    "worker in its own process. Callers are threads of two processes, each with its own "
    "connection, sending a message that was serialized beforehand; by stream each keeps "
    f"{_WINDOW} requests under way.",
    "A small grpcio server on the same messages (`benchmarks/rows/_echo_server.py`), driven "
    "by the same callers.",
    _run,
)
