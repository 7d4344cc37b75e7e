"""How a process of ours gets memory from the system."""

from __future__ import annotations

import os
import sys
from typing import Final

__all__ = ["keep_freed_memory"]

# Names of glibc's <malloc.h>.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_KEPT_BYTES: Final = 64 << 20
_LARGEST_KEPT: Final = 32 << 20  # glibc takes no more
_ARENAS: Final = 2


def keep_freed_memory() -> bool:
    """Let this process keep up to 128 MiB that it has freed, for what comes next.

    glibc gives the memory of a large message back as soon as it is freed, so that the next one
    faults in every page anew: a third of the work of a client that sends files. Call it before
    there are threads.

    Returns
    -------
    bool
        Whether it was set: with glibc alone, and where the environment sets nothing of this itself
        (``MALLOC_…``, ``GLIBC_TUNABLES``).
    """
    chosen = any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ)
    if chosen or sys.platform != "linux":
        return False
    import ctypes  # takes milliseconds, which `--help` need not

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = (
        (_M_TRIM_THRESHOLD, _KEPT_BYTES),
        (_M_MMAP_THRESHOLD, _LARGEST_KEPT),
        (_M_ARENA_MAX, _ARENAS),
    )
    return all(mallopt(name, value) == 1 for name, value in settings)
