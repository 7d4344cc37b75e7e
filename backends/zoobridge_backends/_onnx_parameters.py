"""How many numbers the weights of an ONNX file hold, counted without the onnx package.

The file is a protobuf message: ``ModelProto.graph`` (7), ``GraphProto.initializer`` (5),
``TensorProto.dims`` (1) and ``data_type`` (2), by the field numbers of ``onnx.proto``. Only heads
of fields are read; the numbers themselves are stepped over.
"""

from __future__ import annotations

import math
import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["count_parameters"]

_GRAPH, _INITIALIZER, _DIMS, _DATA_TYPE = 7, 5, 1, 2

#: TensorProto's FLOAT, UINT8, INT8, FLOAT16, DOUBLE, BFLOAT16: what weights are made of. Whole
#: numbers of 32 and 64 bits are shapes and indexes.
_WEIGHT_TYPES = {1, 2, 3, 10, 11, 16}


def count_parameters(path: Path) -> int:
    """Return the number of elements of the initializers that weights are made of.

    It is 0 where the file is not a protobuf message: ONNX Runtime reads a form of its own too.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return sum(
                _elements(content, tensor)
                for number, graph in _fields(content, (0, len(content)))
                if number == _GRAPH and not isinstance(graph, int)
                for inner, tensor in _fields(content, graph)
                if inner == _INITIALIZER and not isinstance(tensor, int)
            )
        except ValueError:
            return 0


def _elements(content: mmap.mmap, place: tuple[int, int]) -> int:
    dims: list[int] = []
    kind = 0
    for number, value in _fields(content, place):
        if number == _DATA_TYPE and isinstance(value, int):
            kind = value
        elif number == _DIMS and isinstance(value, int):
            dims.append(value)
        elif number == _DIMS and not isinstance(value, int):
            at, end = value
            while at < end:
                length, at = _varint(content, at, end)
                dims.append(length)
    return math.prod(dims) if kind in _WEIGHT_TYPES else 0


def _fields(
    content: mmap.mmap, place: tuple[int, int]
) -> Iterator[tuple[int, int | tuple[int, int]]]:
    """Yield each field's number, with its value, or with where its bytes begin and end."""
    at, end = place
    while at < end:
        key, at = _varint(content, at, end)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at, end)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(content, at, end)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"protobuf has no wire type {wire}")
        if at + size > end:
            raise ValueError("a field ends behind its message")
        yield number, (at, at + size)
        at += size


def _varint(content: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number has no end")
