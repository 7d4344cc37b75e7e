"""Accepted requests, and the one that is to blame when a worker dies."""

from __future__ import annotations

import contextlib
import hashlib
import math
import time
from collections import deque
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from zoobridge.engine._engine import InferenceRequest, ResponsePart
from zoobridge.errors import CancelledError, DeadlineError, RefusedInputError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["CrashIsolation", "PendingRequest"]

_DEATHS = 2
_LONGEST_WAIT = 3600.0
_OVERDUE_SECONDS = 0.5


@dataclass(eq=False)
class PendingRequest:
    """An accepted request and its answer; follows :class:`~zoobridge.engine.PendingResponse`.

    Parameters
    ----------
    number
        Names it on the channel to the worker.
    request
        The request.
    offset
        Where its bytes lie in the arena.
    size
        How many they are.
    drop
        Drops it; returns whether it was still there.
    """

    number: int
    request: InferenceRequest
    offset: int
    size: int
    drop: Callable[[PendingRequest], bool]
    accepted: float = field(default_factory=time.monotonic)
    sent: bool = False
    done: bool = False
    answered: int = 0
    deaths: int = 0

    def __post_init__(self) -> None:
        if self.request.deliver is not None:
            self.deliver = self.request.deliver
        else:
            self._outcomes: SimpleQueue[ResponsePart | ZooBridgeError] = SimpleQueue()
            self.deliver = self._outcomes.put

    def __iter__(self) -> Iterator[ResponsePart]:
        """See :meth:`PendingResponse.__iter__`."""
        deadline = float("inf") if self.request.deadline is None else self.request.deadline
        while True:
            try:
                # gRPC's clients may set deadlines beyond what a lock can wait for.
                left = min(_LONGEST_WAIT, max(0.0, deadline - time.monotonic()))
                outcome = self._outcomes.get(timeout=left)
            except Empty:
                if time.monotonic() < deadline:
                    continue
                self.drop(self)
                raise DeadlineError(
                    "the deadline passed before the work was done; allow more time or send less"
                ) from None
            if isinstance(outcome, ZooBridgeError):
                raise outcome
            yield outcome
            if outcome.last:
                return

    def overdue(self, now: float) -> bool:
        """Return whether its deadline passed so long ago that the worker should have let go of it."""
        deadline = self.request.deadline
        return deadline is not None and deadline + _OVERDUE_SECONDS < now

    def cancel(self) -> None:
        """See :meth:`PendingResponse.cancel`."""
        if self.drop(self):
            self.deliver(CancelledError("the call was cancelled"))


class CrashIsolation:
    """Finds the request that ends workers: after a death, those that were there run one by one.

    A request that a worker died of twice while it was alone is refused from then on, by the hash of
    its bytes. So is one whose preparation did not end by its deadline, unless it may take more than
    twice as long. All others are answered.

    Parameters
    ----------
    refused
        Hashes that are refused, and the seconds that did not suffice; other replicas of the model
        may share it.
    """

    def __init__(self, refused: dict[bytes, float]) -> None:
        self._refused = refused
        self._candidates: deque[PendingRequest] = deque()

    def admit(self, request: InferenceRequest) -> None:
        """Check a request before it is accepted.

        Raises
        ------
        RefusedInputError
            If it has ended workers before.
        """
        if not self._refused:
            return
        seconds = self._refused.get(_fingerprint(request))
        if seconds is None:
            return
        deadline = math.inf if request.deadline is None else request.deadline
        if deadline - time.monotonic() <= 2 * seconds:
            raise _refusal() if math.isinf(seconds) else _too_slow(seconds)

    def record_stuck(self, pending: PendingRequest) -> ZooBridgeError:
        """Refuse a request from now on whose preparation did not end; return its error."""
        deadline = pending.request.deadline
        seconds = math.inf
        if deadline is not None and deadline < time.monotonic():
            seconds = max(0.0, deadline - pending.accepted)
        # Where its bytes lay elsewhere they may be gone.
        with contextlib.suppress(ZooBridgeError):
            self._refused[_fingerprint(pending.request)] = seconds
        return _refusal() if math.isinf(seconds) else _too_slow(seconds)

    def record(
        self, present: Sequence[PendingRequest]
    ) -> list[tuple[PendingRequest, ZooBridgeError]]:
        """Record a death.

        Parameters
        ----------
        present
            The requests that the worker had.

        Returns
        -------
        list of tuple
            Those that are refused from now on, each with its error.
        """
        if len(present) == 1:
            present[0].deaths += 1
        poison = [pending for pending in present if pending.deaths >= _DEATHS]
        self._refused.update(
            dict.fromkeys((_fingerprint(pending.request) for pending in poison), math.inf)
        )
        self._candidates.extend(pending for pending in present if pending.deaths < _DEATHS)
        return [(pending, _refusal()) for pending in poison]

    def call(self) -> PendingRequest | None:
        """Return the next request that somebody still waits for."""
        while self._candidates:
            pending = self._candidates.popleft()
            if not pending.done:
                return pending
        return None


def _fingerprint(request: InferenceRequest) -> bytes:
    digest = hashlib.sha256()
    for chunk in request.chunks:
        if isinstance(chunk, (bytes, memoryview)):
            digest.update(chunk)
        else:
            place = bytearray(chunk.nbytes)
            chunk.read_into(memoryview(place))
            digest.update(place)
    return digest.digest()


def _too_slow(seconds: float) -> RefusedInputError:
    return RefusedInputError(
        f"preparing this request did not end within {seconds:.1f} s, which cost the model's worker "
        f"process; it is refused unless its deadline allows more than {2 * seconds:.1f} s. Send "
        "another picture, or a part of this one"
    )


def _refusal() -> RefusedInputError:
    return RefusedInputError(
        "this request has ended the model's worker process twice and is refused from now on; "
        "try another picture, another framework, or report the model to its authors"
    )
