"""A worker process: one loaded model, confined, answering frames.

Started as ``python -m zoobridge.engine.worker._main DOCUMENT`` with its channel on standard input and
output, or forked by :mod:`zoobridge.engine.launch._fork_server`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.backend import (
    Backend,
    BackendFault,
    ByteInput,
    Counted,
    DeviceFault,
    Network,
    Precise,
    TensorSpec,
    WeightsFile,
)
from zoobridge.confinement import confine, confinement_available
from zoobridge.engine._backends import find_backend
from zoobridge.engine.channel._arena import attach
from zoobridge.engine.channel._core_tokens import CoreTokenClient, CoreTokenHandle
from zoobridge.engine.channel._frames import FrameKind, FrameReader, FrameWriter
from zoobridge.engine.channel._lifeline import end_with_server
from zoobridge.engine.worker._classify_job import ClassifyHandler
from zoobridge.engine.worker._device import choose_device
from zoobridge.engine.worker._ladder import ladder
from zoobridge.engine.worker._networks import Networks
from zoobridge.engine.worker._scheduler import Scheduler
from zoobridge.engine.worker._warm_up import warm_up
from zoobridge.errors import BackendError, DeviceError, ServerError, ZooBridgeError
from zoobridge.imaging import PictureLimits
from zoobridge.protocol import status_from_error
from zoobridge.zoo import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["main", "run"]

_FILE_BYTES = 4 << 30

# Batches up to this size are run once while a model loads; larger ones gain little on a GPU.
_WARM_ROWS = 64


def run(
    backend: Backend,
    *,
    framework: str,
    requests: int,
    replies: int,
    arena: Mapping[str, Any],
    folder: str,
    cores: Mapping[str, int] | None,
) -> int:
    """Load the model that the first frame names, and serve until the channel closes.

    Parameters
    ----------
    backend
        Already started.
    framework
        Its name.
    requests, replies
        File descriptors.
    arena
        ``descriptor``, ``path`` and ``capacity`` of the shared memory.
    folder
        Private folder, the only place where this process may write.
    cores
        The fields of its :class:`CoreTokenHandle`; `None` to share none.

    Returns
    -------
    int
        Exit code.
    """
    reader, writer = FrameReader(requests), FrameWriter(replies)
    memory = attach(arena["descriptor"], arena["path"], arena["capacity"])
    share = None if cores is None else CoreTokenClient(CoreTokenHandle(**cores))
    tempfile.tempdir = folder
    frame = reader.next()
    if frame is None:
        return 0
    document = json.loads(bytes(frame.payload))
    try:
        ready: dict[str, object] = {
            "framework": framework,
            "framework_version": backend.facts().version,
            "confinement": _confine(document, Path(folder)),
        }
        # Not earlier: only a process of one thread can be confined as a whole.
        end_with_server(requests)
        device = choose_device(
            backend, document["device"], framework=framework, replica=document["replica"]
        )
        ready |= {"devices": device.devices, "device_problem": device.problem}
        serve = _load(backend, document, device.name, ready, reader, writer, memory, share)
    except ZooBridgeError as error:
        writer.send(FrameKind.FAILED, 0, status_from_error(error).SerializeToString())
        return 0
    writer.send(FrameKind.READY, 0, json.dumps(ready).encode())
    with contextlib.suppress(BrokenPipeError):
        serve()
    return 0


def _load(
    backend: Backend,
    document: Mapping[str, Any],
    device: str,
    ready: dict[str, object],
    reader: FrameReader,
    writer: FrameWriter,
    memory: memoryview,
    cores: CoreTokenClient | None,
) -> Callable[[], None]:
    """Load what the document names, note in `ready` what it is, and return what serves it."""
    if document["file"] is None:
        return lambda: None
    file = _weights_file(document["file"])
    networks = Networks(
        lambda threads: _network(backend, file, device, threads, document["precision"]),
        document["threads"],
        ladder=document["model"] is not None,
    )
    ready["device"] = networks.wide.device
    loaded = networks.loaded
    if isinstance(loaded, Counted):
        ready["parameters"] = loaded.parameters
    ready["precision"] = loaded.precision if isinstance(loaded, Precise) else "float32"
    ready["inputs"] = [asdict(spec) for spec in networks.wide.inputs]
    ready["outputs"] = [asdict(spec) for spec in networks.wide.outputs]
    classify: ClassifyHandler | None = None
    seconds: Mapping[int, float] = {}
    if document["model"] is not None:
        model = from_json(document["model"])
        classify = ClassifyHandler(
            model,
            limits=PictureLimits(pixels=document["image_pixels"]),
            max_items=document["items"],
            byte_input=networks.ladder and isinstance(loaded, ByteInput),
        )
        # What the framework puts off until the first call shall not wait for the first caller.
        seconds = warm_up(
            networks.wide, classify.input, ladder(_WARM_ROWS) if networks.ladder else ()
        )
    return Scheduler(
        reader,
        writer,
        memory,
        networks,
        classify,
        threads=document["threads"],
        cores=cores,
        seconds=seconds,
    ).run


def _weights_file(document: Mapping[str, Any]) -> WeightsFile:
    return WeightsFile(
        format=document["format"],
        path=Path(document["path"]),
        inputs=tuple(_tensor_spec(tensor) for tensor in document["inputs"]),
        outputs=tuple(_tensor_spec(tensor) for tensor in document["outputs"]),
        trusted=document["trusted"],
        architecture=document["architecture"],
    )


def _tensor_spec(document: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(document["name"], document["dtype"], tuple(document["shape"]))


def main(document: str) -> int:
    """Serve on standard input and output; what the framework prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arguments = json.loads(document)
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    backend = find_backend(arguments["framework"])
    backend.start()
    return run(
        backend,
        framework=arguments["framework"],
        requests=requests,
        replies=replies,
        arena=arguments["arena"],
        folder=arguments["folder"],
        cores=arguments["cores"],
    )


def _confine(document: Mapping[str, Any], folder: Path) -> str:
    kind, _ = confinement_available()
    if kind == "none":
        return kind
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    confine(
        read=[Path(path) for path in document["read"]],
        write=[folder],
        accelerators=document["device"] != "cpu",
    )
    return kind


def _network(
    backend: Backend, file: WeightsFile, device: str, threads: int, precision: str
) -> Network:
    # Backends need not know the option.
    options = {} if precision == "float32" else {"precision": precision}
    try:
        return backend.load(file, device=device, threads=threads, **options)
    except DeviceFault as fault:
        raise DeviceError(str(fault), metadata={"device": device}) from fault
    except BackendFault as fault:
        raise BackendError(str(fault)) from fault
    except (OSError, MemoryError, ValueError, TypeError, RuntimeError) as error:
        raise BackendError(f"the {file.format} weights cannot be loaded: {error}") from error


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except ServerError as error:
        sys.exit(error.message)
