"""What a worker printed, which is lost with its folder unless it is read in time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from zoobridge.engine.launch._framework_lines import reason_lines

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WorkerLog"]

#: A crash is described where faulthandler begins to print, an exception at the end.
_FIRST_BYTES: Final = 4000
_LAST_BYTES: Final = 2000


class WorkerLog:
    """Reads the standard error of the workers that one replica starts, one after the other.

    Parameters
    ----------
    folder
        Private folder of the worker.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "stderr.log"
        self._start = 0

    def begin(self) -> None:
        """Record that another worker is about to start."""
        self._start = 0
        with contextlib.suppress(OSError):
            self._start = self._file.stat().st_size

    def printed(self) -> str:
        """Return what the last worker printed: at most six kilobytes, without the middle of more."""
        with contextlib.suppress(OSError), self._file.open("rb") as file:
            file.seek(self._start)
            first = file.read(_FIRST_BYTES)
            rest = file.seek(0, 2) - self._start - len(first)
            left_out = max(0, rest - _LAST_BYTES)
            file.seek(self._start + len(first) + left_out)
            gap = f" … {left_out} bytes … ".encode() if left_out else b""
            return (first + gap + file.read(_LAST_BYTES)).decode("utf-8", "replace").strip()
        return ""

    def last_lines(self) -> str:
        """Return what it said last, in brackets, for the end of a sentence; empty where nothing matters."""
        said = reason_lines(self.printed())
        return f" (last lines of its log: {said})" if said else ""
