"""What waits for a worker, whose turn comes next, and how long it will take."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.engine.supervisor._pending_request import PendingRequest

__all__ = ["Pace", "WaitingQueue"]

#: Of so many requests one is of a stream, where both kinds wait.
_SHARE: Final = 4
_SMOOTHING: Final = 0.05
_IN_FLIGHT_SECONDS: Final = 0.5
_FEWEST_IN_FLIGHT: Final = 16


class WaitingQueue:
    """Requests in the order in which they go to the worker.

    A stream keeps many requests waiting, of which only the throughput matters. Who asks for one
    picture waits for that one: it goes before those of streams, three times out of four.
    """

    def __init__(self) -> None:
        self._single: OrderedDict[int, PendingRequest] = OrderedDict()
        self._streamed: OrderedDict[int, PendingRequest] = OrderedDict()
        self._turn = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._single) + len(self._streamed)

    @property
    def single(self) -> int:
        """How many of them are of no stream."""
        return len(self._single)

    def add(self, pending: PendingRequest) -> None:
        """Add a request behind the others."""
        self._queue_of(pending)[pending.number] = pending

    def add_first(self, requests: Sequence[PendingRequest]) -> None:
        """Add requests before all others, in their order."""
        for pending in reversed(requests):
            queue = self._queue_of(pending)
            queue[pending.number] = pending
            queue.move_to_end(pending.number, last=False)

    def remove(self, pending: PendingRequest) -> None:
        """Take a request out that nobody waits for; nothing happens if it is not there."""
        self._queue_of(pending).pop(pending.number, None)

    def pop(self) -> PendingRequest:
        """Take the next request out.

        Raises
        ------
        KeyError
            If no request waits.
        """
        if self._single and self._streamed:
            self._turn = (self._turn + 1) % _SHARE
            queue = self._single if self._turn else self._streamed
        else:
            queue = self._single or self._streamed
        return queue.popitem(last=False)[1]

    def _queue_of(self, pending: PendingRequest) -> OrderedDict[int, PendingRequest]:
        return self._single if pending.request.deliver is None else self._streamed


class Pace:
    """How fast a worker answers while it has work."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last: float | None = None

    def answered(self, now: float, *, busy: bool) -> None:
        """Record an answer.

        Parameters
        ----------
        now
            On the clock of :func:`time.monotonic`.
        busy
            Whether the worker has more to do.
        """
        if self._last is not None:
            seconds = now - self._last
            weight = _SMOOTHING if self._seconds else 1.0
            self._seconds += weight * (seconds - self._seconds)
        self._last = now if busy else None

    def wait_for(self, requests: int) -> float:
        """Return the seconds that so many requests are expected to take; 0 while that is unknown."""
        return requests * self._seconds

    def in_flight(self, most: int) -> int:
        """Return how many requests the worker may have at once, up to `most`.

        What it has cannot be overtaken: where each takes long, it has few.
        """
        if self._seconds * most <= _IN_FLIGHT_SECONDS:
            return most
        return max(_FEWEST_IN_FLIGHT, int(_IN_FLIGHT_SECONDS / self._seconds))
