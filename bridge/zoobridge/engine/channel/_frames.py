"""Messages between the server and a worker: plain frames over a pair of pipes.

A frame is a header (payload length, kind, number; little-endian) and a payload. Nothing is pickled,
so that a hostile worker can send wrong bytes but no code.
"""

from __future__ import annotations

import os
import select
import struct
import threading
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["PART", "RUN", "Frame", "FrameKind", "FrameReader", "FrameWriter"]

RUN = struct.Struct("<QQdd??")
"""Payload of a RUN frame: offset, length, seconds until the deadline, seconds waited, whether parts
are allowed, whether it holds tensors."""

PART = struct.Struct("<III?ffff")
"""Head of a PART frame: items of the request, items in this part, failed items so far, last;
seconds of queue, preprocessing, inference and postprocessing."""

_HEADER = struct.Struct("<IIQ")
_CHUNK = 1 << 16
_LARGEST = 1 << 30
_LARGEST_PIPE = 1 << 20


class FrameKind(IntEnum):
    """What a frame says. The number of a frame about a request is the request's."""

    LOAD = 1
    """To the worker, first: a JSON document that names the model."""
    READY = 2
    """From the worker: it can take requests. A JSON document with the device and versions."""
    RUN = 3
    """To the worker: a request lies in the arena (see :data:`RUN`)."""
    CANCEL = 4
    """To the worker: this request was cancelled."""
    PART = 5
    """From the worker: results (see :data:`PART`)."""
    FAILED = 6
    """From the worker: a serialized ``google.rpc.Status``; number 0 while it loads."""
    BATCHES = 7
    """To the worker: report the batches that were run. Its answer is a JSON document."""
    STUCK = 8
    """From the worker, last: preparing this request does not end, and so the worker does."""
    ALIVE = 9
    """From the worker, once a second while it works: its interpreter runs."""


_KINDS = frozenset(FrameKind)


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    kind: int
    number: int
    payload: bytes | memoryview


class FrameWriter:
    """Writes frames to a file descriptor, which it owns; safe to call from several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._closed = False

    def send(self, kind: FrameKind, number: int = 0, *payload: bytes | memoryview) -> None:
        """Write a frame.

        Parameters
        ----------
        kind, number
            As in :class:`Frame`.
        payload
            Chunks that make it up together.

        Raises
        ------
        BrokenPipeError
            If the other side is gone.
        """
        size = sum(map(len, payload))
        chunks = (_HEADER.pack(size, kind, number), *payload)
        size += _HEADER.size
        # Large chunks go as they lie, where the system can do that.
        data = None if size > _CHUNK and hasattr(os, "writev") else b"".join(chunks)
        with self._lock:
            if self._closed:
                raise BrokenPipeError("the channel is closed")
            if data is None:
                written = os.writev(self._descriptor, chunks)
            else:
                written = os.write(self._descriptor, data)
            if written < size:
                view = memoryview(b"".join(chunks) if data is None else data)
                while written < size:
                    written += os.write(self._descriptor, view[written:])

    def close(self) -> None:
        """Close the descriptor; the other side reads the end of the stream."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._descriptor)


class FrameReader:
    """Reads frames from a file descriptor, which it owns; one thread at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._data = b""
        self._start = 0
        self._wanted = _HEADER.size
        self._last = 0
        self._poll = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

    def next(self) -> Frame | None:
        """Wait for a frame; `None` once the other side has closed its end.

        Raises
        ------
        ValueError
            If what comes is not a frame: a hostile worker must not fill the server's memory.
        """
        while True:
            frame = self.buffered()
            if frame is not None:
                return frame
            if not self._read():
                return None

    def buffered(self) -> Frame | None:
        """Return the next frame if all of it has been read already.

        Raises
        ------
        ValueError
            As :meth:`next`.
        """
        data, start = self._data, self._start
        have = len(data) - start
        if have < _HEADER.size:
            self._wanted = _HEADER.size
            return None
        length, kind, number = _HEADER.unpack_from(data, start)
        if length > _LARGEST or kind not in _KINDS:
            raise ValueError(f"malformed frame: kind {kind}, {length} bytes")
        self._wanted = self._last = _HEADER.size + length
        if have < self._wanted:
            return None
        begin = start + _HEADER.size
        self._start = end = begin + length
        if length < _CHUNK:
            return Frame(kind, number, data[begin:end])
        return Frame(kind, number, memoryview(data)[begin:end])

    def _read(self) -> bool:
        """Read what is wanted, or more; return whether it came."""
        pieces = [self._data[self._start :]]
        have = len(pieces[0])
        while have < self._wanted:
            # As much as the last frame had, since the next one may be as large.
            size = max(self._last, self._wanted - have)
            data = os.read(self._descriptor, min(max(_CHUNK, size), _LARGEST_PIPE))
            if not data:
                return False
            pieces.append(data)
            have += len(data)
        self._data = pieces[1] if not pieces[0] and len(pieces) == 2 else b"".join(pieces)
        self._start = 0
        return True

    def pending(self) -> bool:
        """Return whether there is something to read; `True` where the system cannot say."""
        read = len(self._data) > self._start
        return read or self._poll is None or bool(self._poll.poll(0))

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)
