"""A replica of a model: a worker process, started again when it dies."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import struct
import tempfile
import threading
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from zoobridge.engine._descriptors import descriptors_needed, out_of_descriptors
from zoobridge.engine._engine import InferenceRequest, ModelState, PendingResponse, Runtime
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._failure import worker_error
from zoobridge.engine.channel._frames import FrameKind
from zoobridge.engine.launch._load_frame import load_document
from zoobridge.engine.supervisor._dispatcher import Dispatcher
from zoobridge.engine.supervisor._worker_log import WorkerLog
from zoobridge.errors import WorkerError, ZooBridgeError
from zoobridge.zoo import weights_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.engine._config import EngineConfig
    from zoobridge.engine._model_statistics import ModelStatistics
    from zoobridge.engine.launch._process import Launcher, WorkerProcess
    from zoobridge.engine.supervisor._memory_budget import MemoryBudget
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["Replica"]

_log = logging.getLogger(__name__)

# What CUDA and a framework's libraries take on a GPU before a network is loaded.
_CONTEXT_BYTES = 512 << 20


class _State(Enum):
    LOADING = "loading"
    READY = "ready"
    CLOSING = "closing"
    CLOSED = "closed"


class Replica:
    """A model in a worker process, restarted when it dies.

    Parameters
    ----------
    model, weights
        What to run.
    config
        Settings.
    launcher
        Starts the worker.
    budget
        Memory is reserved there before the first worker starts.
    number
        Number of the replica among those of its model.
    expected_bytes
        Memory that a worker is known or expected to have, until it can be measured.
    folder
        Where the worker's private folder is made.
    refused
        Hashes of requests that have ended workers of this model; added to here.
    ended
        Called once, from any thread, when the replica is gone.
    """

    def __init__(
        self,
        model: ModelDescription,
        weights: WeightsDescription,
        config: EngineConfig,
        launcher: Launcher,
        budget: MemoryBudget,
        folder: Path,
        *,
        number: int,
        expected_bytes: int,
        refused: dict[bytes, float],
        ended: Callable[[Replica], None],
    ) -> None:
        self.model = model
        self.weights = weights
        self.number = number
        self.facts: dict[str, Any] = {}
        self._config = config
        self._launcher = launcher
        self._budget = budget
        self._expected_bytes = expected_bytes
        self._ended = ended
        self._folder = Path(tempfile.mkdtemp(prefix=f"{model.id}-", dir=folder))
        self._log = WorkerLog(self._folder)
        with descriptors_needed(f"load model {model.reference}"):
            self._arena = Arena(
                config.limits.queued_bytes, self._folder / "arena", anonymous=config.fork
            )
        self._dispatcher = Dispatcher(
            model.reference,
            self._arena,
            most=config.limits.queued_items,
            patience=config.max_wait_seconds,
            refused=refused,
        )
        self._change = self._dispatcher.change
        self._state = _State.LOADING
        self._failure: ZooBridgeError | None = None
        self._killed_while_loading = False
        self._worker: WorkerProcess | None = None
        self._memory = 0
        self._device_memory = 0
        self._thread = threading.Thread(target=self._run, name=f"zoobridge-{model.id}", daemon=True)
        self._thread.start()

    def submit(self, request: InferenceRequest) -> PendingResponse | None:
        """Accept work; `None` if the replica is going away, and another must be asked.

        Raises
        ------
        OverloadedError
            If too much waits already.
        RefusedInputError
            If this input has ended workers before.
        """
        self._dispatcher.admit(request)
        with self._change:
            if self._failure is not None:
                raise self._failure
            if self._state in (_State.CLOSING, _State.CLOSED):
                return None
            pending = self._dispatcher.enter(request)
        self._dispatcher.fill(pending)
        return pending

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
        return len(self._dispatcher) > 0 or self._state is _State.LOADING

    @property
    def last_used(self) -> float:
        """When it last had work, on the clock of :func:`time.monotonic`."""
        return self._dispatcher.last_used

    @property
    def waiting(self) -> int:
        """Requests that were accepted and are not yet answered."""
        return len(self._dispatcher)

    @property
    def memory_bytes(self) -> int:
        """Memory that the worker has by itself, as last measured; 0 before that."""
        return self._memory

    @property
    def name(self) -> str:
        """The model's reference; see :class:`MemoryHolder`."""
        return self.model.reference

    @property
    def framework(self) -> str:
        """The framework; see :class:`MemoryHolder`."""
        return self.weights.framework

    def reserved_bytes(self) -> int:
        """Return the memory that it counts for in the budget; see :class:`MemoryHolder`."""
        if not self.ready:
            return self._expected_bytes
        return self._memory or self.measure() or self._expected_bytes

    @property
    def device_need(self) -> tuple[int, int] | None:
        """The GPU that it is going to use, and how much of it; see :class:`MemoryHolder`."""
        index = self._budget.devices.index_of(self._config.device, self.number)
        if index is None or self.ready:
            return None
        return index, self._device_memory or self.weights.size_bytes * 2 + _CONTEXT_BYTES

    def measure(self) -> int:
        """Measure the memory that the worker has by itself; takes milliseconds where it is large."""
        worker = self._worker
        if worker is not None:
            with contextlib.suppress(psutil.Error):
                self._memory = int(psutil.Process(worker.pid).memory_full_info().uss)
            if self.facts.get("device", "cpu") != "cpu":
                self._device_memory = self._budget.devices.used_by(worker.pid)
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
            items=self._dispatcher.items,
            confinement=self.facts.get("confinement", ""),
            load_seconds=self.facts.get("load_seconds", 0.0),
            parameters=self.facts.get("parameters", 0),
            precision=self.facts.get("precision", "float32"),
            device_memory_bytes=self._device_memory,
        )

    def statistics(self) -> ModelStatistics:
        """Return what it has done."""
        return self._dispatcher.statistics()

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
            drained = self._change.wait_for(lambda: len(self._dispatcher) == 0, timeout=grace)
            self._dispatcher.settle_all(self._dispatcher.overloaded("it is being unloaded"))
            worker = self._worker
        if worker is not None:
            worker.writer.close()
            if not worker.wait(1.0):
                worker.kill()
        self._thread.join()
        return drained

    def watch(self, now: float) -> None:
        """End a worker that has work and does not come back from it."""
        with self._change:
            worker = self._worker
            stalled = self._state is _State.READY and (
                self._dispatcher.idle_seconds(now) > self._config.stall_seconds
                or self._dispatcher.unresponsive(now)
            )
        if stalled and worker is not None:
            _log.warning("worker stalled model=%s pid=%d", self.model.reference, worker.pid)
            worker.kill()

    # What follows runs on the replica's own thread, except where the lock is asked for.

    def _run(self) -> None:
        try:
            self._budget.reserve(self)
            while True:
                reason = self._run_worker()
                with self._change:
                    if self._state not in (_State.LOADING, _State.READY):
                        break
                    held = self._dispatcher.recover(reason)
                _log.error(
                    "worker died model=%s how=%r requests=%d printed=%r",
                    *(self.model.reference, reason, held, self._log.printed()),
                )
        except ZooBridgeError as error:
            self._fail(error)
        except OSError as error:
            # Of the system: no more descriptors or processes, no space for the worker's folder.
            what = f"start a worker for model {self.model.reference}"
            reason = error.strerror or str(error)
            self._fail(
                out_of_descriptors(error, what)
                or WorkerError(
                    f"cannot {what}: {reason}; fix that on the server's machine, and try again"
                )
            )
        finally:
            # Out of service first: a caller that tries again after the failure gets a new replica.
            self._budget.release(self)
            self._ended(self)
            with self._change:
                self._state = _State.CLOSED
                self._dispatcher.settle_all(
                    self._failure or self._dispatcher.overloaded("it was unloaded")
                )
                self._change.notify_all()
            self._arena.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _fail(self, error: ZooBridgeError) -> None:
        name, printed = self.model.reference, self._log.printed()
        _log.warning("model lost model=%s why=%r printed=%r", name, error.message, printed)
        with self._change:
            self._failure = error

    def _run_worker(self) -> str:
        """Run one worker until it ends; return how it ended."""
        self._log.begin()
        worker = self._launcher.launch(self.weights.framework, self._arena, self._folder)
        started = time.monotonic()
        try:
            document = load_document(
                weights_file(self.model, self.weights, trusted=self.model.trusted),
                self._config,
                read=[self.model.root, self.weights.path],
                model=self.model,
                replica=self.number,
            )
            with contextlib.suppress(BrokenPipeError):
                worker.writer.send(FrameKind.LOAD, 0, document)
            frame = worker.reader.next()
            if frame is None:
                reason = worker.exit_reason()
                if worker.killed and not self._killed_while_loading:
                    # Not by its model: it is started once more.
                    self._killed_while_loading = True
                    return f"{reason} while it loaded"
                raise WorkerError(
                    f"the worker of model {self.model.reference} {reason} while it loaded"
                    f" the {self.weights.format} weights{self._log.last_lines()}"
                )
            if frame.kind == FrameKind.FAILED:
                raise worker_error(frame.payload)
            with self._change:
                seconds = time.monotonic() - started
                self.facts = json.loads(bytes(frame.payload)) | {"load_seconds": seconds}
                place = Runtime(
                    self.facts["device"],
                    self.facts["framework_version"],
                    self.facts["precision"],
                )
                self._worker = worker
                self._killed_while_loading = False
                if self._state is _State.LOADING:
                    self._state = _State.READY
                self._change.notify_all()
                self._dispatcher.attach(worker.writer, place)
                if self._state is _State.CLOSING and len(self._dispatcher) == 0:
                    worker.writer.close()
            _log.info(
                "model loaded model=%s format=%s device=%s pid=%d seconds=%.2f",
                self.model.reference,
                self.weights.format,
                self.facts["device"],
                worker.pid,
                seconds,
            )
            if self.facts["device"] == "cpu" and self.facts["device_problem"]:
                _log.warning(
                    "accelerator not used model=%s why=%r",
                    self.model.reference,
                    self.facts["device_problem"],
                )
            while (frame := worker.reader.next()) is not None:
                self._dispatcher.receive(frame)
            return worker.exit_reason()
        except (ValueError, LookupError, TypeError, struct.error) as error:
            worker.kill()
            raise WorkerError(
                f"the worker of model {self.model.reference} sent a malformed response ({error}) and was"
                " ended; its model may be hostile"
            ) from error
        finally:
            with self._change:
                self._worker = None
                self._dispatcher.detach()
            worker.writer.close()
            worker.reader.close()
            if not worker.wait(2.0):
                worker.kill()
