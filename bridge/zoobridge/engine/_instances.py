"""A loaded model: one copy of it, or several side by side."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from zoobridge.engine._statistics import Statistics, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.engine._copy import ModelCopy
    from zoobridge.engine._engine import Answer, ModelState, Work
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["Instances"]

_REFILL_SECONDS = 10.0
_MEASURE_SECONDS = 5.0


class Instances:
    """The copies of a model; the least busy of them takes the next request.

    Parameters
    ----------
    model, weights
        What to run.
    count
        Copies to run.
    make
        Starts a copy; it is given what the copy has to call once it is gone.
    gone
        Called once, from any thread, when the last copy is gone.
    """

    def __init__(
        self,
        model: ModelDescription,
        weights: WeightsDescription,
        count: int,
        *,
        make: Callable[[Callable[[ModelCopy], None]], ModelCopy],
        gone: Callable[[Instances], None],
    ) -> None:
        self.model = model
        self.weights = weights
        self._count = count
        self._make = make
        self._gone = gone
        self._past = Statistics()
        self._closing = False
        self._refill_at = 0.0
        self._measured: dict[ModelCopy, float] = {}
        self._lock = threading.Lock()
        with self._lock:
            self.copies = tuple(make(self._lost) for _ in range(count))

    def submit(self, work: Work) -> Answer | None:
        """Give work to the least busy copy; `None` if the model is going away.

        Raises
        ------
        ZooBridgeError
            As :meth:`ModelCopy.submit` does.
        """
        copies = self.copies
        if len(copies) > 1:
            copies = tuple(sorted(copies, key=_busyness))
        for copy in copies:
            answer = copy.submit(work)
            if answer is not None:
                return answer
        return None

    def wait_ready(self) -> None:
        """Wait until every copy is loaded.

        Raises
        ------
        ZooBridgeError
            If one cannot be loaded; the others serve all the same.
        """
        for copy in self.copies:
            copy.wait_ready()

    @property
    def ready(self) -> bool:
        """Whether a copy is loaded."""
        return any(copy.ready for copy in self.copies)

    @property
    def busy(self) -> bool:
        """Whether any copy has work, or is being loaded."""
        return any(copy.busy for copy in self.copies)

    @property
    def last_used(self) -> float:
        """When it last had work, on the clock of :func:`time.monotonic`."""
        return max((copy.last_used for copy in self.copies), default=0.0)

    @property
    def memory_bytes(self) -> int:
        """Memory of its workers, as it was last measured."""
        return sum(copy.memory_bytes for copy in self.copies)

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices that its framework sees."""
        return next((tuple(copy.facts["devices"]) for copy in self.copies if copy.facts), ())

    def state(self) -> ModelState | None:
        """Describe it; `None` where it is gone."""
        states = [copy.state() for copy in self.copies if copy.ready]
        if not states:
            return None
        return replace(
            states[0],
            instances=len(states),
            memory_bytes=sum(state.memory_bytes for state in states),
            waiting=sum(state.waiting for state in states),
            items=sum(state.items for state in states) + self._past.items,
        )

    def statistics(self) -> Statistics:
        """Tell what its copies have done, those included that are gone."""
        return total([self._past, *(copy.statistics() for copy in self.copies)])

    def measure(self, *, now: float) -> None:
        """Measure the memory of copies that have worked since it was measured, or where it never was."""
        for copy in self.copies:
            last = self._measured.get(copy)
            due = last is None or (copy.last_used > last and now - last > _MEASURE_SECONDS)
            if due and copy.ready:
                self._measured[copy] = now
                copy.measure()

    def watch(self, now: float) -> None:
        """End workers that stall, and start a copy anew that was lost."""
        for copy in self.copies:
            copy.watch(now)
        with self._lock:
            missing = self._count - len(self.copies)
            if missing > 0 and now > self._refill_at and not self._closing and self.ready:
                self._refill_at = now + _REFILL_SECONDS
                self.copies += tuple(self._make(self._lost) for _ in range(missing))

    def close(self, *, grace: float) -> int:
        """Take no more work, finish what was accepted, end the workers; tell how many copies went."""
        with self._lock:
            self._closing = True
            copies = self.copies
        limit = time.monotonic() + grace
        for copy in copies:
            copy.close(grace=max(0.0, limit - time.monotonic()))
        return len(copies)

    def _lost(self, copy: ModelCopy) -> None:
        with self._lock:
            self.copies = tuple(one for one in self.copies if one is not copy)
            self._measured.pop(copy, None)
            self._past = total([self._past, copy.statistics()])
            self._refill_at = time.monotonic() + _REFILL_SECONDS
            empty = not self.copies
        if empty:
            self._gone(self)


def _busyness(copy: ModelCopy) -> tuple[bool, int]:
    # While none is loaded all go to the first: another may yet find no memory for itself.
    return (not copy.ready, copy.waiting if copy.ready else 0)
