"""The engine of one machine: supervised worker processes, loaded on demand within a memory budget."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from zoobridge.confinement import confinement_available
from zoobridge.engine._backends import find_backend, framework_names
from zoobridge.engine._config import EngineConfig
from zoobridge.engine._engine import (
    FrameworkState,
    InferenceRequest,
    MemoryUse,
    ModelState,
    PendingResponse,
)
from zoobridge.engine._model_statistics import ModelStatistics
from zoobridge.engine.channel._core_tokens import CoreTokens
from zoobridge.engine.launch._launcher import make_launcher
from zoobridge.engine.supervisor._device_memory import DeviceMemory
from zoobridge.engine.supervisor._folder import make_folder
from zoobridge.engine.supervisor._memory_budget import MemoryBudget
from zoobridge.engine.supervisor._replica import Replica
from zoobridge.engine.supervisor._replica_set import ReplicaSet
from zoobridge.errors import OverloadedError
from zoobridge.zoo import ModelDescription, WeightsDescription

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LocalEngine"]

_log = logging.getLogger(__name__)

_Key = tuple[str, str, str]


class LocalEngine:
    """Runs each model in separate worker processes; see :class:`~zoobridge.engine.Engine`.

    Parameters
    ----------
    config
        Settings.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._cores = CoreTokens(self.config.threads) if CoreTokens.supported() else None
        self._launcher = make_launcher(fork=self.config.fork, cores=self._cores)
        self._budget = MemoryBudget(
            self.config.max_memory, self._launcher, self._make_room, DeviceMemory()
        )
        self._folder = make_folder()
        self._change = threading.Condition()
        self._models: dict[_Key, ReplicaSet] = {}
        #: Those that take no more work, but have workers still.
        self._leaving: set[ReplicaSet] = set()
        #: What a worker had when it was loaded, by model: the best guess for the next one.
        self._known_memory: dict[_Key, int] = {}
        #: What has ended workers, by model: it is refused by every replica, and after reloading.
        self._refused: dict[_Key, dict[bytes, float]] = {}
        self._last_run: dict[str, float] = {}
        self._devices: dict[str, tuple[str, ...]] = {}
        self._device_problems: dict[str, str] = {}
        self._closed = False
        self._maintenance = threading.Thread(
            target=self._maintain, name="zoobridge-maintenance", daemon=True
        )
        self._maintenance.start()

    def submit(self, request: InferenceRequest) -> PendingResponse:
        """See :meth:`Engine.submit`."""
        while True:
            answer = self._replica_set(request.model, request.weights).submit(request)
            if answer is not None:
                return answer

    def load(self, model: ModelDescription, weights: WeightsDescription) -> ModelState:
        """See :meth:`Engine.load`."""
        while True:
            replica_set = self._replica_set(model, weights)
            replica_set.wait_ready()
            self._measure(replica_set)
            state = replica_set.state()
            if state is not None:
                return state

    def unload(self, model: ModelDescription, framework: str = "") -> int:
        """See :meth:`Engine.unload`."""
        with self._change:
            chosen = [
                replica_set
                for replica_set in self._models.values()
                if replica_set.model.reference == model.reference
                and framework in ("", replica_set.weights.framework)
            ]
        return sum(self._end(replica_set, "asked for") for replica_set in chosen)

    def ready(self, model: ModelDescription, weights: WeightsDescription) -> bool:
        """See :meth:`Engine.ready`."""
        known = self._models.get((model.id, model.version, weights.digest))
        return known is not None and known.ready

    def loaded(self) -> list[ModelState]:
        """See :meth:`Engine.loaded`."""
        states = [replica_set.state() for replica_set in self._all()]
        return [state for state in states if state is not None]

    def statistics(self) -> list[tuple[ModelState, ModelStatistics]]:
        """See :meth:`Engine.statistics`."""
        found = [(replica_set.state(), replica_set) for replica_set in self._all()]
        return [
            (state, replica_set.statistics()) for state, replica_set in found if state is not None
        ]

    def memory(self) -> MemoryUse:
        """See :meth:`Engine.memory`."""
        return MemoryUse(
            worker_bytes=sum(replica_set.memory_bytes for replica_set in self._all()),
            standby_bytes=sum(self._launcher.standby().values()),
            limit_bytes=self.config.max_memory,
        )

    def frameworks(self) -> list[FrameworkState]:
        """See :meth:`Engine.frameworks`."""
        states = []
        for name in framework_names():
            backend = find_backend(name)
            devices = self._devices.get(name, ())
            problem = self._device_problems.get(name, "")
            states.append(FrameworkState(name, backend.facts(), backend.formats, devices, problem))
        return states

    def confinement(self) -> tuple[str, str]:
        """See :meth:`Engine.confinement`."""
        return confinement_available()

    def close(self, *, grace: float) -> None:
        """See :meth:`Engine.close`."""
        with self._change:
            self._closed = True
            models = [*self._models.values(), *self._leaving]
            self._change.notify_all()
        limit = time.monotonic() + grace
        closing = [
            threading.Thread(
                target=replica_set.close, kwargs={"grace": max(0.0, limit - time.monotonic())}
            )
            for replica_set in models
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self._launcher.close()
        if self._cores is not None:
            self._cores.close()
        self._maintenance.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _all(self) -> list[ReplicaSet]:
        with self._change:
            return list(self._models.values())

    def _replica_set(self, model: ModelDescription, weights: WeightsDescription) -> ReplicaSet:
        key = (model.id, model.version, weights.digest)
        with self._change:
            known = self._models.get(key)
            if known is not None:
                return known
            if self._closed:
                raise OverloadedError("the server is shutting down; try again when it is back")
            count = self.config.instances_for(model)
            config = replace(self.config, threads=max(1, self.config.threads // count))

            expected_bytes = self._known_memory.get(key, weights.size_bytes)
            refused = self._refused.setdefault(key, {})

            def make(number: int, ended: Callable[[Replica], None]) -> Replica:
                return Replica(
                    model,
                    weights,
                    config,
                    self._launcher,
                    self._budget,
                    self._folder,
                    number=number,
                    expected_bytes=expected_bytes,
                    refused=refused,
                    ended=ended,
                )

            replica_set = ReplicaSet(model, weights, count, make=make, gone=self._forget)
            self._models[key] = replica_set
            self._change.notify_all()
        return replica_set

    def _end(self, replica_set: ReplicaSet, why: str) -> int:
        """Take a model out of service, and end its workers; requests that come now load it again."""
        with self._change:
            for key, known in list(self._models.items()):
                if known is replica_set:
                    self._leaving.add(replica_set)
                    del self._models[key]
        _log.info("model unloaded model=%s why=%r", replica_set.model.reference, why)
        return replica_set.close(grace=self.config.stall_seconds)

    def _forget(self, replica_set: ReplicaSet) -> None:
        """Its last worker has ended."""
        with self._change:
            for key, known in list(self._models.items()):
                if known is replica_set:
                    del self._models[key]
            self._leaving.discard(replica_set)
            self._last_run[replica_set.weights.framework] = time.monotonic()

    def _idle_frameworks(self) -> dict[str, float]:
        """Return frameworks that have a fork server and no model, and when the last one ended."""
        with self._change:
            used = {one.weights.framework for one in (*self._models.values(), *self._leaving)}
            return {
                framework: self._last_run.get(framework, 0.0)
                for framework in self._launcher.standby()
                if framework not in used
            }

    def _make_room(self, framework: str = "") -> bool:
        """End what was unused for longest: fork servers first, then models.

        Parameters
        ----------
        framework
            Its fork server is about to be needed.
        """
        idle = self._idle_frameworks()
        idle.pop(framework, None)
        if idle:
            oldest = min(idle, key=idle.__getitem__)
            _log.info("framework let go framework=%s why='memory'", oldest)
            self._launcher.release(oldest)
            return True
        for replica_set in sorted(self._all(), key=lambda one: one.last_used):
            if replica_set.ready and not replica_set.busy:
                self._end(replica_set, "memory")
                return True
        return False

    def _measure(self, replica_set: ReplicaSet) -> None:
        first = replica_set.memory_bytes == 0
        replica_set.measure(now=time.monotonic())
        largest = max((replica.memory_bytes for replica in replica_set.replicas), default=0)
        if first and largest:
            weights = replica_set.weights
            self._known_memory[replica_set.model.id, replica_set.model.version, weights.digest] = (
                largest
            )

    def _maintain(self) -> None:
        """Hold the budget, end what was long unused, and watch for workers that stall."""
        while True:
            with self._change:
                if self._change.wait_for(lambda: self._closed, timeout=1.0):
                    return
            now = time.monotonic()
            if self._cores is not None:
                self._cores.audit()
            for replica_set in self._all():
                replica_set.watch(now)
                self._measure(replica_set)
                if replica_set.devices:
                    framework = replica_set.weights.framework
                    self._devices[framework] = replica_set.devices
                    self._device_problems[framework] = replica_set.device_problem
                keep = self.config.keep_seconds
                idle = replica_set.ready and not replica_set.busy
                if 0 < keep < now - replica_set.last_used and idle:
                    self._end(replica_set, "unused")
            for framework, last in self._idle_frameworks().items():
                if now - last > self.config.standby_seconds:
                    _log.info("framework let go framework=%s why='unused'", framework)
                    self._launcher.release(framework)
            while self._budget.excess() and self._make_room():
                pass
