"""Tensors as they travel between processes, and requests that ask for the bare network."""

from __future__ import annotations

import json
import struct
import time
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine._job import Job, Ready
from zoobridge.errors import InvalidRequestError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.backend import TensorSpec

__all__ = ["TensorAnswers", "TensorJob", "pack_tensors", "unpack_tensors"]

_HEAD = struct.Struct("<I")
_ALIGN = 64


def pack_tensors(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return named arrays as bytes: a JSON list of names, types and shapes, then the elements.

    Parameters
    ----------
    tensors
        Arrays of numbers or booleans, any shape.
    """
    head = json.dumps(
        [[name, array.dtype.newbyteorder("<").str, array.shape] for name, array in tensors.items()]
    ).encode()
    parts = [_HEAD.pack(len(head)), head]
    position = _HEAD.size + len(head)
    for array in tensors.values():
        padding = -position % _ALIGN
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes("C")
        parts += [bytes(padding), data]
        position += padding + len(data)
    return b"".join(parts)


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
            count = int(np.prod(shape, dtype=np.int64))
            tensors[name] = np.frombuffer(data, dtype, count, position).reshape(shape)
            position += count * dtype.itemsize
    except (struct.error, ValueError, TypeError) as error:
        raise InvalidRequestError(f"these bytes are no packed tensors: {error}") from error
    return tensors


class TensorJob(Job):
    """A request for the bare network: tensors in, tensors out.

    Its rows run together with those of other requests of the same shapes.
    """

    def prepare(
        self,
        count: int,  # noqa: ARG002 - it is one item, whatever the chunk
    ) -> tuple[list[Ready], list[object]]:
        """See :meth:`Job.prepare`."""
        start = time.monotonic()
        arrays = list(unpack_tensors(self.take()).values())
        rows = len(arrays[0]) if arrays and arrays[0].ndim else 1
        self.total = 1
        self.prepared = True
        key = ("tensors", *((array.shape[1:], array.dtype.str) for array in arrays))
        self.times.preprocess += time.monotonic() - start
        return [Ready(self, key, tuple(arrays), rows)], []

    def part(self) -> tuple[bytes, int] | None:
        """See :meth:`Job.part`; the bytes are packed tensors."""
        if not self.finished:
            return None
        self.close_times()
        (result,) = self.results
        if isinstance(result, ZooBridgeError):
            raise result
        return result, 1


class TensorAnswers:
    """Joins the rows of requests for the bare network, and divides its outputs among them.

    Parameters
    ----------
    outputs
        The network's output tensors.
    """

    def __init__(self, outputs: Sequence[TensorSpec]) -> None:
        self._names = [spec.name for spec in outputs]

    def join(self, batch: Sequence[Ready]) -> list[NDArray[np.generic]]:
        """Return the network's inputs."""
        if len(batch) == 1:
            return list(batch[0].arrays)
        return [np.concatenate(arrays) for arrays in zip(*(r.arrays for r in batch), strict=True)]

    def split(self, batch: Sequence[Ready], outputs: Sequence[NDArray[np.generic]]) -> list[object]:
        """Return each request's packed outputs."""
        if len(batch) == 1:
            return [pack_tensors(dict(zip(self._names, outputs, strict=True)))]
        rows = sum(ready.rows for ready in batch)
        if any(array.ndim == 0 or len(array) != rows for array in outputs):
            raise BackendFault("the network's outputs cannot be divided among the batch's rows")
        results: list[object] = []
        start = 0
        for ready in batch:
            part = {
                name: array[start : start + ready.rows]
                for name, array in zip(self._names, outputs, strict=True)
            }
            results.append(pack_tensors(part))
            start += ready.rows
        return results

    def failure(self, ready: Ready, error: ZooBridgeError) -> object:  # noqa: ARG002
        """Return what a request gets whose tensors the network refuses: the error itself."""
        return error
