"""How the local engine runs models."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from zoobridge.protocol import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zoobridge.zoo import ModelDescription

__all__ = ["EngineConfig", "available_cores", "available_memory"]


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory(
    root: Path = Path("/sys/fs/cgroup"), groups: Path = Path("/proc/self/cgroup")
) -> int:
    """Return the bytes that this machine has, or that its container may use if that is less.

    Parameters
    ----------
    root
        Where Linux lists the limits of control groups, of either version.
    groups
        Where it lists the control groups of this process.
    """
    limits = [int(psutil.virtual_memory().total)]
    for file in _limit_files(root, groups):
        # "max" without a limit.
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(file.read_text()))
    return min(limit for limit in limits if limit > 0)


def _limit_files(root: Path, groups: Path) -> Iterator[Path]:
    places = {"": (root, "memory.max"), "memory": (root / "memory", "memory.limit_in_bytes")}
    # A container may see its own group alone, at the top.
    yield from (top / file for top, file in places.values())
    with contextlib.suppress(OSError):
        for line in groups.read_text().splitlines():
            _, controller, name = line.split(":", 2)
            if controller in places:
                top, file = places[controller]
                group = top / name.lstrip("/")
                # The limits of the groups around it hold too.
                while group != top and group.is_relative_to(top):
                    yield group / file
                    group = group.parent


def _half_of_memory() -> int:
    return available_memory() // 2


@dataclass(frozen=True)
class EngineConfig:
    """Settings of :class:`~zoobridge.engine.LocalEngine`.

    Parameters
    ----------
    threads
        Intra-op threads of all forward calls of one model together; its instances share them.
    device
        Where networks run: ``auto`` (accelerators, else the CPU), or the name of a device, or
        several of them separated by commas. The replicas of a model take them in turn.
    precision
        How accelerators compute: ``float32``, ``tf32`` or ``float16``. The CPU computes float32.
    max_memory
        Memory of all workers and of what is kept to start them, in bytes; by default half of
        what the machine has, or of what its container may use. Before a model is loaded that would
        not fit, the models that were used least recently are unloaded; one in use never is.
    keep_seconds
        Unload a model that was not used for so long; 0 keeps it.
    standby_seconds
        End the process that has imported a framework when none of its models was loaded for so
        long, and at once where the memory is needed; it comes back at need.
    instances
        Replicas of each model that run side by side, each a separate worker.
    instances_of
        Other numbers of replicas for single models, by ``id`` or ``id@version``.
    limits
        What a request may hold, and what may wait for one model.
    fork
        Whether workers are forked from a process that has imported their framework (Linux) or
        started as fresh processes.
    max_wait_seconds
        How long a request that is not of a stream may be expected to wait for its model; one that
        would wait longer is refused.
    stall_seconds
        A worker that has work and reports nothing for so long is ended.
    """

    threads: int = field(default_factory=available_cores)
    device: str = "auto"
    precision: str = "float32"
    max_memory: int = field(default_factory=_half_of_memory)
    keep_seconds: float = 0.0
    standby_seconds: float = 300.0
    instances: int = 1
    instances_of: Mapping[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    fork: bool = sys.platform == "linux"
    max_wait_seconds: float = 10.0
    stall_seconds: float = 600.0

    def instances_for(self, model: ModelDescription) -> int:
        """Return how many replicas of a model are to run."""
        return self.instances_of.get(
            model.reference, self.instances_of.get(model.id, self.instances)
        )
