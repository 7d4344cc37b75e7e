"""The memory that the server process takes for what it is sent."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from typing import Final

import psutil

__all__ = ["OwnMemory"]

#: What the C library may keep of memory that was given back, before it is asked for it.
_KEPT: Final = 64 << 20
_PAUSE_SECONDS: Final = 0.5


class OwnMemory:
    """Holds the memory of this process against a limit.

    gRPC writes messages into memory of the C library while they arrive, and that library keeps much of
    it afterwards.

    Parameters
    ----------
    limit
        Bytes that the process may take beyond what it has now.
    """

    def __init__(self, limit: int) -> None:
        self._process = psutil.Process()
        self._limit = limit
        self._least = self._private()
        self._reclaimed = 0.0

    def is_short(self) -> bool:
        """Return whether the process has more than it may, and needs it."""
        if self._private() <= self._least + self._limit:
            return False
        self._reclaim()
        return self._private() > self._least + self._limit

    def give_back(self) -> None:
        """Return to the system what was freed; for a moment in which no message is awaited."""
        if self._private() > self._least + _KEPT:
            self._reclaim()

    def _private(self) -> int:
        memory = self._process.memory_info()
        # Requests that wait for a model lie in memory that is shared with its worker.
        return int(memory.rss - getattr(memory, "shared", 0))

    def _reclaim(self) -> None:
        """Free what nobody holds any more; it takes a tenth of a second, so not more than twice in one."""
        if time.monotonic() - self._reclaimed < _PAUSE_SECONDS:
            return
        # An error holds the call that it ended, and that its message.
        gc.collect()
        # Of glibc alone.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
        if trim is not None:
            trim(0)
        self._reclaimed = time.monotonic()
