"""Named tensors as bytes, as they travel between processes."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zoobridge.engine._engine import Chunk

__all__ = [
    "TensorBytes",
    "array_chunks",
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
    return b"".join(array_chunks(tensors))


def array_chunks(tensors: Mapping[str, NDArray[np.generic]]) -> list[bytes | memoryview]:
    """Return named arrays as chunks of bytes, as :func:`tensor_chunks` does."""
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
                raise InvalidRequestError("tensors must hold numbers or booleans, not objects")
            position += -position % _ALIGN
            count = math.prod(shape)
            tensors[name] = np.frombuffer(data, dtype, count, position).reshape(shape)
            position += count * dtype.itemsize
    except (struct.error, ValueError, TypeError) as error:
        raise InvalidRequestError(f"the request does not hold packed tensors: {error}") from error
    return tensors
