"""Tensors of the protocol as arrays, and back; what cannot be right is refused with the reason."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.engine import TensorBytes
from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.server.inference._region import RegionPart

__all__ = [
    "DATATYPES",
    "decode_bytes",
    "encode_bytes",
    "from_contents",
    "in_words",
    "raw_elements",
]

#: The protocol's word for each NumPy type.
DATATYPES: Final = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}

_NUMPY = {word: name for name, word in DATATYPES.items()}

#: Which field of the contents holds a type's elements.
_CONTENTS: Final = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}

_LENGTH = struct.Struct("<I")


def in_words(shape: Sequence[int]) -> str:
    """Return a shape as the protocol's users write it: ``[-1, 3, 224, 224]``."""
    return f"[{', '.join(map(str, shape))}]"


def raw_elements(
    name: str, datatype: str, shape: tuple[int, ...], data: bytes | RegionPart
) -> TensorBytes:
    """Return a tensor by its raw bytes, which are not copied.

    Raises
    ------
    InvalidRequestError
        If the number of bytes is not that of the shape.
    """
    dtype = np.dtype(_NUMPY[datatype]).newbyteorder("<")
    wanted = math.prod(shape) * dtype.itemsize
    size = len(data) if isinstance(data, bytes) else data.nbytes
    if size != wanted:
        raise InvalidRequestError(
            f"input '{name}' of shape {in_words(shape)} and type {datatype} takes {wanted} bytes, "
            f"but {size} were sent",
            field="raw_input_contents",
        )
    if datatype == "BOOL":
        data = data if isinstance(data, bytes) else data.read()
        if data and max(data) > 1:
            raise InvalidRequestError(
                f"input '{name}' is BOOL, whose bytes are 0 or 1", field="raw_input_contents"
            )
    return TensorBytes(dtype, shape, data)


def from_contents(
    name: str, datatype: str, shape: tuple[int, ...], contents: Any
) -> TensorBytes | list[bytes]:
    """Return a tensor by its contents; of ``BYTES``, the list of its elements.

    Raises
    ------
    InvalidRequestError
        If they are of another type, too few or too many, or out of the type's range.
    """
    field = _CONTENTS.get(datatype)
    filled = [descriptor.name for descriptor, _ in contents.ListFields()]
    if field is None or filled not in ([field], []):
        where = f"contents.{field}" if field else "raw_input_contents"
        raise InvalidRequestError(
            f"elements of the {datatype} input '{name}' belong into {where}, "
            f"not {', '.join(filled) or 'contents'}",
            field="inputs.contents",
        )
    values = getattr(contents, field)
    if len(values) != math.prod(shape):
        raise InvalidRequestError(
            f"input '{name}' of shape {in_words(shape)} has {math.prod(shape)} elements, "
            f"but {len(values)} were sent",
            field="inputs.contents",
        )
    if datatype == "BYTES":
        return list(values)
    dtype = np.dtype(_NUMPY[datatype])
    if dtype.kind in "iu":
        array = np.asarray(values, np.int64 if dtype.kind == "i" else np.uint64)
        limits = np.iinfo(dtype)
        if array.size and (array.min() < limits.min or array.max() > limits.max):
            raise InvalidRequestError(
                f"input '{name}' is {datatype}: its elements lie in {limits.min}…{limits.max}",
                field="inputs.contents",
            )
        return TensorBytes.of(array.astype(dtype).reshape(shape))
    return TensorBytes.of(np.asarray(values, dtype).reshape(shape))


def decode_bytes(name: str, shape: Sequence[int], data: bytes) -> list[bytes]:
    """Return the elements of a raw ``BYTES`` tensor: each a little-endian length and its bytes.

    Raises
    ------
    InvalidRequestError
        If lengths and bytes do not fit together, or there are too few or too many elements.
    """
    elements: list[bytes] = []
    position = 0
    while position < len(data):
        if position + _LENGTH.size > len(data):
            raise _malformed(name, "ends inside a length")
        (length,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size
        if position + length > len(data):
            raise _malformed(
                name, f"announces {length} bytes where {len(data) - position} are left"
            )
        elements.append(data[position : position + length])
        position += length
    if len(elements) != math.prod(shape):
        raise InvalidRequestError(
            f"input '{name}' of shape {in_words(shape)} has {math.prod(shape)} elements, "
            f"but {len(elements)} were sent",
            field="raw_input_contents",
        )
    return elements


def encode_bytes(elements: Sequence[bytes]) -> bytes:
    """Return the raw form of a ``BYTES`` tensor."""
    return b"".join(part for element in elements for part in (_LENGTH.pack(len(element)), element))


def _malformed(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the BYTES input '{name}' {what}; each element is its length (4 bytes, little-endian) "
        "and its bytes",
        field="raw_input_contents",
    )
