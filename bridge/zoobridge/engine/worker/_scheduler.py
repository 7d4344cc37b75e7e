"""The threads of a worker: each takes whatever step is due next, so that none waits for another.

A thread reads the next request, prepares items, or runs a batch. A lone request passes through one
thread; under load the threads read, prepare and run side by side. There is never a waiting window.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from zoobridge.backend import BackendFault, DeviceMemoryFault
from zoobridge.engine.channel._frames import PART, RUN, Frame, FrameKind, FrameReader, FrameWriter
from zoobridge.engine.worker._batch_size import BatchSizeLearner
from zoobridge.engine.worker._batcher import Batcher
from zoobridge.engine.worker._infer_job import InferHandler
from zoobridge.engine.worker._job import (
    BatchEntry,
    Handler,
    Job,
    RunFrame,
    fault,
    halves,
    late,
)
from zoobridge.engine.worker._job_queue import JobQueue
from zoobridge.engine.worker._lone_width import LoneWidth
from zoobridge.engine.worker._networks import MOST_ROWS, RowLimits
from zoobridge.engine.worker._step_watch import Step, StepWatch
from zoobridge.errors import BackendError, CancelledError, ZooBridgeError
from zoobridge.protocol import status_from_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zoobridge.backend import Network
    from zoobridge.engine.channel._core_tokens import CoreTokenClient
    from zoobridge.engine.worker._classify_job import ClassifyHandler
    from zoobridge.engine.worker._networks import Networks

__all__ = ["Scheduler"]

_LONG_SECONDS = 0.002
#: Other requests wait for what a thread takes at once.
_STEP_SECONDS = 0.004
#: Threads that may be added, one at a time, where a picture takes long to prepare.
_REPLACEMENTS = 16
_SMOOTHING = 0.3


class Scheduler:
    """The scheduler of a worker.

    Parameters
    ----------
    reader, writer
        Frames from and to the server.
    memory
        The arena.
    networks
        The network.
    classify
        Classifies pictures with it; `None` to serve the bare network alone.
    threads
        Threads that may work at once.
    cores
        What it shares with other workers; `None`: all cores are its own.
    seconds
        What batches were seen to take while the network was loaded, by size.
    """

    def __init__(
        self,
        reader: FrameReader,
        writer: FrameWriter,
        memory: memoryview,
        networks: Networks,
        classify: ClassifyHandler | None,
        *,
        threads: int,
        cores: CoreTokenClient | None,
        seconds: Mapping[int, float],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._memory = memory
        self._networks = networks
        self._threads = threads
        # Cores are what a network runs on; an accelerator has its own order.
        self._cores = cores if networks.wide.device == "cpu" else None
        self._classify = classify
        self._infer = InferHandler(networks.wide.outputs)
        self._limits = RowLimits.of(networks.wide if classify is None else classify.input)
        limit = self._limits.batch if classify is None or classify.batched else 1
        # Under load networks run side by side: the cost of a lone run says nothing about that.
        self._learner = BatchSizeLearner(limit)
        self._lone = BatchSizeLearner(limit) if networks.parallel else self._learner
        self._lone.seed(seconds)
        self._width = LoneWidth()
        self._batches: dict[int, list[float]] = {}
        self._change = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._pending = JobQueue()
        self._batcher = Batcher()
        self._prepare_seconds = _LONG_SECONDS
        self._steps: set[Step] = set()
        self._replaced = 0
        self._surplus = 0
        self._computing = 0
        self._running = 0
        self._wide_running = False
        self._reading = False
        self._stopped = False

    def run(self) -> None:
        """Work until the server closes the channel."""
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"thread-{number}", daemon=True).start()
        StepWatch(self._steps, self._change, replace=self._replace, writer=self._writer).start()
        self._work()
        # Threads may be inside a network; the process ends around them.

    def _replace(self) -> bool:
        """Start a thread in place of one whose step takes long, if it may; called with the lock."""
        if self._replaced >= _REPLACEMENTS:
            return False
        self._replaced += 1
        self._computing -= 1
        threading.Thread(target=self._work, name="replacement", daemon=True).start()
        return True

    def _work(self) -> None:
        change = self._change
        with change:
            while not self._stopped:
                if self._surplus and threading.current_thread() is not threading.main_thread():
                    self._surplus -= 1
                    # It may have been woken, or have come back, to read or to work.
                    change.notify()
                    return
                step = self._next_step() if self._computing < self._threads else None
                if step is not None:
                    self._computing += 1
                    step.started = time.monotonic()
                    self._steps.add(step)
                    if self._wants_company(step):
                        change.notify()
                    change.release()
                    try:
                        step.run()
                    finally:
                        change.acquire()
                        self._steps.discard(step)
                        if step.replaced:
                            self._replaced -= 1
                            self._surplus += 1
                        else:
                            self._computing -= 1
                elif not self._reading:
                    self._reading = True
                    change.release()
                    try:
                        frame = self._reader.next()
                    finally:
                        change.acquire()
                        self._reading = False
                    self._accept(frame)
                    while frame is not None and (frame := self._reader.buffered()) is not None:
                        self._accept(frame)
                else:
                    change.wait()
            change.notify_all()

    def _wants_company(self, step: Step) -> bool:
        """Return whether to wake another thread while this one works.

        Waking one costs more than a brief step does: it is done where something waits, or where
        this thread will not be back soon to look for what comes.
        """
        if len(self._pending) > 0 or len(self._batcher) > 0:
            return True
        return not self._reading and (step.seconds >= _LONG_SECONDS or self._reader.pending())

    def _accept(self, frame: Frame | None) -> None:
        if frame is None:
            self._stopped = True
            self._change.notify_all()
        elif frame.kind == FrameKind.RUN:
            self._begin(frame)
        elif frame.kind == FrameKind.BATCHES:
            self._writer.send(FrameKind.BATCHES, 0, json.dumps(self._batches).encode())
        elif frame.kind == FrameKind.CANCEL:
            job_or_none = self._jobs.pop(frame.number, None)
            if job_or_none is not None:
                job_or_none.cancelled = True
                if not job_or_none.busy:
                    self._acknowledge(job_or_none)

    def _begin(self, frame: Frame) -> None:
        offset, length, seconds, waited, parts, tensors = RUN.unpack(frame.payload)
        data = self._memory[offset : offset + length]
        deadline = time.monotonic() + seconds
        run = RunFrame(frame.number, data, deadline, waited, parts and not tensors)
        handler: Handler | None = self._infer if tensors else self._classify
        if handler is None:
            raise ValueError("a picture was sent to a worker that serves the bare network")
        job = self._jobs[frame.number] = handler.job(run)
        self._pending.append(job)

    def _next_step(self) -> Step | None:
        rows = len(self._batcher)
        full = rows >= self._limits.prepared
        enough = full or rows >= self._learner.wanted or not self._pending
        if rows > 0 and enough and not self._wide_running:
            return self._take_batch()
        if self._pending and not full:
            job = self._pending.popleft()
            job.busy = True
            return Step(lambda: self._prepare(job), self._prepare_seconds, (job,), prepares=True)
        return None

    def _take_batch(self) -> Step | None:
        size = self._learner.choose(self._batcher.next_rows())
        # Many rows of one request are taken in several batches, and written at once.
        most = min(MOST_ROWS // size, int(_STEP_SECONDS / self._learner.seconds(size)))
        batches = max(1, min(most, self._batcher.next_entry_rows() // size))
        batch, overdue = self._batcher.take(size * batches, now=time.monotonic())
        for entry in overdue:
            self._fail(entry.job, late())
        if not batch:
            return None
        rows = sum(entry.rows for entry in batch)
        if len(batch) > 1 or rows % size or not batch[0].divisible:
            size = rows
        alone = self._running == 0 and not self._pending and len(self._batcher) == 0
        wide = alone or not self._networks.parallel
        learner = self._lone if wide else self._learner
        if alone and self._networks.parallel:
            wide = self._width.wide(size) or not self._networks.narrow_loaded()
        self._running += 1
        self._wide_running = wide and self._networks.parallel
        return Step(
            lambda: self._run(batch, size, learner, wide=wide, alone=alone),
            learner.seconds(size) * (rows // size),
            [entry.job for entry in batch],
            prepares=False,
        )

    def _prepare(self, job: Job) -> None:
        entries: list[BatchEntry] = []
        failed: list[Any] = []
        error: ZooBridgeError | None = None
        start = time.monotonic()
        try:
            if job.deadline < start:
                error = late()
            elif not job.cancelled and not job.closed:
                entries, failed = job.prepare(self._limits.chunk)
        except ZooBridgeError as known:
            error = known
        except Exception as unknown:  # noqa: BLE001 - our own fault must not end the thread
            error = fault(unknown)
        with self._change:
            self._prepare_seconds += _SMOOTHING * (time.monotonic() - start - self._prepare_seconds)
            job.busy = False
            if job.cancelled:
                self._acknowledge(job)
            elif error is not None:
                self._fail(job, error)
            elif not job.closed:
                for entry in entries:
                    self._batcher.put(entry)
                if not job.prepared:
                    self._pending.append(job)
                job.add(failed)
                if failed or job.finished:
                    self._send(job)

    def _run(
        self,
        batch: Sequence[BatchEntry],
        size: int,
        learner: BatchSizeLearner,
        *,
        wide: bool,
        alone: bool,
    ) -> None:
        try:
            with self._hold(self._threads if wide else 1) as granted:
                if wide and not granted:
                    self._forward(self._networks.narrow, batch, size, self._learner)
                    return
                network = self._networks.wide if wide else self._networks.narrow
                seconds = self._forward(network, batch, size, learner)
            if alone and seconds is not None:
                self._width.record(size, seconds, wide=wide)
        except Exception as error:  # noqa: BLE001 - our own fault must not end the thread
            with self._change:
                for job in {entry.job.number: entry.job for entry in batch}.values():
                    self._fail(job, fault(error))
        finally:
            with self._change:
                self._running -= 1
                self._wide_running = False

    def _hold(self, threads: int) -> AbstractContextManager[bool]:
        return nullcontext(True) if self._cores is None else self._cores.hold(threads)  # noqa: FBT003

    def _forward(
        self, network: Network, batch: Sequence[BatchEntry], size: int, learner: BatchSizeLearner
    ) -> float | None:
        """Run and deliver a batch; return the network's seconds for `size` rows if it ran as a whole."""
        handler = batch[0].job.handler
        start, processor = time.monotonic(), time.thread_time()
        try:
            outputs = handler.forward(network, batch, size)
            ran, processor = time.monotonic(), time.thread_time() - processor
            results = handler.split(batch, outputs)
        except (BackendFault, ZooBridgeError) as error:
            size = max(1, size // 2)
            if isinstance(error, DeviceMemoryFault):
                with self._change:
                    learner.bound(size)
            parts = halves(batch)
            if parts is not None:
                # Find the item that makes the batch fail; the others have their answers.
                for half in parts:
                    rows = sum(entry.rows for entry in half)
                    self._forward(network, half, min(size, rows), learner)
                return None
            known = error if isinstance(error, ZooBridgeError) else BackendError(str(error))
            with self._change:
                self._deliver(batch, [[handler.failure(batch[0], known)]])
            return None
        done = time.monotonic()
        with self._change:
            rows = sum(entry.rows for entry in batch)
            seconds, processor = (ran - start) * size / rows, processor * size / rows
            # Of several threads that compute, the time of one says little.
            learner.record(size, seconds, 0.0 if network is self._networks.wide else processor)
            sums = self._batches.setdefault(size, [0, 0.0, 0.0])
            amounts = (-(-rows // size), ran - start, done - ran)
            sums[:] = map(sum, zip(sums, amounts, strict=True))
            for entry in batch:
                times = entry.job.times
                times.inference += (ran - start) * entry.rows / rows
                times.postprocess += (done - ran) * entry.rows / rows
            self._deliver(batch, results)
        return seconds

    def _deliver(self, batch: Sequence[BatchEntry], results: Sequence[Sequence[Any]]) -> None:
        touched: dict[int, Job] = {}
        for entry, own in zip(batch, results, strict=True):
            if not (entry.job.cancelled or entry.job.closed):
                entry.job.add(own)
                touched[entry.job.number] = entry.job
        for job in touched.values():
            self._send(job)

    def _send(self, job: Job) -> None:
        try:
            part = job.part()
        except ZooBridgeError as error:
            self._fail(job, error)
            return
        if part is None:
            return
        data, items = part
        job.closed = job.finished
        if job.closed:
            self._jobs.pop(job.number, None)
        times = job.times
        head = PART.pack(
            *(job.total, items, job.failed, job.closed),
            *(times.queue, times.preprocess, times.inference, times.postprocess),
        )
        self._writer.send(FrameKind.PART, job.number, head, *data)

    def _fail(self, job: Job, error: ZooBridgeError) -> None:
        if job.cancelled or job.closed:
            return
        job.closed = True
        self._jobs.pop(job.number, None)
        self._writer.send(
            FrameKind.FAILED, job.number, status_from_error(error).SerializeToString()
        )

    def _acknowledge(self, job: Job) -> None:
        """Acknowledge a cancelled request: its memory is no longer read."""
        if not job.closed:
            job.closed = True
            status = status_from_error(CancelledError("the call was cancelled"))
            self._writer.send(FrameKind.FAILED, job.number, status.SerializeToString())
