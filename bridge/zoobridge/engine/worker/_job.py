"""One request inside a worker, whatever it asks for, and its entries in the batches."""

from __future__ import annotations

import sys
import time
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from zoobridge.errors import CancelledError, DeadlineError, ServerError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from zoobridge.backend import ByteTable, Network
    from zoobridge.errors import ZooBridgeError

__all__ = [
    "BatchEntry",
    "Handler",
    "Job",
    "JobTimes",
    "Rows",
    "RunFrame",
    "fault",
    "halves",
    "late",
]


@dataclass(slots=True)
class JobTimes:
    """Where the time of a request went, in seconds; stages of different items overlap."""

    queue: float = 0.0
    preprocess: float = 0.0
    inference: float = 0.0
    postprocess: float = 0.0


class Rows(Protocol):
    """What each row of an entry is to its job."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, part: slice, /) -> Rows:
        """Return those of some rows."""
        ...


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
    table
        What the bytes in the one array are to become on the device; `None` where `arrays` are the
        network's inputs.
    """

    job: Job
    key: Hashable
    arrays: tuple[NDArray[Any], ...]
    rows: int
    items: Rows | None = None
    table: ByteTable | None = None

    @property
    def divisible(self) -> bool:
        """Whether some rows may run without the others."""
        return self.items is not None and self.rows > 1

    def divide(self, rows: int) -> tuple[BatchEntry, BatchEntry]:
        """Return the first `rows` rows, and the others. Only if :attr:`divisible`."""
        return self._part(slice(rows)), self._part(slice(rows, None))

    def _part(self, part: slice) -> BatchEntry:
        assert self.items is not None  # noqa: S101 - else it is not divisible
        items = self.items[part]
        arrays = tuple(array[part] for array in self.arrays)
        return BatchEntry(self.job, self.key, arrays, len(items), items, self.table)


@dataclass(frozen=True, slots=True)
class RunFrame:
    """A request as it came to the worker.

    Parameters
    ----------
    number
        The server's number for it.
    data
        Its bytes, in shared memory.
    deadline
        On the clock of :func:`time.monotonic`.
    waited
        Seconds that it had waited in the server.
    parts
        Whether it may be answered in several parts.
    """

    number: int
    data: memoryview
    deadline: float = float("inf")
    waited: float = 0.0
    parts: bool = False


class Handler(Protocol):
    """What can be asked of a network: how entries become a batch, and outputs become results."""

    def job(self, frame: RunFrame) -> Job:
        """Return the job of a request."""
        ...

    def forward(
        self, network: Network, batch: Sequence[BatchEntry], size: int
    ) -> list[NDArray[Any]]:
        """Put a batch together, run the network on it, and return its outputs.

        A single entry of more rows is run `size` rows at a time.

        Raises
        ------
        BackendFault
            If the framework reports an error.
        """
        ...

    def split(
        self, batch: Sequence[BatchEntry], outputs: Sequence[NDArray[Any]]
    ) -> list[Sequence[Any]]:
        """Return the results of each entry.

        Raises
        ------
        ZooBridgeError, BackendFault
            If the outputs are not what they should be.
        """
        ...

    def failure(self, entry: BatchEntry, error: ZooBridgeError) -> Any:
        """Return the result of an entry that failed by itself and cannot be divided."""
        ...


def late() -> DeadlineError:
    """Return the error of a request whose deadline has passed."""
    return DeadlineError(
        "the deadline passed before the work was done; allow more time or send less"
    )


def fault(error: Exception) -> ServerError:
    """Return the error of a request that a fault of our own has ended; the log has its traceback."""
    traceback.print_exception(error, file=sys.stderr)
    # The worker's own log ends with it: the place is what a report needs.
    where = traceback.extract_tb(error.__traceback__)[-1]
    return ServerError(
        f"ZooBridge failed on this request ({type(error).__name__} in {Path(where.filename).name}, line "
        f"{where.lineno}); please report it with the picture"
    )


def halves(
    batch: Sequence[BatchEntry],
) -> tuple[Sequence[BatchEntry], Sequence[BatchEntry]] | None:
    """Return a batch in two halves; `None` where it cannot be divided."""
    if len(batch) > 1:
        middle = len(batch) // 2
        return batch[:middle], batch[middle:]
    (entry,) = batch
    if not entry.divisible:
        return None
    first, second = entry.divide(entry.rows // 2)
    return [first], [second]


class Job(ABC):
    """A request, from its arrival in the worker to its last answer.

    Prepared by one thread at a time; everything else under the lock of the scheduler.

    Parameters
    ----------
    handler
        What it asks for.
    frame
        The request.
    """

    def __init__(self, handler: Handler, frame: RunFrame) -> None:
        self.handler = handler
        self.number = frame.number
        self.deadline = frame.deadline
        self.parts = frame.parts
        self.cancelled = False
        self.closed = False
        self.busy = False
        self.total = 0
        self.failed = 0
        self.times = JobTimes()
        self.arrived = time.monotonic() - frame.waited
        self.prepared = False
        self.answered = 0
        self.results: list[Any] = []
        self.flushed = self.arrived
        self._data: memoryview | None = frame.data

    @property
    def finished(self) -> bool:
        """Whether every item has its result."""
        return self.prepared and self.answered >= self.total

    def check(self) -> None:
        """Raise where nobody waits for it any more; called while it is prepared.

        Raises
        ------
        CancelledError, DeadlineError
            If it was cancelled, or its deadline has passed.
        """
        if self.cancelled:
            raise CancelledError("the call was cancelled")
        if time.monotonic() > self.deadline:
            raise late()

    def take(self) -> memoryview:
        """Return the request's bytes, once; they stay valid until it is answered."""
        data, self._data = self._data, None
        assert data is not None  # noqa: S101 - asked for by the first step alone
        return data

    def add(self, results: Sequence[Any]) -> None:
        """Note results of items."""
        self.results.extend(results)
        self.answered += len(results)

    def close_times(self) -> None:
        """Find out how long it waited, once all else is known."""
        times = self.times
        spent = times.preprocess + times.inference + times.postprocess
        times.queue = max(0.0, time.monotonic() - self.arrived - spent)

    @abstractmethod
    def prepare(self, count: int) -> tuple[list[BatchEntry], list[Any]]:
        """Prepare up to `count` more items.

        Returns
        -------
        tuple
            Entries for the network, and results of items that have an error of their own.

        Raises
        ------
        ZooBridgeError
            If the request as a whole cannot be answered.
        """

    @abstractmethod
    def part(self) -> tuple[Sequence[bytes | memoryview], int] | None:
        """Take the results that are due to be sent.

        Returns
        -------
        tuple or None
            Bytes for the caller, in chunks, and the number of items in them; `None` while it pays to
            wait.
        """
