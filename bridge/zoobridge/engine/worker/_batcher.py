"""What waits for the network of a worker: rows of its next batches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from zoobridge.engine.worker._job import Job

__all__ = ["BatchEntry", "Batcher"]


@dataclass(slots=True)
class BatchEntry:
    """Rows that a network can take.

    Parameters
    ----------
    job
        The request that they belong to.
    key
        Entries of the same key can run together.
    arrays
        The network's inputs; the first axis counts rows.
    rows
        How many.
    items
        What each row is to its job; `None` where they belong together.
    """

    job: Job
    key: Hashable
    arrays: tuple[NDArray[Any], ...]
    rows: int
    items: Sequence[Any] | None = None

    @property
    def divisible(self) -> bool:
        """Whether some rows may run without the others."""
        return self.items is not None and self.rows > 1

    def divide(self, rows: int) -> tuple[BatchEntry, BatchEntry]:
        """Return the first `rows` rows, and the others. Only if :attr:`divisible`."""
        return self._part(slice(rows)), self._part(slice(rows, None))

    def _part(self, part: slice) -> BatchEntry:
        items = (self.items or ())[part]
        arrays = tuple(array[part] for array in self.arrays)
        return BatchEntry(self.job, self.key, arrays, len(items), items)


class Batcher:
    """Entries that wait for the network; the keys take turns."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[BatchEntry]] = {}
        self._rows = 0

    def __len__(self) -> int:
        """Return how many rows wait."""
        return self._rows

    def put(self, ready: BatchEntry) -> None:
        """Add an entry."""
        self._queues.setdefault(ready.key, deque()).append(ready)
        self._rows += ready.rows

    def next_rows(self) -> int:
        """Return how many rows of the key whose turn it is wait."""
        return sum(ready.rows for ready in next(iter(self._queues.values())))

    def take(self, size: int, *, now: float) -> tuple[list[BatchEntry], list[BatchEntry]]:
        """Take up to `size` rows that can run together, but at least one entry.

        Returns
        -------
        tuple
            What is to be run, without what nobody waits for any more; and entries whose deadline
            passed before `now`.
        """
        key, queue = next(iter(self._queues.items()))
        batch: list[BatchEntry] = []
        late: list[BatchEntry] = []
        rows = 0
        while queue and rows < size:
            ready = queue.popleft()
            if ready.job.cancelled or ready.job.closed or ready.job.deadline < now:
                self._rows -= ready.rows
                if not (ready.job.cancelled or ready.job.closed):
                    late.append(ready)
                continue
            if rows + ready.rows > size:
                if ready.divisible:
                    ready, rest = ready.divide(size - rows)
                    queue.appendleft(rest)
                elif batch:
                    queue.appendleft(ready)
                    break
            self._rows -= ready.rows
            batch.append(ready)
            rows += ready.rows
        del self._queues[key]
        if queue:
            # The others' turn comes first next time.
            self._queues[key] = queue
        return batch, late
