"""The threads of a worker: each takes whatever step is due next, so that none waits for another.

A lane reads the next request, prepares items, or runs a batch. A lone request passes through one
lane without being handed over; under load the lanes read, prepare and run side by side. There is
never a waiting window: items run together only where they wait anyway.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.engine._batching import BatchLearner
from zoobridge.engine._frames import PART, RUN, Frame, FrameReader, FrameWriter, Kind
from zoobridge.engine._job import Answers, Job, Ready
from zoobridge.errors import (
    BackendError,
    CancelledError,
    DeadlineError,
    ServerError,
    ZooBridgeError,
)
from zoobridge.imaging import PictureLimits, scores_of
from zoobridge.protocol import status_from_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zoobridge.backend import Network
    from zoobridge.imaging import InputSpec, OutputSpec
    from zoobridge.protocol.v1 import prediction_pb2
    from zoobridge.zoo import ModelDescription

__all__ = ["Lanes", "Networks"]

_BATCH_BYTES = 128 << 20
_BATCH_ITEMS = 256
_CHUNK_BYTES = 32 << 20
_CHUNK_ITEMS = 512
_READY_BYTES = 256 << 20


class Networks:
    """The network of a model: one that uses all cores, and one-thread ones to run side by side.

    Parameters
    ----------
    load
        Loads the network with a number of intra-op threads.
    threads
        Cores that may be used.
    """

    def __init__(self, load: Callable[[int], Network], threads: int) -> None:
        self._load = load
        self.wide = load(threads)
        self.parallel = threads > 1 and self.wide.device == "cpu"
        self._narrow: Network | None = None
        self._lock = threading.Lock()

    @property
    def narrow(self) -> Network:
        """The one-thread network, loaded on first use."""
        with self._lock:
            if self._narrow is None:
                self._narrow = self._load(1)
            return self._narrow


class Lanes:
    """The scheduler of a worker.

    Parameters
    ----------
    reader, writer
        Frames from and to the server.
    memory
        The arena.
    model
        The model.
    networks
        Its network.
    threads
        Lanes that may work at once.
    limits
        Limits of a picture.
    max_items
        Items of one request.
    """

    def __init__(
        self,
        reader: FrameReader,
        writer: FrameWriter,
        memory: memoryview,
        model: ModelDescription,
        networks: Networks,
        *,
        threads: int,
        limits: PictureLimits,
        max_items: int,
    ) -> None:
        if model.input is None or model.output is None:
            raise BackendError(f"model {model.reference} cannot be run: {model.problem}")
        self._reader = reader
        self._writer = writer
        self._memory = memory
        self._model = model
        self._input: InputSpec = model.input
        self._output: OutputSpec = model.output
        self._networks = networks
        self._threads = threads
        self._limits = limits
        self._max_items = max_items
        self._answers = Answers(model)
        sizes = [size.min for axis, size in self._input.sizes.items() if axis != "N"]
        item_bytes = max(
            1, int(np.prod(sizes, dtype=np.int64)) * np.dtype(self._input.dtype).itemsize
        )
        self._chunk = max(1, min(_CHUNK_ITEMS, _CHUNK_BYTES // item_bytes))
        self._ready_limit = max(1, _READY_BYTES // item_bytes)
        self._batched = "N" in self._input.axes
        limit = max(1, min(_BATCH_ITEMS, _BATCH_BYTES // item_bytes)) if self._batched else 1
        self._learner = BatchLearner(limit)
        self._change = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._pending: deque[Job] = deque()
        self._ready: dict[tuple[int, ...], deque[Ready]] = {}
        self._ready_count = 0
        self._computing = 0
        self._running = 0
        self._wide_running = False
        self._reading = False
        self._stopped = False

    def run(self) -> None:
        """Work until the server closes the channel."""
        others = [
            threading.Thread(target=self._lane, name=f"lane-{number}", daemon=True)
            for number in range(self._threads)
        ]
        for thread in others:
            thread.start()
        self._lane()
        # Lanes may be inside a network that cannot be stopped; the process ends around them.

    def _lane(self) -> None:
        change = self._change
        with change:
            while not self._stopped:
                step = self._next_step() if self._computing < self._threads else None
                if step is not None:
                    self._computing += 1
                    if self._reading is False or self._has_step():
                        change.notify()
                    change.release()
                    try:
                        step()
                    finally:
                        change.acquire()
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
                else:
                    change.wait()
            change.notify_all()

    def _accept(self, frame: Frame | None) -> None:
        if frame is None:
            self._stopped = True
            self._change.notify_all()
        elif frame.kind == Kind.RUN:
            offset, length, seconds, waited, parts = RUN.unpack(frame.payload)
            job = Job(
                frame.number,
                self._memory[offset : offset + length],
                self._model,
                deadline=time.monotonic() + seconds,
                waited=waited,
                parts=parts,
            )
            self._jobs[job.number] = job
            self._pending.append(job)
        elif frame.kind == Kind.CANCEL:
            job_or_none = self._jobs.pop(frame.number, None)
            if job_or_none is not None:
                job_or_none.cancelled = True
                if not job_or_none.busy:
                    self._acknowledge(job_or_none)

    def _has_step(self) -> bool:
        return bool(self._pending) or self._ready_count > 0

    def _next_step(self) -> Callable[[], None] | None:
        may_run = self._ready_count > 0 and not self._wide_running
        full = self._ready_count >= self._ready_limit
        if may_run and (full or self._ready_count >= self._learner.wanted or not self._pending):
            return self._take_batch()
        if self._pending and not full:
            job = self._pending.popleft()
            job.busy = True
            return lambda: self._prepare(job)
        return None

    def _take_batch(self) -> Callable[[], None] | None:
        shape, queue = next(iter(self._ready.items()))
        batch: list[Ready] = []
        size = self._learner.choose(len(queue))
        now = time.monotonic()
        while queue and len(batch) < size:
            ready = queue.popleft()
            self._ready_count -= 1
            if ready.job.cancelled or ready.job.closed:
                continue
            if ready.job.deadline < now:
                self._fail(ready.job, _deadline())
                continue
            batch.append(ready)
        del self._ready[shape]
        if queue:
            # The others' turn comes first next time.
            self._ready[shape] = queue
        if not batch:
            return None
        alone = self._running == 0 and not self._pending and self._ready_count == 0
        wide = alone or not self._networks.parallel
        self._running += 1
        self._wide_running = wide and self._networks.parallel
        return lambda: self._run(batch, wide=wide)

    def _prepare(self, job: Job) -> None:
        ready: list[Ready] = []
        failed: list[prediction_pb2.ItemResult] = []
        error: ZooBridgeError | None = None
        try:
            if job.deadline < time.monotonic():
                error = _deadline()
            elif not job.cancelled and not job.closed:
                ready, failed = job.prepare(
                    self._chunk, limits=self._limits, max_items=self._max_items
                )
        except ZooBridgeError as known:
            error = known
        except Exception as unknown:  # noqa: BLE001 - a fault of ours must not end the lane
            error = _fault(unknown)
        with self._change:
            job.busy = False
            if job.cancelled:
                self._acknowledge(job)
            elif error is not None:
                self._fail(job, error)
            elif not job.closed:
                for item in ready:
                    self._ready.setdefault(item.array.shape, deque()).append(item)
                self._ready_count += len(ready)
                if not job.prepared:
                    self._pending.append(job)
                job.add(failed)
                if failed or job.finished:
                    self._send(job)

    def _run(self, batch: Sequence[Ready], *, wide: bool) -> None:
        try:
            network = self._networks.wide if wide else self._networks.narrow
            self._forward(network, batch)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the lane
            with self._change:
                for job in {ready.job.number: ready.job for ready in batch}.values():
                    self._fail(job, _fault(error))
        finally:
            with self._change:
                self._running -= 1
                self._wide_running = False

    def _forward(self, network: Network, batch: Sequence[Ready]) -> None:
        start = time.monotonic()
        arrays = [ready.array for ready in batch]
        try:
            outputs = network.forward([np.stack(arrays) if self._batched else arrays[0]])
            ran = time.monotonic()
            output = outputs[self._output.index]
            if not self._batched:
                output = output[np.newaxis]
            scores = scores_of(output, self._output)
            if len(scores) != len(batch):
                raise BackendFault(
                    f"the network answered {len(scores)} items where {len(batch)} were asked"
                )
        except (BackendFault, ZooBridgeError) as error:
            if len(batch) > 1:
                # Find the item that makes the batch fail; the others have their answers.
                middle = len(batch) // 2
                self._forward(network, batch[:middle])
                self._forward(network, batch[middle:])
                return
            ready = batch[0]
            known = error if isinstance(error, ZooBridgeError) else BackendError(str(error))
            with self._change:
                if not (ready.job.cancelled or ready.job.closed):
                    ready.job.add([ready.job.failure(ready.item, known)])
                    self._send(ready.job)
            return
        results = self._answers.results(batch, scores)
        done = time.monotonic()
        share, after = (ran - start) / len(batch), (done - ran) / len(batch)
        with self._change:
            self._learner.record(len(batch), ran - start)
            touched: dict[int, Job] = {}
            for ready, result in zip(batch, results, strict=True):
                job = ready.job
                if job.cancelled or job.closed:
                    continue
                job.inference_seconds += share
                job.postprocess_seconds += after
                job.add([result])
                touched[job.number] = job
            for job in touched.values():
                self._send(job)

    def _send(self, job: Job) -> None:
        part = job.part()
        if part is None:
            return
        response, items = part
        job.closed = job.finished
        if job.closed:
            self._jobs.pop(job.number, None)
        head = PART.pack(job.total, items, job.failed, job.closed)
        self._writer.send(Kind.PART, job.number, head + response)

    def _fail(self, job: Job, error: ZooBridgeError) -> None:
        if job.cancelled or job.closed:
            return
        job.closed = True
        self._jobs.pop(job.number, None)
        self._writer.send(Kind.FAILED, job.number, status_from_error(error).SerializeToString())

    def _acknowledge(self, job: Job) -> None:
        """Tell the server that a cancelled request's memory is no longer looked at."""
        if not job.closed:
            job.closed = True
            status = status_from_error(CancelledError("the call was cancelled"))
            self._writer.send(Kind.FAILED, job.number, status.SerializeToString())


def _deadline() -> DeadlineError:
    return DeadlineError(
        "the deadline passed before the work was done; allow more time or send less"
    )


def _fault(error: Exception) -> ServerError:
    traceback.print_exception(error, file=sys.stderr)
    return ServerError(
        f"ZooBridge failed on this request ({type(error).__name__}); the server's log tells more"
    )
