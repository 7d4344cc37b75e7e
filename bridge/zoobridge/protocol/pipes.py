"""Calls over a pair of pipes, between the server and a process that works for it.

Workers of models have frames of their own (``zoobridge.engine.channel``): these carry tensors and are
written without copies.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["CallFrame", "CallKind", "CallPipe"]

_HEAD = struct.Struct(">BII")


class CallKind(IntEnum):
    """What a frame of a call holds."""

    #: To the process: what it needs to know, as JSON; the first frame.
    SETTINGS = 0
    #: To the process: a serialized request; before it the method's name and a zero byte, where the
    #: process answers several.
    REQUEST = 1
    #: To the process: nobody waits for the call any more.
    CANCEL = 2
    #: From the process: a serialized response; there may be several.
    RESPONSE = 3
    #: From the process: there are no more responses.
    END = 4
    #: From the process: a serialized ``google.rpc.Status`` that ends the call.
    STATUS = 5


@dataclass(frozen=True)
class CallFrame:
    """A frame.

    Parameters
    ----------
    kind
        What it holds.
    call
        Number of the call; 0 for settings, and where there is only one.
    data
        The content.
    """

    kind: CallKind
    call: int
    data: bytes = b""


class CallPipe:
    """One end of the pipes. One thread may read, and any may write.

    Parameters
    ----------
    source, sink
        File descriptors to read from and to write to.
    limit
        Bytes of content that a frame from the other side may have; `None` where that side is trusted.
    """

    def __init__(self, source: int, sink: int, *, limit: int | None = None) -> None:
        self._source = source
        self._sink = sink
        self._limit = limit
        self._writing = threading.Lock()
        self._closed = False

    def read(self) -> CallFrame | None:
        """Return the next frame; `None` where the other side has ended, midway or not.

        Raises
        ------
        ValueError
            If the frame is of no known kind or larger than the limit; no later one can be read.
        """
        head = self._bytes(_HEAD.size)
        if head is None:
            return None
        number, call, size = _HEAD.unpack(head)
        kind = CallKind(number)
        if self._limit is not None and size > self._limit:
            raise ValueError(f"a frame of {size} bytes exceeds the limit of {self._limit}")
        data = self._bytes(size)
        return None if data is None else CallFrame(kind, call, data)

    def write(self, frame: CallFrame) -> None:
        """Write a frame.

        Raises
        ------
        OSError
            If the other side has ended.
        """
        head = _HEAD.pack(frame.kind, frame.call, len(frame.data))
        with self._writing:
            if self._closed:
                raise BrokenPipeError(errno.EPIPE, "the pipe was closed")
            for part in (head, frame.data):
                left = memoryview(part)
                while left:
                    left = left[os.write(self._sink, left) :]

    def close(self) -> None:
        """Write no more, so that the descriptors can be closed: others may get their numbers."""
        with self._writing:
            self._closed = True

    def _bytes(self, size: int) -> bytes | None:
        found = bytearray()
        while len(found) < size:
            part = os.read(self._source, min(size - len(found), 1 << 20))
            if not part:
                return None
            found += part
        return bytes(found)
