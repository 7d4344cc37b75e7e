"""How many files and connections this process may have open."""

from __future__ import annotations

import contextlib
import sys
from typing import Final

__all__ = ["raise_descriptor_limit"]

#: Enough for any server; what the system calls unlimited cannot be asked for everywhere.
_MOST: Final = 1 << 20


def raise_descriptor_limit() -> int:
    """Raise this process's soft limit of open files to the hard one.

    Many systems begin with 1,024, which is as many connections; each loaded model takes about ten.

    Returns
    -------
    int
        The limit that holds now; 0 where the system has none.
    """
    if sys.platform == "win32":
        return 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    # macOS has a further limit of its own.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
