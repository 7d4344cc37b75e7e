"""What waits for the network of a worker, and how it is put together to batches."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from zoobridge.engine.worker._job import BatchEntry

__all__ = ["Batcher"]


class Batcher:
    """Entries that wait for the network; the keys take turns, and so do streams and single requests."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[BatchEntry]] = {}
        self._rows = 0

    def __len__(self) -> int:
        """Return how many rows wait."""
        return self._rows

    def put(self, entry: BatchEntry) -> None:
        """Add an entry."""
        # A single request waits for one batch of a stream, and not for all that the stream has sent.
        self._queues.setdefault((entry.job.parts, entry.key), deque()).append(entry)
        self._rows += entry.rows

    def next_rows(self) -> int:
        """Return how many rows of the key whose turn it is wait."""
        return sum(entry.rows for entry in next(iter(self._queues.values())))

    def next_entry_rows(self) -> int:
        """Return how many rows the first entry of that key has."""
        return next(iter(self._queues.values()))[0].rows

    def take(self, size: int, *, now: float) -> tuple[list[BatchEntry], list[BatchEntry]]:
        """Take up to `size` rows that can run together, but at least one entry.

        Returns
        -------
        tuple
            What to run, without what nobody waits for any more; and entries whose deadline
            passed before `now`.
        """
        key, queue = next(iter(self._queues.items()))
        batch: list[BatchEntry] = []
        late: list[BatchEntry] = []
        rows = 0
        while queue and rows < size:
            entry = queue.popleft()
            if entry.job.cancelled or entry.job.closed or entry.job.deadline < now:
                self._rows -= entry.rows
                if not (entry.job.cancelled or entry.job.closed):
                    late.append(entry)
                continue
            if rows + entry.rows > size:
                if entry.divisible:
                    entry, rest = entry.divide(size - rows)
                    queue.appendleft(rest)
                elif batch:
                    queue.appendleft(entry)
                    break
            self._rows -= entry.rows
            batch.append(entry)
            rows += entry.rows
        del self._queues[key]
        if queue:
            # The others' turn comes first next time.
            self._queues[key] = queue
        return batch, late
