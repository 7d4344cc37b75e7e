"""The engine of one machine: supervised worker processes, loaded on demand within a memory budget."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from pathlib import Path

from zoobridge.engine._backends import find_backend, framework_names
from zoobridge.engine._config import EngineConfig
from zoobridge.engine._confinement import confinement_available
from zoobridge.engine._copy import ModelCopy
from zoobridge.engine._engine import Answer, FrameworkState, MemoryUse, ModelState, Work
from zoobridge.engine._process import make_launcher
from zoobridge.engine._statistics import Statistics
from zoobridge.errors import OverloadedError
from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["LocalEngine"]

_log = logging.getLogger(__name__)

_Key = tuple[str, str, str]


class LocalEngine:
    """Runs each model in a worker process of its own; see :class:`~zoobridge.engine.Engine`.

    Parameters
    ----------
    config
        Settings.
    """

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._launcher = make_launcher(fork=self.config.fork)
        self._folder = Path(tempfile.mkdtemp(prefix="zoobridge-"))
        self._change = threading.Condition()
        self._copies: dict[_Key, ModelCopy] = {}
        self._known_memory: dict[_Key, int] = {}
        self._devices: dict[str, tuple[str, ...]] = {}
        self._closed = False
        self._housekeeper = threading.Thread(
            target=self._keep_house, name="zoobridge-housekeeper", daemon=True
        )
        self._housekeeper.start()

    def submit(self, work: Work) -> Answer:
        """See :meth:`Engine.submit`."""
        while True:
            answer = self._copy(work.model, work.weights).submit(work)
            if answer is not None:
                return answer

    def load(self, model: ModelDescription, weights: WeightsDescription) -> ModelState:
        """See :meth:`Engine.load`."""
        copy = self._copy(model, weights)
        copy.wait_ready()
        copy.measure()
        return copy.state()

    def unload(self, model: ModelDescription, framework: str = "") -> int:
        """See :meth:`Engine.unload`."""
        with self._change:
            chosen = [
                copy
                for copy in self._copies.values()
                if copy.model.reference == model.reference
                and framework in ("", copy.weights.framework)
            ]
        for copy in chosen:
            self._remove(copy)
            copy.close(grace=self.config.stall_seconds)
        return len(chosen)

    def loaded(self) -> list[ModelState]:
        """See :meth:`Engine.loaded`."""
        with self._change:
            copies = [copy for copy in self._copies.values() if copy.ready]
        return [copy.state() for copy in copies]

    def statistics(self) -> list[tuple[ModelState, Statistics]]:
        """See :meth:`Engine.statistics`."""
        with self._change:
            copies = [copy for copy in self._copies.values() if copy.ready]
        return [(copy.state(), copy.statistics()) for copy in copies]

    def memory(self) -> MemoryUse:
        """See :meth:`Engine.memory`."""
        with self._change:
            copies = list(self._copies.values())
        return MemoryUse(
            worker_bytes=sum(copy.memory_bytes for copy in copies),
            standby_bytes=self._launcher.memory_bytes(),
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
            copies = list(self._copies.values())
            self._change.notify_all()
        limit = time.monotonic() + grace
        closing = [
            threading.Thread(
                target=copy.close, kwargs={"grace": max(0.0, limit - time.monotonic())}
            )
            for copy in copies
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        self._launcher.close()
        self._housekeeper.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self, model: ModelDescription, weights: WeightsDescription) -> ModelCopy:
        key = (model.id, model.version, weights.digest)
        with self._change:
            copy = self._copies.get(key)
            if copy is not None:
                return copy
            if self._closed:
                raise OverloadedError("the server is shutting down; try again when it is back")
            copy = ModelCopy(
                model, weights, self.config, self._launcher, self._folder, ended=self._forget
            )
            self._copies[key] = copy
            self._change.notify_all()
        return copy

    def _remove(self, copy: ModelCopy) -> None:
        """Take a copy out of service; requests that come now load a new one."""
        with self._change:
            for key, known in list(self._copies.items()):
                if known is copy:
                    self._known_memory[key] = copy.memory_bytes
                    del self._copies[key]

    def _forget(self, copy: ModelCopy) -> None:
        self._remove(copy)
        with self._change:
            framework = copy.weights.framework
            if any(other.weights.framework == framework for other in self._copies.values()):
                return
        if self.config.keep_seconds == 0 or self._closed:
            return
        self._launcher.release(framework)

    def _keep_house(self) -> None:
        """Hold the budget, unload what was long unused, and watch for workers that stall."""
        while True:
            with self._change:
                if self._change.wait_for(lambda: self._closed, timeout=1.0):
                    return
                copies = list(self._copies.values())
            now = time.monotonic()
            for copy in copies:
                copy.watch(now)
                if copy.ready and copy.facts:
                    self._devices[copy.weights.framework] = tuple(copy.facts.get("devices", ()))
            self._unload_unused(copies, now)
            self._hold_budget(copies)

    def _unload_unused(self, copies: list[ModelCopy], now: float) -> None:
        if self.config.keep_seconds <= 0:
            return
        for copy in copies:
            if copy.ready and not copy.busy and now - copy.last_used > self.config.keep_seconds:
                _log.info("model unloaded model=%s why=unused", copy.model.reference)
                self._remove(copy)
                copy.close(grace=self.config.stall_seconds)

    def _hold_budget(self, copies: list[ModelCopy]) -> None:
        memory = {copy: copy.measure() for copy in copies}
        total = sum(memory.values())
        for copy in sorted(copies, key=lambda copy: copy.last_used):
            if total <= self.config.max_memory:
                return
            if copy.ready and not copy.busy:
                _log.info("model unloaded model=%s why=memory", copy.model.reference)
                total -= memory[copy]
                self._remove(copy)
                copy.close(grace=self.config.stall_seconds)
