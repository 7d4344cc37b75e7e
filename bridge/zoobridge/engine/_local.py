"""The engine of one machine: supervised worker processes, loaded on demand within a memory budget."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.engine._backends import find_backend, framework_names
from zoobridge.engine._budget import Budget, Entrance
from zoobridge.engine._config import EngineConfig
from zoobridge.engine._confinement import confinement_available
from zoobridge.engine._copy import ModelCopy
from zoobridge.engine._cores import Cores
from zoobridge.engine._engine import Answer, FrameworkState, MemoryUse, ModelState, Work
from zoobridge.engine._instances import Instances
from zoobridge.engine._launch import make_launcher
from zoobridge.engine._statistics import Statistics
from zoobridge.errors import OverloadedError
from zoobridge.zoo import ModelDescription, WeightsDescription

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LocalEngine"]

_log = logging.getLogger(__name__)

_Key = tuple[str, str, str]


class LocalEngine:
    """Runs each model in worker processes of its own; see :class:`~zoobridge.engine.Engine`.

    Parameters
    ----------
    config
        Settings.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._cores = Cores(self.config.threads) if Cores.supported() else None
        self._launcher = make_launcher(fork=self.config.fork, cores=self._cores)
        self._budget = Budget(self.config.max_memory, self._launcher)
        self._folder = Path(tempfile.mkdtemp(prefix="zoobridge-"))
        self._change = threading.Condition()
        self._models: dict[_Key, Instances] = {}
        #: Those that take no more work, but have workers still.
        self._leaving: set[Instances] = set()
        #: What a worker had when it was loaded, by model: the best guess for the next one.
        self._known_memory: dict[_Key, int] = {}
        #: What has ended workers, by model: it is refused by every copy, and after loading anew.
        self._refused: dict[_Key, set[bytes]] = {}
        self._last_run: dict[str, float] = {}
        self._devices: dict[str, tuple[str, ...]] = {}
        self._closed = False
        self._housekeeper = threading.Thread(
            target=self._keep_house, name="zoobridge-housekeeper", daemon=True
        )
        self._housekeeper.start()

    def submit(self, work: Work) -> Answer:
        """See :meth:`Engine.submit`."""
        while True:
            answer = self._instances(work.model, work.weights).submit(work)
            if answer is not None:
                return answer

    def load(self, model: ModelDescription, weights: WeightsDescription) -> ModelState:
        """See :meth:`Engine.load`."""
        while True:
            instances = self._instances(model, weights)
            instances.wait_ready()
            self._measure(instances)
            state = instances.state()
            if state is not None:
                return state

    def unload(self, model: ModelDescription, framework: str = "") -> int:
        """See :meth:`Engine.unload`."""
        with self._change:
            chosen = [
                instances
                for instances in self._models.values()
                if instances.model.reference == model.reference
                and framework in ("", instances.weights.framework)
            ]
        return sum(self._end(instances, "asked for") for instances in chosen)

    def loaded(self) -> list[ModelState]:
        """See :meth:`Engine.loaded`."""
        states = [instances.state() for instances in self._all()]
        return [state for state in states if state is not None]

    def statistics(self) -> list[tuple[ModelState, Statistics]]:
        """See :meth:`Engine.statistics`."""
        found = [(instances.state(), instances) for instances in self._all()]
        return [(state, instances.statistics()) for state, instances in found if state is not None]

    def memory(self) -> MemoryUse:
        """See :meth:`Engine.memory`."""
        return MemoryUse(
            worker_bytes=sum(instances.memory_bytes for instances in self._all()),
            standby_bytes=sum(self._launcher.standby().values()),
            limit_bytes=self.config.max_memory,
        )

    def frameworks(self) -> list[FrameworkState]:
        """See :meth:`Engine.frameworks`."""
        states = []
        for name in framework_names():
            backend = find_backend(name)
            devices = self._devices.get(name, ())
            states.append(FrameworkState(name, backend.facts(), backend.formats, devices))
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
                target=instances.close, kwargs={"grace": max(0.0, limit - time.monotonic())}
            )
            for instances in models
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self._launcher.close()
        if self._cores is not None:
            self._cores.close()
        self._housekeeper.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _all(self) -> list[Instances]:
        with self._change:
            return list(self._models.values())

    def _instances(self, model: ModelDescription, weights: WeightsDescription) -> Instances:
        key = (model.id, model.version, weights.digest)
        with self._change:
            known = self._models.get(key)
            if known is not None:
                return known
            if self._closed:
                raise OverloadedError("the server is shutting down; try again when it is back")
            count = self.config.instances_for(model)
            config = replace(self.config, threads=max(1, self.config.threads // count))

            need = self._known_memory.get(key, weights.size_bytes)
            refused = self._refused.setdefault(key, set())

            def make(ended: Callable[[ModelCopy], None]) -> ModelCopy:
                entrance = Entrance(
                    self._budget,
                    self._launcher,
                    name=model.reference,
                    need=need,
                    make_room=lambda: self._make_room(weights.framework),
                )

                def gone(copy: ModelCopy) -> None:
                    self._budget.leave(entrance)
                    ended(copy)

                entrance.copy = ModelCopy(
                    model,
                    weights,
                    config,
                    entrance,
                    self._folder,
                    refused=refused,
                    ended=gone,
                )
                return entrance.copy

            instances = Instances(model, weights, count, make=make, gone=self._forget)
            self._models[key] = instances
            self._change.notify_all()
        return instances

    def _end(self, instances: Instances, why: str) -> int:
        """Take a model out of service, and end its workers; requests that come now load it anew."""
        with self._change:
            for key, known in list(self._models.items()):
                if known is instances:
                    self._leaving.add(instances)
                    del self._models[key]
        _log.info("model unloaded model=%s why=%r", instances.model.reference, why)
        return instances.close(grace=self.config.stall_seconds)

    def _forget(self, instances: Instances) -> None:
        """Its last worker has ended."""
        with self._change:
            for key, known in list(self._models.items()):
                if known is instances:
                    del self._models[key]
            self._leaving.discard(instances)
            self._last_run[instances.weights.framework] = time.monotonic()

    def _idle_frameworks(self) -> dict[str, float]:
        """Return frameworks that have a mother process and no model, and when the last one ended."""
        with self._change:
            used = {one.weights.framework for one in (*self._models.values(), *self._leaving)}
            return {
                framework: self._last_run.get(framework, 0.0)
                for framework in self._launcher.standby()
                if framework not in used
            }

    def _make_room(self, framework: str = "") -> bool:
        """End what was unused for longest: mother processes first, then models.

        Parameters
        ----------
        framework
            Its mother process is about to be needed.
        """
        idle = self._idle_frameworks()
        idle.pop(framework, None)
        if idle:
            oldest = min(idle, key=idle.__getitem__)
            _log.info("framework let go framework=%s why='memory'", oldest)
            self._launcher.release(oldest)
            return True
        for instances in sorted(self._all(), key=lambda one: one.last_used):
            if instances.ready and not instances.busy:
                self._end(instances, "memory")
                return True
        return False

    def _measure(self, instances: Instances) -> None:
        first = instances.memory_bytes == 0
        instances.measure(now=time.monotonic())
        largest = max((copy.memory_bytes for copy in instances.copies), default=0)
        if first and largest:
            weights = instances.weights
            self._known_memory[instances.model.id, instances.model.version, weights.digest] = (
                largest
            )

    def _keep_house(self) -> None:
        """Hold the budget, end what was long unused, and watch for workers that stall."""
        while True:
            with self._change:
                if self._change.wait_for(lambda: self._closed, timeout=1.0):
                    return
            now = time.monotonic()
            if self._cores is not None:
                self._cores.audit()
            for instances in self._all():
                instances.watch(now)
                self._measure(instances)
                if instances.devices:
                    self._devices[instances.weights.framework] = instances.devices
                keep = self.config.keep_seconds
                idle = instances.ready and not instances.busy
                if 0 < keep < now - instances.last_used and idle:
                    self._end(instances, "unused")
            for framework, last in self._idle_frameworks().items():
                if now - last > self.config.standby_seconds:
                    _log.info("framework let go framework=%s why='unused'", framework)
                    self._launcher.release(framework)
            while self._budget.excess() and self._make_room():
                pass
