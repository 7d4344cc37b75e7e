"""The reference of the server-cpu row: one grpc.aio process with the network in it.

python -m benchmarks.rows._aio_server WEIGHTS SIZE CLASSES
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import grpc
import numpy as np

from benchmarks._inprocess import Setup, network
from zoobridge.protocol.v1 import classification_pb2 as messages
from zoobridge.protocol.v1 import classification_pb2_grpc as services


class Service(services.ClassificationServiceServicer):
    """Classifies grey pictures of bytes with a network of one input."""

    def __init__(self, weights: Path, size: int, classes: int) -> None:
        self._run = network("onnx", weights, Setup(1, 1, 1))
        self._size = size
        self._labels = [f"c{number}" for number in range(classes)]

    async def Classify(  # noqa: N802 - as the contract names it
        self, request: messages.ClassifyRequest, _context: Any
    ) -> messages.ClassifyResponse:
        """Answer with the best label of each picture."""
        pixels = np.frombuffer(request.image.pixels.data, np.uint8)
        batch = pixels.reshape(-1, 1, self._size, self._size).astype(np.float32)
        batch *= np.float32(1 / 255)
        scores = self._run(batch)
        response = messages.ClassifyResponse()
        for number, (best, row) in enumerate(zip(scores.argmax(axis=1), scores, strict=True)):
            result = response.results.add(index=number)
            result.prediction.top.add(label=self._labels[best], index=best, score=row[best])
        return response


async def main() -> None:
    """Serve on a free port, and print which."""
    server = grpc.aio.server()
    service = Service(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    services.add_ClassificationServiceServicer_to_server(service, server)  # type: ignore[no-untyped-call]
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
