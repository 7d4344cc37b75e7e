"""A bare network in a confined worker of its own, for ``zoobridge add`` and ``zoobridge validate``."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge.engine._backends import find_backend
from zoobridge.engine._config import EngineConfig
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._failure import worker_error
from zoobridge.engine.channel._frames import PART, RUN, Frame, FrameKind
from zoobridge.engine.channel._tensors import pack_tensors, unpack_tensors
from zoobridge.engine.launch._framework_lines import reason_lines
from zoobridge.engine.launch._load_frame import load_document
from zoobridge.engine.launch._process import WorkerProcess
from zoobridge.engine.launch._spawn import SpawnLauncher
from zoobridge.errors import LimitError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ConfinedNetwork", "confined_network", "framework_devices"]

_FOREVER = 1e9


class ConfinedNetwork:
    """A network in another process; follows :class:`zoobridge.backend.Network`."""

    def __init__(self, worker: WorkerProcess, arena: Arena, facts: dict[str, Any]) -> None:
        self._worker = worker
        self._arena = arena
        self._facts = facts

    @property
    def device(self) -> str:
        """Where it runs."""
        return str(self._facts["device"])

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The input tensors."""
        return _specs(self._facts["inputs"])

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The output tensors."""
        return _specs(self._facts["outputs"])

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Raises
        ------
        BackendError
            If the framework reports an error.
        WorkerError
            If the worker ends.
        """
        names = [spec.name for spec in self.inputs]
        packed = pack_tensors(dict(zip(names, inputs, strict=True)))
        offset = self._arena.reserve(len(packed))
        if offset is None:
            raise LimitError(
                f"the tensors have {len(packed)} bytes, and {self._arena.capacity} can be sent to"
                " a worker at once; use a smaller batch"
            )
        self._arena.fill(offset, [packed])
        run = RUN.pack(offset, len(packed), _FOREVER, 0.0, False, True)  # noqa: FBT003
        with contextlib.suppress(BrokenPipeError):
            self._worker.writer.send(FrameKind.RUN, 1, run)
        while (frame := self._worker.reader.next()) is not None and frame.kind == FrameKind.ALIVE:
            pass
        self._arena.free(offset)
        if frame is None:
            raise WorkerError(f"the worker {self._worker.exit_reason()} while it ran the network")
        if frame.kind == FrameKind.FAILED:
            raise worker_error(frame.payload)
        return list(unpack_tensors(memoryview(frame.payload)[PART.size :]).values())


@contextlib.contextmanager
def confined_network(
    framework: str, file: WeightsFile, *, config: EngineConfig | None = None
) -> Iterator[ConfinedNetwork]:
    """Load weights in a fresh, confined worker; it ends with the context.

    Parameters
    ----------
    framework
        Name of the framework.
    file
        The weights.
    config
        Settings; only device, threads and limits matter.

    Raises
    ------
    BackendError
        If the framework cannot load them.
    WorkerError
        If the worker ends while it tries.
    """
    with _worker(framework, file, config or EngineConfig()) as (worker, arena, facts):
        yield ConfinedNetwork(worker, arena, facts)


def framework_devices(framework: str) -> tuple[tuple[str, ...], str]:
    """Start a framework in a separate process and ask for its devices.

    Returns
    -------
    tuple
        The devices that it sees, and why an accelerator of the machine is not among them (empty
        where it is, or the machine has none).

    Raises
    ------
    FrameworkError
        If no such framework exists.
    WorkerError
        If the framework cannot be started; the message ends with the last lines of its log.
    """
    with _worker(framework, None, EngineConfig()) as (_, _, facts):
        return tuple(facts["devices"]), str(facts["device_problem"])


@contextlib.contextmanager
def _worker(
    framework: str, file: WeightsFile | None, config: EngineConfig
) -> Iterator[tuple[WorkerProcess, Arena, dict[str, Any]]]:
    find_backend(framework)
    with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
        folder = Path(scratch)
        arena = Arena(config.limits.queued_bytes, folder / "arena", anonymous=config.fork)
        worker = SpawnLauncher().launch(framework, arena, folder)
        try:
            # ONNX may keep its numbers in files beside the graph's.
            whole = file is not None and file.format == "onnx"
            read = [] if file is None else [file.path.parent if whole else file.path]
            with contextlib.suppress(BrokenPipeError):
                worker.writer.send(FrameKind.LOAD, 0, load_document(file, config, read=read))
            yield worker, arena, _facts(worker, worker.reader.next(), folder)
        finally:
            worker.writer.close()
            if not worker.wait(5.0):
                worker.kill()
                worker.wait(5.0)
            worker.reader.close()
            arena.close()


def _facts(worker: WorkerProcess, frame: Frame | None, folder: Path) -> dict[str, Any]:
    if frame is None:
        said = reason_lines((folder / "stderr.log").read_text("utf-8", "replace"))
        words = f" (last lines of its log: {said})" if said else ""
        raise WorkerError(f"the worker {worker.exit_reason()} while it loaded the weights{words}")
    if frame.kind == FrameKind.FAILED:
        raise worker_error(frame.payload)
    facts: dict[str, Any] = json.loads(bytes(frame.payload))
    return facts


def _specs(documents: Sequence[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(d["name"], d["dtype"], tuple(d["shape"])) for d in documents)
