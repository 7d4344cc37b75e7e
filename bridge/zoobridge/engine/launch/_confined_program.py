"""The command line of a module of ours that runs as a confined program."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["confined_program"]

_MAIN: Final = "zoobridge.engine.launch._confined_main"


def confined_program(
    module: str, *, read: Sequence[Path], write: Sequence[Path], connect: int, memory: int
) -> list[str]:
    """Return the command line of a module that runs with few rights, as far as the system can confine.

    Parameters
    ----------
    module
        Its dotted name.
    read, write
        Files and folders that it may read, and folders that it may write in; the first of the
        latter is for temporary files and caches.
    connect
        The only TCP port that it may connect to.
    memory
        Bytes of memory of its own that it, and each program that it starts, may use.
    """
    rights = {
        "read": [str(path) for path in read],
        "write": [str(path) for path in write],
        "connect": connect,
        "memory": memory,
    }
    return [sys.executable, "-P", "-m", _MAIN, json.dumps(rights), module]
