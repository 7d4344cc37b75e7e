"""Finding the backends that are installed."""

from __future__ import annotations

import functools
import os
from importlib.metadata import EntryPoint, entry_points

from zoobridge.backend import Backend
from zoobridge.errors import FrameworkError

__all__ = ["ENVIRONMENT", "find_backend", "framework_names", "worker_environment"]

GROUP = "zoobridge.backends"

ENVIRONMENT = {
    # One thread in a process that has only imported: only then can it be forked safely.
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # GPUs are numbered as the driver's management library does.
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    # Frameworks send nothing anywhere.
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "KERAS_BACKEND": "tensorflow",
    "PYTHONUTF8": "1",
}

_SECRETS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY")


def worker_environment() -> dict[str, str]:
    """Return the environment of processes that run frameworks: ours, less what looks like a secret."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in _SECRETS)
    }
    return kept | ENVIRONMENT


@functools.cache
def _points() -> dict[str, EntryPoint]:
    """Return the backends, looked for once: it takes as long as hundreds of small pictures."""
    return {point.name: point for point in entry_points(group=GROUP)}


def framework_names() -> list[str]:
    """Return the names of all frameworks that a backend is installed for."""
    return sorted(_points())


def find_backend(framework: str) -> Backend:
    """Construct the backend of a framework.

    Raises
    ------
    FrameworkError
        If no backend has that name, or what is installed under it is not a backend.
    """
    point = _points().get(framework)
    if point is None:
        known = ", ".join(framework_names())
        raise FrameworkError(f"no backend is installed for {framework!r}; there are: {known}")
    backend = point.load()()
    if not isinstance(backend, Backend):
        raise FrameworkError(
            f"the backend {point.value} of {framework!r} does not follow zoobridge.backend.Backend"
        )
    return backend
