"""One loaded copy of a model, seen from the server: its worker, and the work that it has."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import struct
import tempfile
import threading
import time
from collections import deque
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from zoobridge.engine._arena import Arena
from zoobridge.engine._engine import Answer, ModelState, Part, Place, Work
from zoobridge.engine._faults import worker_error
from zoobridge.engine._frames import PART, RUN, Frame, Kind
from zoobridge.engine._load import load_document
from zoobridge.engine._statistics import Batches, Ledger, Statistics
from zoobridge.engine._ticket import Inquest, Ticket
from zoobridge.errors import (
    OverloadedError,
    WorkerError,
    ZooBridgeError,
)
from zoobridge.zoo import weights_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.engine._config import EngineConfig
    from zoobridge.engine._process import Starter, WorkerProcess
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["ModelCopy"]

_log = logging.getLogger(__name__)

# So few frames fit into any system's pipe: whoever writes to the worker never has to wait for it.
_IN_FLIGHT = 64
_FOREVER = 1e9
_RETRY_SECONDS = 0.25
_ANSWER_SECONDS = 1.0


class _State(Enum):
    LOADING = "loading"
    READY = "ready"
    CLOSING = "closing"
    CLOSED = "closed"


class ModelCopy:
    """A model in a worker process, restarted when it dies.

    Parameters
    ----------
    model, weights
        What to run.
    config
        Settings.
    launcher
        Starts the worker.
    folder
        Where the worker's private folder is made.
    refused
        Hashes of requests that have ended workers of this model; added to here.
    ended
        Called once, from any thread, when the copy is gone.
    """

    def __init__(
        self,
        model: ModelDescription,
        weights: WeightsDescription,
        config: EngineConfig,
        launcher: Starter,
        folder: Path,
        *,
        refused: set[bytes],
        ended: Callable[[ModelCopy], None],
    ) -> None:
        self.model = model
        self.weights = weights
        self.last_used = time.monotonic()
        self.facts: dict[str, Any] = {}
        self._place = Place("", "")
        self._ledger = Ledger()
        self._batches: dict[int, Batches] = {}
        self._batches_asked = 0
        self._batches_told = 0
        self._config = config
        self._launcher = launcher
        self._ended = ended
        self._folder = Path(tempfile.mkdtemp(prefix=f"{model.id}-", dir=folder))
        self._arena = Arena(
            config.limits.queued_bytes, self._folder / "arena", anonymous=config.fork
        )
        self._lock = threading.Lock()
        self._change = threading.Condition(self._lock)
        self._state = _State.LOADING
        self._failure: ZooBridgeError | None = None
        self._worker: WorkerProcess | None = None
        self._tickets: dict[int, Ticket] = {}
        self._waiting: deque[Ticket] = deque()
        self._inquest = Inquest(refused)
        self._probing = False
        self._in_flight = 0
        self._number = 0
        self._memory = 0
        self._heard = time.monotonic()
        self._thread = threading.Thread(
            target=self._live, name=f"zoobridge-{model.id}", daemon=True
        )
        self._thread.start()

    def submit(self, work: Work) -> Answer | None:
        """Accept work; `None` if the copy is going away, and another must be asked.

        Raises
        ------
        OverloadedError
            If too much waits already.
        RefusedInputError
            If this input has ended workers before.
        """
        self._inquest.admit(work)
        size = work.size
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._state in (_State.CLOSING, _State.CLOSED):
                return None
            if len(self._tickets) >= self._config.limits.queued_items:
                raise self._overloaded(f"{len(self._tickets)} requests wait for it")
            offset = self._arena.reserve(size)
            if offset is None:
                raise self._overloaded("the memory for waiting requests is full")
            self._number += 1
            ticket = Ticket(self._number, work, offset, size, self.drop)
            self._tickets[ticket.number] = ticket
            self.last_used = ticket.accepted
        try:
            self._arena.fill(offset, work.chunks)
        except ZooBridgeError:
            self.drop(ticket)
            raise
        with self._lock:
            if not ticket.done:
                self._waiting.append(ticket)
                self._dispatch()
        return ticket

    def drop(self, ticket: Ticket) -> bool:
        """Forget work that nobody waits for; tell whether it was still there."""
        with self._lock:
            if ticket.done:
                return False
            ticket.done = True
            if ticket.sent and self._worker is not None:
                # Its bytes stay until the worker says that it has let go of them.
                self._send(Kind.CANCEL, ticket.number)
            else:
                self._forget(ticket)
            return True

    def wait_ready(self) -> None:
        """Wait until it is loaded.

        Raises
        ------
        ZooBridgeError
            If it cannot be loaded.
        """
        with self._change:
            self._change.wait_for(lambda: self._state is not _State.LOADING)
            if self._failure is not None:
                raise self._failure

    @property
    def ready(self) -> bool:
        """Whether it is loaded."""
        return self._state is _State.READY

    @property
    def busy(self) -> bool:
        """Whether it has work, or is being loaded."""
        return bool(self._tickets) or self._state is _State.LOADING

    @property
    def waiting(self) -> int:
        """Requests that were accepted and are not yet answered."""
        return len(self._tickets)

    @property
    def memory_bytes(self) -> int:
        """Memory that the worker has by itself, as it was last measured; 0 before that."""
        return self._memory

    def measure(self) -> int:
        """Measure the memory that the worker has by itself; takes milliseconds where it is large."""
        worker = self._worker
        if worker is not None:
            with contextlib.suppress(psutil.Error):
                self._memory = int(psutil.Process(worker.pid).memory_full_info().uss)
        return self._memory

    def state(self) -> ModelState:
        """Describe it."""
        return ModelState(
            model=self.model,
            weights=self.weights,
            device=self.facts.get("device", ""),
            framework_version=self.facts.get("framework_version", ""),
            memory_bytes=self._memory or self.measure(),
            waiting=self.waiting,
            items=self._ledger.read({}).items,
            confinement=self.facts.get("confinement", ""),
            load_seconds=self.facts.get("load_seconds", 0.0),
            parameters=self.facts.get("parameters", 0),
        )

    def statistics(self) -> Statistics:
        """Tell what it has done."""
        with self._change:
            if self._worker is not None and self._state is _State.READY:
                self._batches_asked += 1
                number = self._batches_asked
                self._send(Kind.BATCHES, 0)
                self._change.wait_for(
                    lambda: self._batches_told >= number or self._worker is None,
                    timeout=_ANSWER_SECONDS,
                )
            return self._ledger.read(dict(self._batches))

    def close(self, *, grace: float) -> bool:
        """Take no more work, finish what was accepted, and end the worker.

        Parameters
        ----------
        grace
            Seconds to wait for accepted work; what is left then is answered with an error.

        Returns
        -------
        bool
            Whether all accepted work was answered.
        """
        with self._change:
            if self._state is _State.CLOSED:
                return True
            self._state = _State.CLOSING
            drained = self._change.wait_for(lambda: not self._tickets, timeout=grace)
            for ticket in list(self._tickets.values()):
                self._settle(ticket, self._overloaded("it is being unloaded"))
            worker = self._worker
        if worker is not None:
            worker.writer.close()
            if not worker.wait(1.0):
                worker.kill()
        self._thread.join()
        return drained

    def watch(self, now: float) -> None:
        """End a worker that has work and has said nothing for too long."""
        with self._lock:
            stalled = (
                self._worker is not None
                and self._state is _State.READY
                and self._in_flight > 0
                and now - self._heard > self._config.stall_seconds
            )
            worker = self._worker
        if stalled and worker is not None:
            _log.warning("worker stalled model=%s pid=%d", self.model.reference, worker.pid)
            worker.kill()

    # What follows runs on the copy's own thread, except where the lock is asked for.

    def _live(self) -> None:
        try:
            while True:
                reason = self._one_life()
                with self._change:
                    if self._state is not _State.READY:
                        break
                    self._mourn(reason)
        except ZooBridgeError as error:
            _log.warning("model lost model=%s why=%r", self.model.reference, error.message)
            with self._change:
                self._failure = error
        finally:
            # Out of service first: who hears of the failure and tries again is given a new copy.
            self._ended(self)
            with self._change:
                failure = self._failure or self._overloaded("it was unloaded")
                self._state = _State.CLOSED
                for ticket in list(self._tickets.values()):
                    self._settle(ticket, failure)
                self._change.notify_all()
            self._arena.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _one_life(self) -> str:
        """Run one worker until it ends; tell how it ended."""
        worker = self._launcher.launch(self.weights.framework, self._arena, self._folder)
        started = time.monotonic()
        try:
            document = load_document(
                weights_file(self.model, self.weights, trusted=self.model.trusted),
                self._config,
                read=[self.model.root, self.weights.path],
                model=self.model,
            )
            with contextlib.suppress(BrokenPipeError):
                worker.writer.send(Kind.LOAD, 0, document)
            frame = worker.reader.next()
            if frame is None:
                raise WorkerError(
                    f"the worker of model {self.model.reference} {worker.obituary()} while it loaded"
                    f" the {self.weights.format} weights{self._last_words()}"
                )
            if frame.kind == Kind.FAILED:
                raise worker_error(frame.payload)
            with self._change:
                seconds = time.monotonic() - started
                self.facts = json.loads(frame.payload) | {"load_seconds": seconds}
                self._place = Place(self.facts["device"], self.facts["framework_version"])
                self._worker = worker
                if self._state is _State.LOADING:
                    self._state = _State.READY
                self._heard = time.monotonic()
                self._change.notify_all()
                self._dispatch()
                if self._state is _State.CLOSING and not self._tickets:
                    worker.writer.close()
            _log.info(
                "model loaded model=%s format=%s device=%s pid=%d seconds=%.2f",
                self.model.reference,
                self.weights.format,
                self.facts["device"],
                worker.pid,
                seconds,
            )
            while (frame := worker.reader.next()) is not None:
                self._receive(frame)
            return worker.obituary()
        except (ValueError, LookupError, TypeError, struct.error) as error:
            worker.kill()
            raise WorkerError(
                f"the worker of model {self.model.reference} sent what is no answer ({error}) and was"
                " ended; its model may be hostile"
            ) from error
        finally:
            with self._change:
                self._worker = None
                self._batches_told = self._batches_asked
                self._change.notify_all()
            worker.writer.close()
            worker.reader.close()
            if not worker.wait(2.0):
                worker.kill()

    def _receive(self, frame: Frame) -> None:
        with self._lock:
            self._heard = time.monotonic()
            if frame.kind == Kind.BATCHES:
                self._batches_told += 1
                self._batches = {
                    int(size): Batches(*sums) for size, sums in json.loads(frame.payload).items()
                }
                self._change.notify_all()
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
                total, items, failed, last, *stages = PART.unpack_from(frame.payload)
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
                ticket.deliver(Part(frame.payload[PART.size :], total, last, self._place))
            if frame.number not in self._tickets:
                self._dispatch()

    def _mourn(self, reason: str) -> None:
        """After a worker's death: find out which work ended it, by giving it out one by one."""
        for ticket in [ticket for ticket in self._tickets.values() if ticket.done]:
            self._forget(ticket)
        sent = [ticket for ticket in self._tickets.values() if ticket.sent]
        _log.error(
            "worker died model=%s how=%r requests=%d%s",
            self.model.reference,
            reason,
            len(sent),
            self._last_words(),
        )
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
                    f"the worker of model {self.model.reference} {reason} after it had answered"
                    f" {ticket.answered} items; send the others again"
                ),
            )
        for ticket, error in self._inquest.hear(present):
            self._settle(ticket, error)

    def _dispatch(self) -> None:
        """Send what may be sent now. Called with the lock held."""
        if self._worker is None:
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
        if self._worker is not None:
            with contextlib.suppress(BrokenPipeError):
                self._worker.writer.send(kind, number, payload)

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
            self._change.notify_all()

    def _overloaded(self, why: str) -> OverloadedError:
        return OverloadedError(
            f"model {self.model.reference} takes no more work at present: {why}; try again shortly",
            metadata={"model": self.model.reference},
            retry_after=_RETRY_SECONDS,
        )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self._folder / "stderr.log").read_text("utf-8", "replace").strip().splitlines()
            if lines:
                return f" (its last words: {lines[-1][:300]})"
        return ""
