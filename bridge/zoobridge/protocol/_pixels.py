"""Arrays and masks as the bytes that the contract sends."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import ImageFormatError, RegionError
from zoobridge.protocol._axes import check_axes
from zoobridge.protocol.v1 import image_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "PIXEL_DTYPES",
    "lay_out",
    "pack_mask",
    "pixel_dtype",
    "pixels_array",
    "unpack_mask",
]

_BY_NAME = {
    "bool": image_pb2.DATA_TYPE_BOOL,
    "uint8": image_pb2.DATA_TYPE_UINT8,
    "uint16": image_pb2.DATA_TYPE_UINT16,
    "uint32": image_pb2.DATA_TYPE_UINT32,
    "uint64": image_pb2.DATA_TYPE_UINT64,
    "int8": image_pb2.DATA_TYPE_INT8,
    "int16": image_pb2.DATA_TYPE_INT16,
    "int32": image_pb2.DATA_TYPE_INT32,
    "int64": image_pb2.DATA_TYPE_INT64,
    "float16": image_pb2.DATA_TYPE_FLOAT16,
    "float32": image_pb2.DATA_TYPE_FLOAT32,
    "float64": image_pb2.DATA_TYPE_FLOAT64,
}
_DTYPES: dict[int, np.dtype[np.generic]] = {
    number: np.dtype(name).newbyteorder("<") for name, number in _BY_NAME.items()
}

#: NumPy names of the pixel types that can be sent.
PIXEL_DTYPES: tuple[str, ...] = tuple(_BY_NAME)


def lay_out(array: NDArray[Any], axes: str) -> tuple[image_pb2.Pixels, memoryview]:
    """Return what the elements of an array are, and the elements, as a message would hold them.

    Parameters
    ----------
    array
        Pixels of any shape, memory order and byte order; its dtype one of :data:`PIXEL_DTYPES`.
    axes
        One upper-case letter an axis of `array`.

    Returns
    -------
    tuple
        A message without data, and the data: a view of the array where it can be one.

    Raises
    ------
    ImageFormatError
        If the type cannot be sent, the array is empty, or `axes` does not describe it.
    """
    check_axes(axes, array.shape)
    number = _BY_NAME.get(array.dtype.name)
    if number is None:
        raise ImageFormatError(
            f"pixels of type {array.dtype} cannot be sent; convert them to one of "
            f"{', '.join(PIXEL_DTYPES)}",
            field="image.pixels.data_type",
        )
    if array.size == 0:
        raise ImageFormatError(
            f"the picture is empty (shape {array.shape}); send at least one pixel",
            field="image.pixels.shape",
        )
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    message = image_pb2.Pixels(data_type=number, shape=array.shape, axes=axes)
    return message, little.reshape(-1).view(np.uint8).data


def pixel_dtype(data_type: int) -> np.dtype[np.generic]:
    """Return the little-endian type that a ``zoobridge.v1.DataType`` stands for.

    Raises
    ------
    ImageFormatError
        If it stands for none.
    """
    dtype = _DTYPES.get(data_type)
    if dtype is None:
        raise ImageFormatError(
            f"image.pixels.data_type {data_type} is not a type of pixels; use one of "
            f"{', '.join(PIXEL_DTYPES)}",
            field="image.pixels.data_type",
        )
    return dtype


def pixels_array(
    data: bytes | bytearray | memoryview, data_type: int, shape: Sequence[int], axes: str
) -> NDArray[np.generic]:
    """Return pixels as a read-only array over the caller's memory, without a copy.

    Parameters
    ----------
    data
        Elements in C order, little-endian.
    data_type
        A ``zoobridge.v1.DataType``.
    shape, axes
        As in ``zoobridge.v1.Pixels``.

    Raises
    ------
    ImageFormatError
        If the parts do not fit together.
    """
    dtype = pixel_dtype(data_type)
    check_axes(axes, shape)
    wanted = math.prod(shape) * dtype.itemsize
    if wanted == 0:
        raise ImageFormatError(
            f"the picture is empty (shape {tuple(shape)}); send at least one pixel",
            field="image.pixels.shape",
        )
    got = memoryview(data).nbytes
    if got != wanted:
        raise ImageFormatError(
            f"a picture of {' × '.join(map(str, shape))} {dtype.name} pixels takes {wanted} bytes, "
            f"but {got} were sent; check shape and data_type",
            field="image.pixels.data",
        )
    if dtype.kind == "b" and np.frombuffer(data, np.uint8).max() > 1:
        raise ImageFormatError(
            "bool pixels must be bytes of zero or one; send other values as uint8",
            field="image.pixels.data",
        )
    array = np.frombuffer(data, dtype).reshape(shape)
    if sys.byteorder == "big":
        array = array.astype(dtype.newbyteorder("="))
    array.flags.writeable = False
    return array


def pack_mask(mask: NDArray[Any]) -> bytes:
    """Return a mask as bits, row after row without padding, least significant bit first.

    Parameters
    ----------
    mask
        ``(height, width)``; whatever is not zero lies inside.

    Raises
    ------
    RegionError
        If `mask` does not have two axes or is empty.
    """
    if mask.ndim != 2 or mask.size == 0:
        raise RegionError(
            f"a mask needs rows and columns, this one has the shape {mask.shape}",
            field="regions.mask",
        )
    return np.packbits(mask.astype(bool, copy=False), axis=None, bitorder="little").tobytes()


def unpack_mask(data: bytes, width: int, height: int) -> NDArray[np.bool_]:
    """Return a mask as ``(height, width)`` booleans; the inverse of :func:`pack_mask`.

    Raises
    ------
    RegionError
        If the number of bytes is not that of a mask of this size.
    """
    wanted = (width * height + 7) // 8
    if len(data) != wanted or wanted == 0:
        raise RegionError(
            f"the mask of a box of {width} × {height} pixels takes {wanted} bytes "
            f"(one bit a pixel), but {len(data)} were sent",
            field="regions.mask",
        )
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=width * height, bitorder="little")
    return bits.view(np.bool_).reshape(height, width)
