"""The requests that a replica has accepted: those that wait, and those its worker has."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import TYPE_CHECKING

from zoobridge.engine._engine import InferenceRequest, ResponsePart, Runtime
from zoobridge.engine._model_statistics import BatchStatistics, ModelStatistics, StatisticsRecorder
from zoobridge.engine.channel._failure import worker_error
from zoobridge.engine.channel._frames import PART, RUN, Frame, FrameKind
from zoobridge.engine.supervisor._pending_request import CrashIsolation, PendingRequest
from zoobridge.engine.supervisor._waiting_queue import Pace, WaitingQueue
from zoobridge.errors import OverloadedError, WorkerError, ZooBridgeError

if TYPE_CHECKING:
    from zoobridge.engine.channel._arena import Arena
    from zoobridge.engine.channel._frames import FrameWriter

__all__ = ["Dispatcher"]

# So few frames fit into any system's pipe: anyone who writes to the worker never has to wait for it.
_IN_FLIGHT = 64
_FOREVER = 1e9
_RETRY_SECONDS = 0.25
_LONGEST_RETRY_SECONDS = 5.0
_ANSWER_SECONDS = 1.0

#: A worker that works reports once a second. One whose interpreter is held, or that was stopped, is
#: ended after this time once a deadline has passed, and without one after the longer time.
_SILENT_SECONDS = 5.0
_LONGEST_SILENCE = 60.0


class Dispatcher:
    """Accepts requests, sends them to the worker, and delivers its answers.

    Everything is done under the lock of `change`; methods whose text says so are called with it.

    Parameters
    ----------
    reference
        The model's, for messages.
    arena
        Where requests lie.
    most
        Requests that may be accepted at once.
    patience
        Seconds that a request which is not of a stream may be expected to wait, where it does not
        say itself. A stream's own window bounds what it sends.
    refused
        Hashes of requests that have ended workers of this model; see :class:`CrashIsolation`.
    """

    def __init__(
        self,
        reference: str,
        arena: Arena,
        *,
        most: int,
        patience: float,
        refused: dict[bytes, float],
    ) -> None:
        self.change = threading.Condition(threading.Lock())
        self.last_used = time.monotonic()
        self._reference = reference
        self._arena = arena
        self._most = most
        self._patience = patience
        self._crash_isolation = CrashIsolation(refused)
        self._writer: FrameWriter | None = None
        self._runtime = Runtime("", "")
        self._pending: dict[int, PendingRequest] = {}
        self._waiting = WaitingQueue()
        self._pace = Pace()
        self._probing = False
        self._culprit_known = False
        self._in_flight = 0
        self._number = 0
        self._heard = self.last_used
        self._alive = self.last_used
        self._recorder = StatisticsRecorder()
        self._batches: dict[int, BatchStatistics] = {}
        self._batches_asked = 0
        self._batches_told = 0

    def __len__(self) -> int:
        """Return how many requests were accepted and are not yet answered."""
        return len(self._pending)

    def admit(self, request: InferenceRequest) -> None:
        """Check a request before it is accepted.

        Raises
        ------
        RefusedInputError
            If this input has ended workers before.
        """
        self._crash_isolation.admit(request)

    def enter(self, request: InferenceRequest) -> PendingRequest:
        """Accept a request; called with the lock. It waits until :meth:`fill` has written its bytes.

        Raises
        ------
        OverloadedError
            If too much waits already.
        """
        if len(self._pending) >= self._most:
            raise self.overloaded(f"{len(self._pending)} requests wait for it")
        if request.deliver is None:
            ahead = self._waiting.single + self._in_flight
            wait = self._pace.wait_for(ahead)
            may_wait = request.may_wait or self._is_soon
            if not may_wait(wait):
                raise self.overloaded(
                    f"{ahead} requests are before this one, which would wait about {wait:.0f} s",
                    retry_after=min(_LONGEST_RETRY_SECONDS, wait / 2),
                )
        size = request.size
        # Pages are copied fastest to where pages begin, and at a third of the speed to a few bytes
        # behind that.
        offset = self._arena.reserve(size, lead=request.lead)
        if offset is None:
            raise self.overloaded("the memory for waiting requests is full")
        self._number += 1
        pending = PendingRequest(self._number, request, offset, size, self.drop)
        self._pending[pending.number] = pending
        self.last_used = pending.accepted
        return pending

    def fill(self, pending: PendingRequest) -> None:
        """Write the bytes of an accepted request, and send it as soon as possible.

        Raises
        ------
        ZooBridgeError
            If they cannot be read; the request is then dropped.
        """
        try:
            self._arena.fill(pending.offset, pending.request.chunks)
        except ZooBridgeError:
            self.drop(pending)
            raise
        with self.change:
            if not pending.done:
                self._waiting.add(pending)
                self._dispatch()

    def drop(self, pending: PendingRequest) -> bool:
        """Drop a request that nobody waits for; return whether it was still there."""
        with self.change:
            if pending.done:
                return False
            pending.done = True
            if pending.sent and self._writer is not None:
                # Its bytes stay until the worker says that it has let go of them.
                self._send(FrameKind.CANCEL, pending.number)
            else:
                self._forget(pending)
            return True

    def attach(self, writer: FrameWriter, place: Runtime) -> None:
        """Start to use a worker that is ready; called with the lock."""
        self._writer = writer
        self._runtime = place
        self._heard = self._alive = time.monotonic()
        self._dispatch()

    def detach(self) -> None:
        """Stop using the worker; called with the lock."""
        self._writer = None
        self._batches_told = self._batches_asked
        self.change.notify_all()

    def idle_seconds(self, now: float) -> float:
        """Return for how long a worker that has work has answered nothing; called with the lock."""
        if self._writer is None or self._in_flight == 0:
            return 0.0
        return now - self._heard

    def unresponsive(self, now: float) -> bool:
        """Return whether a worker that has work has stopped to run; called with the lock.

        Where the deadline of the request that came first has passed, and no other's, that is the one
        whose step does not come back: it is refused from then on. Another may merely wait behind the
        one that holds the worker.
        """
        silence = now - self._alive
        if self._writer is None or self._in_flight == 0 or silence < _SILENT_SECONDS:
            return False
        overdue = [one for one in self._pending.values() if one.sent and one.overdue(now)]
        if not overdue and silence < _LONGEST_SILENCE:
            return False
        if overdue == [next(one for one in self._pending.values() if one.sent)]:
            self._record_stuck(overdue[0])
        return True

    def receive(self, frame: Frame) -> None:
        """Take a frame from the worker.

        Raises
        ------
        ValueError, LookupError, TypeError, struct.error
            If it is malformed.
        """
        with self.change:
            self._alive = time.monotonic()
            if frame.kind == FrameKind.ALIVE:
                return
            self._heard = self._alive
            if frame.kind == FrameKind.BATCHES:
                self._batches_told += 1
                self._batches = {
                    int(size): BatchStatistics(*sums)
                    for size, sums in json.loads(bytes(frame.payload)).items()
                }
                self.change.notify_all()
                return
            pending = self._pending.get(frame.number)
            if pending is None:
                return
            if frame.kind == FrameKind.STUCK:
                self._record_stuck(pending)
                return
            if pending.done:
                # Nobody waits for it; a cancelled request is acknowledged like this too.
                if frame.kind == FrameKind.FAILED or PART.unpack_from(frame.payload)[3]:
                    self._forget(pending)
            elif frame.kind == FrameKind.FAILED:
                self._settle(pending, worker_error(frame.payload))
            else:
                self._deliver(pending, frame.payload)
            if frame.number not in self._pending:
                self._pace.answered(self._heard, busy=self._in_flight > 0)
                self._dispatch()

    def recover(self, reason: str) -> int:
        """After a worker's death, find the request that ended it; called with the lock.

        Requests that had parts of their answer are answered with an error; of the others, one
        after another is given out alone. Where the worker named the one that ended it, the others
        are given out as they were.

        Parameters
        ----------
        reason
            How it ended, as a phrase.

        Returns
        -------
        int
            How many requests it had.
        """
        for pending in [pending for pending in self._pending.values() if pending.done]:
            self._forget(pending)
        sent = [pending for pending in self._pending.values() if pending.sent]
        present = []
        for pending in sent:
            pending.sent = False
            self._in_flight -= 1
            if pending.answered == 0:
                present.append(pending)
                continue
            self._settle(
                pending,
                WorkerError(
                    f"the worker of model {self._reference} {reason} after it had answered"
                    f" {pending.answered} items; send the others again"
                ),
            )
        if self._culprit_known:
            self._culprit_known = False
            self._waiting.add_first(present)
            return len(sent)
        self._probing = True
        for pending, error in self._crash_isolation.record(present):
            self._settle(pending, error)
        return len(sent)

    def settle_all(self, error: ZooBridgeError) -> None:
        """Answer everything that is left with an error; called with the lock."""
        for pending in list(self._pending.values()):
            self._settle(pending, error)

    def statistics(self) -> ModelStatistics:
        """Return what was done; the worker is asked for its batches."""
        with self.change:
            if self._writer is not None:
                self._batches_asked += 1
                number = self._batches_asked
                self._send(FrameKind.BATCHES, 0)
                self.change.wait_for(
                    lambda: self._batches_told >= number or self._writer is None,
                    timeout=_ANSWER_SECONDS,
                )
            return self._recorder.read(dict(self._batches))

    @property
    def items(self) -> int:
        """Items that were answered."""
        return self._recorder.read({}).items

    def overloaded(self, why: str, *, retry_after: float = _RETRY_SECONDS) -> OverloadedError:
        """Return the error of a model that takes no more work at present."""
        return OverloadedError(
            f"model {self._reference} takes no more work at present: {why}; try again shortly",
            metadata={"model": self._reference},
            retry_after=retry_after,
        )

    # What follows is called with the lock.

    def _is_soon(self, seconds: float) -> bool:
        return seconds <= self._patience

    def _dispatch(self) -> None:
        """Send what may be sent now."""
        if self._writer is None:
            return
        if self._probing:
            if self._in_flight:
                return
            candidate = self._crash_isolation.call()
            if candidate is not None:
                self._run(candidate)
                return
            self._probing = False
        most = self._pace.in_flight(_IN_FLIGHT)
        while self._waiting and self._in_flight < most:
            self._run(self._waiting.pop())

    def _run(self, pending: PendingRequest) -> None:
        now = time.monotonic()
        request = pending.request
        seconds = _FOREVER if request.deadline is None else request.deadline - now
        pending.sent = True
        if self._in_flight == 0:
            self._heard = self._alive = now
        self._in_flight += 1
        payload = RUN.pack(
            pending.offset,
            pending.size,
            seconds,
            now - pending.accepted,
            request.parts,
            request.tensors,
        )
        self._send(FrameKind.RUN, pending.number, payload)

    def _record_stuck(self, pending: PendingRequest) -> None:
        self._culprit_known = True
        error = self._crash_isolation.record_stuck(pending)
        if not pending.done:
            self._settle(pending, error)

    def _send(self, kind: FrameKind, number: int, payload: bytes = b"") -> None:
        # A worker that has just died is noticed by its reader; the work is sent again then.
        if self._writer is not None:
            with contextlib.suppress(BrokenPipeError):
                self._writer.send(kind, number, payload)

    def _deliver(self, pending: PendingRequest, payload: bytes | memoryview) -> None:
        total, items, failed, last, *stages = PART.unpack_from(payload)
        pending.answered += items
        if last:
            self._forget(pending)
            queue, preprocess, inference, postprocess = stages
            self._recorder.succeed(
                self._heard - pending.accepted,
                (queue, preprocess, inference, postprocess),
                items=total,
                failed_items=failed,
            )
        pending.deliver(ResponsePart(memoryview(payload)[PART.size :], total, last, self._runtime))

    def _settle(self, pending: PendingRequest, error: ZooBridgeError) -> None:
        if not pending.done:
            self._forget(pending)
            self._recorder.fail(time.monotonic() - pending.accepted)
            pending.deliver(error)

    def _forget(self, pending: PendingRequest) -> None:
        pending.done = True
        self._in_flight -= pending.sent
        if not pending.sent:
            self._waiting.remove(pending)
        self.last_used = time.monotonic()
        del self._pending[pending.number]
        self._arena.free(pending.offset)
        if not self._pending:
            self.change.notify_all()
