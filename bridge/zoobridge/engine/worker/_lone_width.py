"""Whether a batch that runs alone pays on all cores: learnt from what both ways were seen to take."""

from __future__ import annotations

from typing import Final

__all__ = ["LoneWidth"]

#: Below this, waking further threads and waiting for them costs more than it saves.
_SHORT_SECONDS: Final = 0.001
_TRIES: Final = 3
#: So much faster all cores have to be.
_WORTH: Final = 0.9


class LoneWidth:
    """Chooses between all cores and one thread for batches that run alone.

    A batch that is seen to take long runs on all cores. A short one is tried on one thread, and stays
    there if it is short on it too, or is hardly slower: the other cores are left to the server and
    its callers, whose work for a short batch takes longer than the batch.
    """

    def __init__(self) -> None:
        self._wide: dict[int, float] = {}
        self._narrow: dict[int, float] = {}
        self._wide_runs: dict[int, int] = {}
        self._narrow_runs: dict[int, int] = {}

    def wide(self, rows: int) -> bool:
        """Return whether to run so many rows on all cores."""
        size = _size(rows)
        if self._wide_runs.get(size, 0) < _TRIES or self._wide[size] >= _SHORT_SECONDS:
            return True
        if self._narrow_runs.get(size, 0) < _TRIES:
            return False
        narrow = self._narrow[size]
        return narrow >= _SHORT_SECONDS and self._wide[size] < narrow * _WORTH

    def record(self, rows: int, seconds: float, *, wide: bool) -> None:
        """Note what a run of so many rows took.

        The least counts, since whatever else the machine does only adds to it.
        """
        size = _size(rows)
        times, runs = (self._wide, self._wide_runs) if wide else (self._narrow, self._narrow_runs)
        times[size] = min(seconds, times.get(size, seconds))
        runs[size] = runs.get(size, 0) + 1


def _size(rows: int) -> int:
    return 1 << (rows - 1).bit_length()
