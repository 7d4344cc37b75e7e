"""Memory that the server shares with one worker: request bytes lie here once, and are not sent.

The server alone allocates. On Linux the memory is an anonymous file whose size is sealed, so that a
hostile worker cannot shrink it under the server's feet; elsewhere it is a file in the worker's
private folder. Either way it takes up only what was ever written to it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import threading
from bisect import insort
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.engine._engine import Chunk

__all__ = ["Arena", "attach"]

_ALIGN = 64
_KEEP = 64 << 20


def _align(size: int) -> int:
    return (size + _ALIGN - 1) // _ALIGN * _ALIGN


class Arena:
    """Shared memory with a first-fit allocator.

    Parameters
    ----------
    capacity
        Size in bytes: what can be in flight at once.
    path
        File to make where the system has no anonymous shared files.
    anonymous
        Whether to use an anonymous file.
    """

    def __init__(self, capacity: int, path: Path, *, anonymous: bool) -> None:
        self.capacity = _align(capacity)
        self.path = path
        self.descriptor = -1
        if anonymous and sys.platform == "linux":
            import fcntl

            self.descriptor = os.memfd_create("zoobridge", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.ftruncate(self.descriptor, self.capacity)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
            self._memory = mmap.mmap(self.descriptor, self.capacity)
        else:
            with path.open("x+b") as file:
                file.truncate(self.capacity)
                self._memory = mmap.mmap(file.fileno(), self.capacity)
        self._view = memoryview(self._memory)
        self._lock = threading.Lock()
        self._used: list[tuple[int, int]] = []
        self._high = 0
        self._closed = False

    def reserve(self, length: int, *, lead: int | None = None) -> int | None:
        """Find room.

        Parameters
        ----------
        length
            Bytes that it is to hold.
        lead
            How many of them come before the one that is to begin a page; `None` for none that is.

        Returns
        -------
        int or None
            Where `length` bytes may be written; `None` if there is no room at present.
        """
        size = max(_align(length), _ALIGN)
        first, step = 0, _ALIGN
        if lead is not None:
            first, step = -lead % mmap.PAGESIZE, mmap.PAGESIZE
            # It may begin between two of our places, but ends at one, so that the next begins well.
            size += _ALIGN
        with self._lock:
            start = first
            for used_start, used_end in self._used:
                if used_start - start >= size:
                    break
                start = used_end + (first - used_end) % step
            end = (start + size) // _ALIGN * _ALIGN
            if end > self.capacity:
                return None
            insort(self._used, (start, end))
            self._high = max(self._high, end)
        return start

    def fill(self, start: int, chunks: Sequence[Chunk]) -> None:
        """Write to room that was reserved; after :meth:`close`, nowhere.

        Raises
        ------
        ZooBridgeError
            If a chunk cannot be read.
        """
        try:
            for chunk in chunks:
                if isinstance(chunk, (bytes, memoryview)):
                    end = start + len(chunk)
                    self._view[start:end] = chunk
                else:
                    end = start + chunk.nbytes
                    with self._view[start:end] as place:
                        chunk.read_into(place)
                start = end
        except ValueError:
            if not self._closed:
                raise

    def free(self, start: int) -> None:
        """Give back what :meth:`reserve` returned."""
        with self._lock:
            for index, span in enumerate(self._used):
                if span[0] == start:
                    del self._used[index]
                    break
            else:
                raise ValueError(f"nothing was allocated at {start}")
            if not self._used and self._high > _KEEP:
                self._release()

    def close(self) -> None:
        """Unmap and remove it."""
        with self._lock:
            self._closed = True
            self._view.release()
            # Where a request is just being read into it, it goes with that.
            with contextlib.suppress(BufferError):
                self._memory.close()
            if self.descriptor >= 0:
                os.close(self.descriptor)
                self.descriptor = -1
            else:
                self.path.unlink(missing_ok=True)

    def _release(self) -> None:
        if hasattr(mmap, "MADV_REMOVE") and self.descriptor >= 0:
            self._memory.madvise(mmap.MADV_REMOVE, _KEEP, self.capacity - _KEEP)
        self._high = _KEEP


def attach(descriptor: int, path: str, capacity: int) -> memoryview:
    """Map an arena in a worker, for reading, and close the descriptor.

    Parameters
    ----------
    descriptor
        Of an anonymous file; -1 without one.
    path
        Of the file otherwise.
    capacity
        Its size in bytes.
    """
    if descriptor >= 0:
        memory = mmap.mmap(descriptor, capacity, access=mmap.ACCESS_READ)
        os.close(descriptor)
        return memoryview(memory)
    with Path(path).open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), capacity, access=mmap.ACCESS_READ))
