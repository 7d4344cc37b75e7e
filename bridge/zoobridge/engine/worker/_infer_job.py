"""Requests for the bare network: tensors in, tensors out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine.channel._tensors import array_chunks, unpack_tensors
from zoobridge.engine.worker._job import BatchEntry, Job
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zoobridge.backend import Network, TensorSpec
    from zoobridge.engine.worker._job import RunFrame

__all__ = ["InferHandler", "InferJob"]


class InferJob(Job):
    """A request for the bare network.

    Its rows run together with those of other requests of the same shapes.
    """

    def prepare(
        self,
        count: int,  # noqa: ARG002 - it is one item, whatever the chunk
    ) -> tuple[list[BatchEntry], list[object]]:
        """See :meth:`Job.prepare`."""
        start = time.monotonic()
        arrays = list(unpack_tensors(self.take()).values())
        rows = len(arrays[0]) if arrays and arrays[0].ndim else 1
        self.total = 1
        self.prepared = True
        key = ("tensors", *((array.shape[1:], array.dtype.str) for array in arrays))
        self.times.preprocess += time.monotonic() - start
        return [BatchEntry(self, key, tuple(arrays), rows)], []

    def part(self) -> tuple[Sequence[bytes | memoryview], int] | None:
        """See :meth:`Job.part`; the bytes are packed tensors."""
        if not self.finished:
            return None
        self.close_times()
        (result,) = self.results
        if isinstance(result, ZooBridgeError):
            raise result
        return result, 1


class InferHandler:
    """Runs the bare network; follows :class:`~zoobridge.engine.worker._job.Handler`.

    Parameters
    ----------
    outputs
        The network's output tensors; empty where it does not state them before it runs.
    """

    def __init__(self, outputs: Sequence[TensorSpec]) -> None:
        self._names = [spec.name for spec in outputs]

    def job(self, frame: RunFrame) -> InferJob:
        """Return the job of a request."""
        return InferJob(self, frame)

    def forward(
        self,
        network: Network,
        batch: Sequence[BatchEntry],
        size: int,  # noqa: ARG002 - its entries cannot be divided
    ) -> list[NDArray[np.generic]]:
        """Run the network on the rows of a batch together."""
        if len(batch) == 1:
            return network.forward(batch[0].arrays)
        arrays = zip(*(entry.arrays for entry in batch), strict=True)
        return network.forward([np.concatenate(rows) for rows in arrays])

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[np.generic]]
    ) -> list[Sequence[object]]:
        """Return each request's packed outputs."""
        names = self._names
        if len(names) != len(outputs):
            names = [f"output{number}" for number in range(len(outputs))]
        if len(batch) == 1:
            return [[array_chunks(dict(zip(names, outputs, strict=True)))]]
        rows = sum(entry.rows for entry in batch)
        if any(array.ndim == 0 or len(array) != rows for array in outputs):
            raise BackendFault("the network's outputs cannot be divided among the batch's rows")
        results: list[Sequence[object]] = []
        start = 0
        for entry in batch:
            part = {
                name: array[start : start + entry.rows]
                for name, array in zip(names, outputs, strict=True)
            }
            results.append([array_chunks(part)])
            start += entry.rows
        return results

    def failure(self, entry: BatchEntry, error: ZooBridgeError) -> object:  # noqa: ARG002
        """Return the result of a request whose tensors the network refuses: the error itself."""
        return error
