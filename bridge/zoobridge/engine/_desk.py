"""The work that a copy of a model has accepted: what waits, what the worker has, what became of it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from zoobridge.engine._engine import Part, Place, Work
from zoobridge.engine._faults import worker_error
from zoobridge.engine._frames import PART, RUN, Frame, Kind
from zoobridge.engine._statistics import Batches, Ledger, Statistics
from zoobridge.engine._ticket import Inquest, Ticket
from zoobridge.errors import OverloadedError, WorkerError, ZooBridgeError

if TYPE_CHECKING:
    from zoobridge.engine._arena import Arena
    from zoobridge.engine._frames import FrameWriter

__all__ = ["Desk"]

# So few frames fit into any system's pipe: whoever writes to the worker never has to wait for it.
_IN_FLIGHT = 64
_FOREVER = 1e9
_RETRY_SECONDS = 0.25
_ANSWER_SECONDS = 1.0


class Desk:
    """Takes work, hands it to the worker that is there, and gives out its answers.

    Everything is done under the lock of `change`; methods whose text says so are called with it.

    Parameters
    ----------
    reference
        The model's, for messages.
    arena
        Where requests lie.
    most
        Requests that may be accepted at once.
    refused
        Hashes of requests that have ended workers of this model; added to here.
    """

    def __init__(self, reference: str, arena: Arena, *, most: int, refused: set[bytes]) -> None:
        self.change = threading.Condition(threading.Lock())
        self.last_used = time.monotonic()
        self._reference = reference
        self._arena = arena
        self._most = most
        self._inquest = Inquest(refused)
        self._writer: FrameWriter | None = None
        self._place = Place("", "")
        self._tickets: dict[int, Ticket] = {}
        self._waiting: deque[Ticket] = deque()
        self._probing = False
        self._in_flight = 0
        self._number = 0
        self._heard = self.last_used
        self._ledger = Ledger()
        self._batches: dict[int, Batches] = {}
        self._batches_asked = 0
        self._batches_told = 0

    def __len__(self) -> int:
        """Return how many requests were accepted and are not yet answered."""
        return len(self._tickets)

    def admit(self, work: Work) -> None:
        """Check work before it is accepted.

        Raises
        ------
        RefusedInputError
            If this input has ended workers before.
        """
        self._inquest.admit(work)

    def enter(self, work: Work) -> Ticket:
        """Accept work; called with the lock. It waits until :meth:`fill` has written its bytes.

        Raises
        ------
        OverloadedError
            If too much waits already.
        """
        if len(self._tickets) >= self._most:
            raise self.overloaded(f"{len(self._tickets)} requests wait for it")
        size = work.size
        # Pages are copied fastest to where pages begin, and at a third of the speed to a few bytes
        # behind that.
        offset = self._arena.reserve(size, lead=work.lead)
        if offset is None:
            raise self.overloaded("the memory for waiting requests is full")
        self._number += 1
        ticket = Ticket(self._number, work, offset, size, self.drop)
        self._tickets[ticket.number] = ticket
        self.last_used = ticket.accepted
        return ticket

    def fill(self, ticket: Ticket) -> None:
        """Write the bytes of accepted work, and send it as soon as may be.

        Raises
        ------
        ZooBridgeError
            If they cannot be read; the work is forgotten then.
        """
        try:
            self._arena.fill(ticket.offset, ticket.work.chunks)
        except ZooBridgeError:
            self.drop(ticket)
            raise
        with self.change:
            if not ticket.done:
                self._waiting.append(ticket)
                self._dispatch()

    def drop(self, ticket: Ticket) -> bool:
        """Forget work that nobody waits for; tell whether it was still there."""
        with self.change:
            if ticket.done:
                return False
            ticket.done = True
            if ticket.sent and self._writer is not None:
                # Its bytes stay until the worker says that it has let go of them.
                self._send(Kind.CANCEL, ticket.number)
            else:
                self._forget(ticket)
            return True

    def attach(self, writer: FrameWriter, place: Place) -> None:
        """Take a worker that is ready, and send it what waits; called with the lock."""
        self._writer = writer
        self._place = place
        self._heard = time.monotonic()
        self._dispatch()

    def detach(self) -> None:
        """Let go of the worker; called with the lock."""
        self._writer = None
        self._batches_told = self._batches_asked
        self.change.notify_all()

    def silent_seconds(self, now: float) -> float:
        """Tell for how long a worker has said nothing that has work; called with the lock."""
        if self._writer is None or self._in_flight == 0:
            return 0.0
        return now - self._heard

    def receive(self, frame: Frame) -> None:
        """Take what the worker says.

        Raises
        ------
        ValueError, LookupError, TypeError, struct.error
            If it makes no sense.
        """
        with self.change:
            self._heard = time.monotonic()
            if frame.kind == Kind.BATCHES:
                self._batches_told += 1
                self._batches = {
                    int(size): Batches(*sums)
                    for size, sums in json.loads(bytes(frame.payload)).items()
                }
                self.change.notify_all()
                return
            ticket = self._tickets.get(frame.number)
            if ticket is None:
                return
            if ticket.done:
                # Nobody waits for it; a cancelled request is acknowledged like this too.
                if frame.kind == Kind.FAILED or PART.unpack_from(frame.payload)[3]:
                    self._forget(ticket)
            elif frame.kind == Kind.FAILED:
                self._settle(ticket, worker_error(frame.payload))
            else:
                self._deliver(ticket, frame.payload)
            if frame.number not in self._tickets:
                self._dispatch()

    def mourn(self, reason: str) -> int:
        """After a worker's death, find out which work ended it; called with the lock.

        Requests that had parts of their answer are answered with an error; of the others, one
        after another is given out alone.

        Parameters
        ----------
        reason
            How it ended, as a phrase.

        Returns
        -------
        int
            How many requests it had.
        """
        for ticket in [ticket for ticket in self._tickets.values() if ticket.done]:
            self._forget(ticket)
        sent = [ticket for ticket in self._tickets.values() if ticket.sent]
        self._probing = True
        present = []
        for ticket in sent:
            ticket.sent = False
            self._in_flight -= 1
            if ticket.answered == 0:
                present.append(ticket)
                continue
            self._settle(
                ticket,
                WorkerError(
                    f"the worker of model {self._reference} {reason} after it had answered"
                    f" {ticket.answered} items; send the others again"
                ),
            )
        for ticket, error in self._inquest.hear(present):
            self._settle(ticket, error)
        return len(sent)

    def settle_all(self, error: ZooBridgeError) -> None:
        """Answer everything that is left with an error; called with the lock."""
        for ticket in list(self._tickets.values()):
            self._settle(ticket, error)

    def statistics(self) -> Statistics:
        """Tell what was done; the worker is asked for its batches."""
        with self.change:
            if self._writer is not None:
                self._batches_asked += 1
                number = self._batches_asked
                self._send(Kind.BATCHES, 0)
                self.change.wait_for(
                    lambda: self._batches_told >= number or self._writer is None,
                    timeout=_ANSWER_SECONDS,
                )
            return self._ledger.read(dict(self._batches))

    @property
    def items(self) -> int:
        """Items that were answered."""
        return self._ledger.read({}).items

    def overloaded(self, why: str) -> OverloadedError:
        """Return the error of a model that takes no more work at present."""
        return OverloadedError(
            f"model {self._reference} takes no more work at present: {why}; try again shortly",
            metadata={"model": self._reference},
            retry_after=_RETRY_SECONDS,
        )

    # What follows is called with the lock.

    def _dispatch(self) -> None:
        """Send what may be sent now."""
        if self._writer is None:
            return
        if self._probing:
            if self._in_flight:
                return
            suspect = self._inquest.call()
            if suspect is not None:
                self._run(suspect)
                return
            self._probing = False
        while self._waiting and self._in_flight < _IN_FLIGHT:
            ticket = self._waiting.popleft()
            if not ticket.done:
                self._run(ticket)

    def _run(self, ticket: Ticket) -> None:
        now = time.monotonic()
        work = ticket.work
        seconds = _FOREVER if work.deadline is None else work.deadline - now
        ticket.sent = True
        self._in_flight += 1
        if len(self._tickets) == 1:
            self._heard = now
        payload = RUN.pack(
            ticket.offset,
            ticket.size,
            seconds,
            now - ticket.accepted,
            work.parts,
            work.tensors,
        )
        self._send(Kind.RUN, ticket.number, payload)

    def _send(self, kind: Kind, number: int, payload: bytes = b"") -> None:
        # A worker that has just died is noticed by its reader; the work is sent again then.
        if self._writer is not None:
            with contextlib.suppress(BrokenPipeError):
                self._writer.send(kind, number, payload)

    def _deliver(self, ticket: Ticket, payload: bytes | memoryview) -> None:
        total, items, failed, last, *stages = PART.unpack_from(payload)
        ticket.answered += items
        if last:
            self._forget(ticket)
            queue, preprocess, inference, postprocess = stages
            self._ledger.succeed(
                self._heard - ticket.accepted,
                (queue, preprocess, inference, postprocess),
                items=total,
                failed_items=failed,
            )
        ticket.deliver(Part(memoryview(payload)[PART.size :], total, last, self._place))

    def _settle(self, ticket: Ticket, error: ZooBridgeError) -> None:
        if not ticket.done:
            self._forget(ticket)
            self._ledger.fail(time.monotonic() - ticket.accepted)
            ticket.deliver(error)

    def _forget(self, ticket: Ticket) -> None:
        ticket.done = True
        self._in_flight -= ticket.sent
        self.last_used = time.monotonic()
        del self._tickets[ticket.number]
        self._arena.free(ticket.offset)
        if not self._tickets:
            self.change.notify_all()
