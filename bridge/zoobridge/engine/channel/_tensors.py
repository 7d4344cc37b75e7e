"""Tensors as they travel between processes, and requests that ask for the bare network."""

from __future__ import annotations

import json
import math
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine.worker._batcher import BatchEntry
from zoobridge.engine.worker._job import Job
from zoobridge.errors import InvalidRequestError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.backend import TensorSpec
    from zoobridge.engine._engine import Chunk

__all__ = [
    "InferCollator",
    "InferJob",
    "TensorBytes",
    "pack_tensors",
    "tensor_chunks",
    "unpack_tensors",
]

_HEAD = struct.Struct("<I")
_ALIGN = 64


@dataclass(frozen=True)
class TensorBytes:
    """A tensor by its elements' bytes, wherever they lie.

    Parameters
    ----------
    dtype
        Type of an element; little-endian.
    shape
        Lengths of the axes.
    data
        The elements in C order.
    """

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    data: Chunk

    @classmethod
    def of(cls, array: NDArray[np.generic]) -> TensorBytes:
        """Return an array's elements; without a copy where they lie in C order already."""
        little = array.dtype.newbyteorder("<")
        plain = np.ascontiguousarray(array.astype(little, copy=False))
        return cls(little, array.shape, plain.reshape(-1).view(np.uint8).data)


def tensor_chunks(tensors: Mapping[str, TensorBytes]) -> list[Chunk]:
    """Return named tensors as chunks of bytes; :func:`unpack_tensors` reads them joined.

    They are a JSON list of names, types and shapes, and then the elements of each.
    """
    head = json.dumps(
        [[name, tensor.dtype.str, tensor.shape] for name, tensor in tensors.items()]
    ).encode()
    start = _HEAD.pack(len(head)) + head
    chunks: list[Chunk] = [start]
    position = len(start)
    for tensor in tensors.values():
        padding = bytes(-position % _ALIGN)
        size = math.prod(tensor.shape) * tensor.dtype.itemsize
        chunks += [padding, tensor.data]
        position += len(padding) + size
    return chunks


def pack_tensors(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return named arrays as bytes.

    Parameters
    ----------
    tensors
        Arrays of numbers or booleans, any shape.
    """
    return b"".join(_array_chunks(tensors))


def _array_chunks(tensors: Mapping[str, NDArray[np.generic]]) -> list[bytes | memoryview]:
    # Of arrays, every chunk is bytes or a view of them.
    return tensor_chunks({name: TensorBytes.of(one) for name, one in tensors.items()})  # type: ignore[return-value]


def unpack_tensors(data: bytes | memoryview) -> dict[str, NDArray[np.generic]]:
    """Return the arrays that :func:`pack_tensors` packed, as views of `data`.

    Raises
    ------
    InvalidRequestError
        If the bytes are none that it wrote.
    """
    try:
        (length,) = _HEAD.unpack_from(data)
        position = _HEAD.size + length
        tensors: dict[str, NDArray[np.generic]] = {}
        for name, kind, shape in json.loads(bytes(data[_HEAD.size : position])):
            dtype = np.dtype(kind)
            if dtype.hasobject:
                raise InvalidRequestError("tensors hold numbers, no objects")
            position += -position % _ALIGN
            count = math.prod(shape)
            tensors[name] = np.frombuffer(data, dtype, count, position).reshape(shape)
            position += count * dtype.itemsize
    except (struct.error, ValueError, TypeError) as error:
        raise InvalidRequestError(f"these bytes are no packed tensors: {error}") from error
    return tensors


class InferJob(Job):
    """A request for the bare network: tensors in, tensors out.

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


class InferCollator:
    """Joins the rows of requests for the bare network, and divides its outputs among them.

    Parameters
    ----------
    outputs
        The network's output tensors.
    """

    def __init__(self, outputs: Sequence[TensorSpec]) -> None:
        self._names = [spec.name for spec in outputs]

    def join(self, batch: Sequence[BatchEntry]) -> list[NDArray[np.generic]]:
        """Return the network's inputs."""
        if len(batch) == 1:
            return list(batch[0].arrays)
        return [np.concatenate(arrays) for arrays in zip(*(r.arrays for r in batch), strict=True)]

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[np.generic]]
    ) -> list[Sequence[object]]:
        """Return each request's packed outputs."""
        if len(batch) == 1:
            return [[_array_chunks(dict(zip(self._names, outputs, strict=True)))]]
        rows = sum(ready.rows for ready in batch)
        if any(array.ndim == 0 or len(array) != rows for array in outputs):
            raise BackendFault("the network's outputs cannot be divided among the batch's rows")
        results: list[Sequence[object]] = []
        start = 0
        for ready in batch:
            part = {
                name: array[start : start + ready.rows]
                for name, array in zip(self._names, outputs, strict=True)
            }
            results.append([_array_chunks(part)])
            start += ready.rows
        return results

    def failure(self, ready: BatchEntry, error: ZooBridgeError) -> object:  # noqa: ARG002
        """Return what a request gets whose tensors the network refuses: the error itself."""
        return error
