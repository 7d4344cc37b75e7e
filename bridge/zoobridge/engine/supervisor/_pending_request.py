"""Accepted work, and who is to blame when a worker dies of it."""

from __future__ import annotations

import hashlib
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


@dataclass(eq=False)
class PendingRequest:
    """Accepted work and its answer; follows :class:`~zoobridge.engine.PendingResponse`.

    Parameters
    ----------
    number
        Names it on the channel to the worker.
    work
        What to do.
    offset
        Where its bytes lie in the arena.
    size
        How many they are.
    drop
        Makes the replica forget it; tells whether it was still there.
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

    def cancel(self) -> None:
        """See :meth:`PendingResponse.cancel`."""
        if self.drop(self):
            self.deliver(CancelledError("the call was cancelled"))


class CrashIsolation:
    """Finds the request that ends workers: after a death, those that were there run one by one.

    A request that a worker died of twice while it was alone is refused from then on, by the hash of
    its bytes. All others are answered.

    Parameters
    ----------
    refused
        Hashes that are refused; other replicas of the model may share it.
    """

    def __init__(self, refused: set[bytes]) -> None:
        self._refused = refused
        self._candidates: deque[PendingRequest] = deque()

    def admit(self, request: InferenceRequest) -> None:
        """Check work before it is accepted.

        Raises
        ------
        RefusedInputError
            If it has ended workers before.
        """
        if self._refused and _fingerprint(request) in self._refused:
            raise _refusal()

    def record(
        self, present: Sequence[PendingRequest]
    ) -> list[tuple[PendingRequest, ZooBridgeError]]:
        """Take note of a death.

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
        self._refused.update(_fingerprint(pending.request) for pending in poison)
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


def _refusal() -> RefusedInputError:
    return RefusedInputError(
        "this request has ended the model's worker process twice and is refused from now on; "
        "try another picture, another framework, or report the model to its authors"
    )
