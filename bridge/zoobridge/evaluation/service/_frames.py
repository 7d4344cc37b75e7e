"""How the service and the process of an evaluation speak: framed messages over pipes."""

from __future__ import annotations

import os
import struct
from enum import IntEnum

__all__ = ["Kind", "read_frame", "write_frame"]

_HEAD = struct.Struct(">BI")


class Kind(IntEnum):
    """What a frame holds."""

    #: To the process: what it needs beside the request, as JSON.
    SETTINGS = 0
    #: To the process: the serialized request.
    REQUEST = 1
    #: From the process: a serialized response.
    RESPONSE = 2
    #: From the process: a serialized ``google.rpc.Status`` that ends the call.
    STATUS = 3


def read_frame(handle: int) -> tuple[Kind, bytes] | None:
    """Return a frame; `None` where the other side has ended, midway or not."""
    head = _read(handle, _HEAD.size)
    if head is None:
        return None
    kind, size = _HEAD.unpack(head)
    data = _read(handle, size)
    return None if data is None else (Kind(kind), data)


def write_frame(handle: int, kind: Kind, data: bytes) -> None:
    """Write a frame.

    Raises
    ------
    OSError
        If the other side has ended.
    """
    left = memoryview(_HEAD.pack(kind, len(data)) + data)
    while left:
        left = left[os.write(handle, left) :]


def _read(handle: int, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        part = os.read(handle, size - len(found))
        if not part:
            return None
        found += part
    return bytes(found)
