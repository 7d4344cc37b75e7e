"""A loaded model: one replica of it, or several side by side."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from zoobridge.engine._model_statistics import ModelStatistics, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.engine._engine import InferenceRequest, ModelState, PendingResponse
    from zoobridge.engine.supervisor._replica import Replica
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["ReplicaSet"]

_REFILL_SECONDS = 10.0
_MEASURE_SECONDS = 5.0


class ReplicaSet:
    """The replicas of a model; the least busy of them takes the next request.

    Parameters
    ----------
    model, weights
        What to run.
    count
        Replicas to run.
    make
        Starts a replica; it is given its number, and what it has to call once it is gone.
    gone
        Called once, from any thread, when the last replica is gone.
    """

    def __init__(
        self,
        model: ModelDescription,
        weights: WeightsDescription,
        count: int,
        *,
        make: Callable[[int, Callable[[Replica], None]], Replica],
        gone: Callable[[ReplicaSet], None],
    ) -> None:
        self.model = model
        self.weights = weights
        self._count = count
        self._make = make
        self._gone = gone
        self._past = ModelStatistics()
        self._closing = False
        self._refill_at = 0.0
        self._measured: dict[Replica, float] = {}
        self._lock = threading.Lock()
        with self._lock:
            self.replicas = tuple(make(number, self._lost) for number in range(count))

    def submit(self, request: InferenceRequest) -> PendingResponse | None:
        """Submit a request to the least busy replica; `None` if the model is going away.

        Raises
        ------
        ZooBridgeError
            As :meth:`Replica.submit` does.
        """
        replicas = self.replicas
        if len(replicas) > 1:
            replicas = tuple(sorted(replicas, key=_busyness))
        for replica in replicas:
            answer = replica.submit(request)
            if answer is not None:
                return answer
        return None

    def wait_ready(self) -> None:
        """Wait until every replica is loaded.

        Raises
        ------
        ZooBridgeError
            If one cannot be loaded; the others serve all the same.
        """
        for replica in self.replicas:
            replica.wait_ready()

    @property
    def ready(self) -> bool:
        """Whether a replica is loaded."""
        return any(replica.ready for replica in self.replicas)

    @property
    def busy(self) -> bool:
        """Whether any replica has work, or is being loaded."""
        return any(replica.busy for replica in self.replicas)

    @property
    def last_used(self) -> float:
        """When it last had work, on the clock of :func:`time.monotonic`."""
        return max((replica.last_used for replica in self.replicas), default=0.0)

    @property
    def memory_bytes(self) -> int:
        """Memory of its workers, as last measured."""
        return sum(replica.memory_bytes for replica in self.replicas)

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices that its framework sees."""
        return next(
            (tuple(replica.facts["devices"]) for replica in self.replicas if replica.facts), ()
        )

    @property
    def device_problem(self) -> str:
        """Why its framework does not use an accelerator that the machine has."""
        return next((one.facts["device_problem"] for one in self.replicas if one.facts), "")

    def state(self) -> ModelState | None:
        """Describe it; `None` where it is gone."""
        states = [replica.state() for replica in self.replicas if replica.ready]
        if not states:
            return None
        return replace(
            states[0],
            instances=len(states),
            memory_bytes=sum(state.memory_bytes for state in states),
            waiting=sum(state.waiting for state in states),
            items=sum(state.items for state in states) + self._past.items,
            device=", ".join(dict.fromkeys(state.device for state in states)),
            device_memory_bytes=sum(state.device_memory_bytes for state in states),
        )

    def statistics(self) -> ModelStatistics:
        """Return what its replicas have done, those included that are gone."""
        return total([self._past, *(replica.statistics() for replica in self.replicas)])

    def measure(self, *, now: float) -> None:
        """Measure the memory of replicas that have worked since it was measured, or where it never was."""
        for replica in self.replicas:
            last = self._measured.get(replica)
            due = last is None or (replica.last_used > last and now - last > _MEASURE_SECONDS)
            if due and replica.ready:
                self._measured[replica] = now
                replica.measure()

    def watch(self, now: float) -> None:
        """End workers that stall, and start a replica anew that was lost."""
        for replica in self.replicas:
            replica.watch(now)
        with self._lock:
            present = {replica.number for replica in self.replicas}
            missing = [number for number in range(self._count) if number not in present]
            if missing and now > self._refill_at and not self._closing and self.ready:
                self._refill_at = now + _REFILL_SECONDS
                self.replicas += tuple(self._make(number, self._lost) for number in missing)

    def close(self, *, grace: float) -> int:
        """Take no more work, finish what was accepted, end the workers; return how many replicas went."""
        with self._lock:
            self._closing = True
            replicas = self.replicas
        limit = time.monotonic() + grace
        for replica in replicas:
            replica.close(grace=max(0.0, limit - time.monotonic()))
        return len(replicas)

    def _lost(self, replica: Replica) -> None:
        with self._lock:
            self.replicas = tuple(one for one in self.replicas if one is not replica)
            self._measured.pop(replica, None)
            self._past = total([self._past, replica.statistics()])
            self._refill_at = time.monotonic() + _REFILL_SECONDS
            empty = not self.replicas
        if empty:
            self._gone(self)


def _busyness(replica: Replica) -> tuple[bool, int]:
    # While none is loaded all go to the first: another may yet find no memory for itself.
    return (not replica.ready, replica.waiting if replica.ready else 0)
