"""Callers that have pictures classified over ``zoobridge.v1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import numpy as np

from benchmarks._networks import picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._networks import Model

__all__ = ["Classify", "ClassifyByClient"]


@dataclass(frozen=True)
class Classify:
    """Make a request of raw pixels, send it, and read the label of each picture.

    Parameters
    ----------
    address
        The server.
    model
        The model.
    pictures
        How many a request holds, as planes of one array.
    """

    address: str
    model: Model
    pictures: int = 1

    def open(self) -> Callable[[], int]:
        """Connect, and see that the model knows picture number 0."""
        from zoobridge.protocol import lay_out
        from zoobridge.protocol.v1 import classification_pb2, classification_pb2_grpc

        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.insecure_channel(self.address, options)
        stub = classification_pb2_grpc.ClassificationServiceStub(channel)  # type: ignore[no-untyped-call]
        pixels, axes = _pixels(self.model, self.pictures)
        name, framework = self.model.name, self.model.framework

        def answer() -> list[str]:
            message, data = lay_out(pixels, axes)
            request = classification_pb2.ClassifyRequest(
                model=name, framework=framework, image={"pixels": message}
            )
            # Here, since the line before copies what it is given.
            request.image.pixels.data = bytes(data)
            results = stub.Classify(request, timeout=600).results
            return [result.prediction.top[0].label for result in results]

        _check(answer(), self.model, self.pictures)

        def step() -> int:
            return len(answer())

        return step


@dataclass(frozen=True)
class ClassifyByClient:
    """The same through the Python client.

    Parameters
    ----------
    address
        The server.
    model
        The model.
    """

    address: str
    model: Model

    def open(self) -> Callable[[], int]:
        """Connect, and see that the model knows picture number 0."""
        import zoobridge

        client = zoobridge.connect(self.address)
        pixels, axes = _pixels(self.model, 1)
        name, framework = self.model.name, self.model.framework

        def answer() -> list[str]:
            results = client.classify(name, pixels, axes=axes, framework=framework)
            return [result.label for result in results]

        _check(answer(), self.model, 1)

        def step() -> int:
            return len(answer())

        return step


def _pixels(model: Model, count: int) -> tuple[np.ndarray, str]:
    """Return pictures 0… as one array, and its axes."""
    pixels = np.stack([picture(model.shape, number) for number in range(count)])
    axes = "PYXC"
    if model.shape.channels == 1:
        pixels, axes = pixels[..., 0], "PYX"
    return (pixels, axes) if count > 1 else (pixels[0], axes[1:])


def _check(labels: list[str], model: Model, count: int) -> None:
    if len(labels) != count or labels[0] != f"c{model.best}":
        raise RuntimeError(f"{model.name} says {labels[:1]} of {len(labels)}, not c{model.best}")
