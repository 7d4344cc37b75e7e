"""How the local engine runs models."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field

import psutil

from zoobridge.protocol import Limits

__all__ = ["EngineConfig", "available_cores"]


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _half_of_memory() -> int:
    return int(psutil.virtual_memory().total) // 2


@dataclass(frozen=True)
class EngineConfig:
    """Settings of :class:`~zoobridge.engine.LocalEngine`.

    Parameters
    ----------
    threads
        Intra-op threads of all forward calls of one worker together.
    device
        Where networks run: ``auto`` (the first accelerator, else the CPU) or a framework's name
        for a device.
    max_memory
        Memory of all workers together, in bytes. Where it is passed, the models that were used
        least recently are unloaded; one in use never is.
    keep_seconds
        Unload a model that was not used for so long; 0 keeps it.
    limits
        What a request may hold, and what may wait for one model.
    fork
        Whether workers are forked from a process that has imported their framework (Linux) or
        started as fresh processes.
    stall_seconds
        A worker that has work and reports nothing for so long is ended.
    """

    threads: int = field(default_factory=available_cores)
    device: str = "auto"
    max_memory: int = field(default_factory=_half_of_memory)
    keep_seconds: float = 0.0
    limits: Limits = field(default_factory=Limits)
    fork: bool = sys.platform == "linux"
    stall_seconds: float = 600.0
