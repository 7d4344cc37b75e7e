"""Talking to a server, packages to serve, and an engine whose answers the test holds in its hand."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import grpc
import numpy as np
import pytest
from google.protobuf.message import DecodeError
from onnx import helper

from package_parts import description, onnx_network
from pixels import to_pixels
from zoobridge.backend import FrameworkFacts
from zoobridge.engine import FrameworkState, MemoryUse, ModelState, ResponsePart, Runtime
from zoobridge.errors import CancelledError, OverloadedError, ZooBridgeError
from zoobridge.protocol import error_from_status
from zoobridge.protocol.v1 import (
    classification_pb2,
    classification_pb2_grpc,
    prediction_pb2,
    zoo_pb2_grpc,
)

SIZE = 4

#: What a hostile worker may send in place of an answer: cut off, a length that swallows what
#: follows, groups without an end or a beginning, a tag without a number, text that is none.
UNREADABLE = [
    b"\x0a\xff",
    b"\x12\x40",
    b"\x0a\x04\x12\x40ab",
    b"\x0b",
    b"\x0c",
    b"\x00\x00",
    b"\x0a\x03\x12\x01\xff",
]


def onnx_bytes() -> bytes:
    """A network that tells bright pictures from dark ones: the mean, and 255 minus the mean."""
    count = SIZE * SIZE
    weights = np.stack([np.full(count, 1 / count), np.full(count, -1 / count)], axis=1)
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["raw"]),
        helper.make_node("Add", ["raw", "bias"], ["output"]),
    ]
    tensors = {"weights": weights.astype("float32"), "bias": np.array([0, 255], "float32")}
    model = onnx_network(nodes, tensors, input_shape=(1, SIZE, SIZE), output_shape=(2,))
    return model.SerializeToString()


def write_package(
    folder: Path, name: str, *, version: str = "1.0.0", network: bytes = b"", **changes: object
) -> Path:
    """Write a sound package; `changes` replace parts of its description."""
    folder.mkdir(parents=True)
    weights = network or onnx_bytes()
    (folder / "weights.onnx").write_bytes(weights)
    (folder / "README.md").write_text(
        "# Brightness\n\nTells bright from dark; größer is brighter.\n"
    )
    (folder / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 8)
    np.save(folder / "test_input.npy", np.full((1, 1, SIZE, SIZE), 200, "float32"))
    np.save(folder / "test_output.npy", np.array([[200, 55]], "float32"))
    document: dict[str, object] = description(
        weights, name, size=SIZE, labels=["bright", "dark"], version=version
    )
    document |= {
        "name": "Brightness",
        "description": "Tells bright pictures from dark ones.",
        "documentation": "README.md",
        "covers": ["cover.png"],
        **changes,
    }
    # JSON is YAML too, and bioimageio's writer shares its state with a reader in another thread.
    (folder / "rdf.yaml").write_text(json.dumps(document))
    return folder


def wait_until(condition, *, seconds: float = 90.0) -> None:
    """Wait until something has come about; fails where it does not."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.01)


@dataclass
class Caller:
    """Stubs on a channel of their own."""

    address: str
    metadata: tuple[tuple[str, str], ...] = ()
    credentials: grpc.ChannelCredentials | None = None

    def __post_init__(self):
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        self.channel = (
            grpc.insecure_channel(self.address, options)
            if self.credentials is None
            else grpc.secure_channel(self.address, self.credentials, options)
        )
        self.zoo = zoo_pb2_grpc.ZooServiceStub(self.channel)
        self.classification = classification_pb2_grpc.ClassificationServiceStub(self.channel)

    def raw(self, method: str, data: bytes) -> bytes:
        """Call a unary method with bytes that no stub would send."""
        call = self.channel.unary_unary(method)
        return call(data, metadata=self.metadata, timeout=90)


def error_of(caught: pytest.ExceptionInfo[grpc.RpcError]) -> ZooBridgeError:
    """The typed error that a failed call carries; fails where there are no details."""
    from google.rpc import status_pb2

    for key, value in caught.value.trailing_metadata():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            assert status.code == caught.value.code().value[0]
            assert status.message == caught.value.details()
            return error_from_status(status)
    raise AssertionError(f"no details: {caught.value}")


def request(level: int = 200, model: str = "brightness", **fields):
    """Ask for a grey picture of one level."""
    pixels = to_pixels(np.full((SIZE, SIZE), level, np.uint8), "YX")
    return classification_pb2.ClassifyRequest(model=model, image={"pixels": pixels}, **fields)


@dataclass(eq=False)
class HeldAnswer:
    """Work that the test answers."""

    work: object
    outcomes: SimpleQueue = field(default_factory=SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def request(self) -> classification_pb2.ClassifyRequest:
        return classification_pb2.ClassifyRequest.FromString(b"".join(self.work.chunks))

    def give(self, *, index: int = 0, total: int = 1, last: bool = True, label: str = "held"):
        result = prediction_pb2.ItemResult(index=index)
        result.prediction.top.add(label=label)
        response = classification_pb2.ClassifyResponse(
            results=[result], model={"id": "an impostor", "version": "9"}
        )
        self.put(ResponsePart(response.SerializeToString(), total, last, Runtime("cpu", "1.2.3")))

    def fail(self, error: BaseException) -> None:
        self.put(error)

    def put(self, outcome: ResponsePart | BaseException) -> None:
        (self.work.deliver or self.outcomes.put)(outcome)

    def __iter__(self):
        while True:
            outcome = self.outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
            if outcome.last:
                return

    def cancel(self) -> None:
        self.cancelled.set()
        self.put(CancelledError("the call was cancelled"))


class HeldEngine:
    """Takes work and keeps it until the test answers it."""

    def __init__(self) -> None:
        self.answers: list[HeldAnswer] = []
        self.arrived = threading.Semaphore(0)
        self._taken = itertools.count()
        self.refusals: list[ZooBridgeError] = []
        self.closed_with: float | None = None
        self.loading = False
        self.unloaded: list[str] = []

    def submit(self, work):
        if self.refusals:
            raise self.refusals.pop(0)
        try:
            classification_pb2.ClassifyRequest.FromString(b"".join(work.chunks))
        except DecodeError as error:
            raise AssertionError("the server passed on what is no request") from error
        answer = HeldAnswer(work)
        self.answers.append(answer)
        self.arrived.release()
        return answer

    def next(self, *, timeout: float = 90.0) -> HeldAnswer:
        """Wait for the next work."""
        assert self.arrived.acquire(timeout=timeout), "no work arrived"
        return self.answers[next(self._taken)]

    def load(self, model, weights):
        return self._state(model, weights)

    def unload(self, model, framework=""):  # noqa: ARG002 - as the Protocol has it
        self.unloaded.append(model.reference)
        return 0

    def ready(self, model, weights):  # noqa: ARG002 - as the Protocol has it
        return not self.loading

    def loaded(self):
        works = {answer.work.model.reference: answer.work for answer in self.answers}
        return [self._state(work.model, work.weights) for work in works.values()]

    def statistics(self):
        return []

    def memory(self):
        return MemoryUse(1000, 0, 1 << 30)

    def frameworks(self):
        return [FrameworkState("onnx", FrameworkFacts(version="1.2.3"), ("onnx",))]

    def confinement(self):
        return "none", "held engines confine nothing"

    def close(self, *, grace):
        self.closed_with = grace
        for answer in self.answers:
            answer.fail(OverloadedError("the server is shutting down"))

    def _state(self, model, weights):
        return ModelState(model, weights, "cpu", "1.2.3", 1000, 7, "none")
