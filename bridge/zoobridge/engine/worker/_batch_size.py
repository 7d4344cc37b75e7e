"""How many items to run together: learnt from what each size was seen to cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BatchSizeLearner"]

_SMOOTHING = 0.3
_WORTH = 0.97
_RETRY = 64
#: From here on a network is taken to compute in the thread that calls it.
_CALLERS_SHARE = 0.8
_WARM_UP = 3  # frameworks trace and optimise in the first runs of a new shape


class BatchSizeLearner:
    """Learns which batch size of a network pays.

    Sizes are powers of two. Starting from 1, the next size is tried when so many items wait anyway;
    it is kept while an item costs less in it than in the size before. Sizes that did not pay are
    tried again now and then, since costs change with what else the machine does.

    Parameters
    ----------
    limit
        The greatest size ever; memory bounds it.
    """

    def __init__(self, limit: int) -> None:
        #: The size with the least seconds per item, the smaller one where they are close.
        self.best = 1
        self._limit = max(1, limit)
        self._cost: dict[int, float] = {}
        self._runs: dict[int, int] = {}
        self._since = 0
        self._share = 0.0

    @property
    def wanted(self) -> int:
        """The size worth preparing items for before a batch is run."""
        best = self.best
        return best * 2 if self._curious(best, best * 2) else min(best, self._limit)

    def seconds(self, size: int) -> float:
        """Return how long `size` items take together, as far as is known; else infinity."""
        known = self._cost.get(1 << (size - 1).bit_length())
        return float("inf") if known is None else known * size

    def choose(self, waiting: int) -> int:
        """Return how many of `waiting` items to run together now; at least 1."""
        best = self.best
        following = best * 2
        self._since += 1
        if following <= waiting and self._curious(best, following):
            self._since = 0
            return following
        return max(1, min(best, waiting, self._limit))

    def _curious(self, best: int, following: int) -> bool:
        """Whether the next size is worth a try: not yet known, or known for long."""
        return (
            following <= self._limit
            and self._runs.get(best, 0) >= _WARM_UP
            and (self._runs.get(following, 0) < _WARM_UP or self._since >= _RETRY)
        )

    def seed(self, seconds: Mapping[int, float]) -> None:
        """Start from what batches were seen to take, by size, as after many runs of each."""
        for size, taken in seconds.items():
            if size <= self._limit:
                self._cost[size] = taken / size
                self._runs[size] = _WARM_UP
        self.best = self._find_best()

    def bound(self, limit: int) -> None:
        """Never choose more than `limit` again: the device's memory did not suffice for more."""
        self._limit = max(1, min(self._limit, limit))
        self._cost = {size: cost for size, cost in self._cost.items() if size <= self._limit}
        self.best = self._find_best()

    def record(self, size: int, seconds: float, processor_seconds: float = 0.0) -> None:
        """Note that `size` items took `seconds` together. Sizes other than powers of two are ignored.

        Parameters
        ----------
        size, seconds
            The items, and what they took by the clock.
        processor_seconds
            Processor time of the calling thread meanwhile. Where a network computes in that thread
            (it once had nearly all of the time), it counts in place of the clock, which on a busy
            machine also runs while others compute.
        """
        if size & (size - 1):
            return
        self._share = max(self._share, processor_seconds / seconds if seconds > 0 else 0.0)
        if processor_seconds > 0 and self._share >= _CALLERS_SHARE:
            seconds = processor_seconds
        cost = seconds / size
        runs = self._runs[size] = self._runs.get(size, 0) + 1
        known = self._cost.get(size, cost)
        if runs <= _WARM_UP:
            self._cost[size] = min(known, cost)
        else:
            self._cost[size] = known + _SMOOTHING * (cost - known)
        self.best = self._find_best()

    def _find_best(self) -> int:
        best = 1
        for size in sorted(self._cost):
            if self._cost[size] < self._cost.get(best, float("inf")) * _WORTH:
                best = size
        return best
