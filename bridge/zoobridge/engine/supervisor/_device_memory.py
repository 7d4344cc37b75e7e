"""The memory of NVIDIA GPUs, asked of the driver's management library."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DeviceMemory"]


class DeviceMemory:
    """What the GPUs of this machine have left; none without a driver.

    A GPU's number is the one that CUDA gives it: workers run with ``CUDA_DEVICE_ORDER=PCI_BUS_ID``,
    and ``CUDA_VISIBLE_DEVICES`` is obeyed.
    """

    def __init__(self) -> None:
        self._handles = list(_handles())

    @property
    def count(self) -> int:
        """How many GPUs there are."""
        return len(self._handles)

    def index_of(self, device: str, replica: int) -> int | None:
        """Return the number of the GPU that a replica will use, as far as is foreseeable.

        Parameters
        ----------
        device
            As in :class:`~zoobridge.engine.EngineConfig`.
        replica
            Number of the replica; replicas take the devices in turn.
        """
        if not self._handles:
            return None
        if device == "auto":
            return replica % len(self._handles)
        names = [name.strip() for name in device.split(",")]
        kind, _, number = names[replica % len(names)].partition(":")
        if kind not in ("cuda", "gpu") or not (number or "0").isdigit():
            return None
        index = int(number or 0)
        return index if index < len(self._handles) else None

    def free_bytes(self, index: int) -> int:
        """Return the memory of a GPU that nobody uses."""
        import pynvml

        return int(pynvml.nvmlDeviceGetMemoryInfo(self._handles[index]).free)

    def used_by(self, pid: int) -> int:
        """Return the memory that a process uses on all GPUs; 0 if the driver does not report it."""
        import pynvml

        used = 0
        for handle in self._handles:
            with contextlib.suppress(pynvml.NVMLError):
                for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
                    if process.pid == pid:
                        used += int(process.usedGpuMemory or 0)
        return used


def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _handles() -> Iterator[Any]:
    # First, since importing the bindings takes 30 ms of every server's start.
    if not _has_driver():
        return
    try:
        import pynvml
    except ImportError:
        return
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        numbers = range(count) if visible is None else _numbers(visible, count)
        for number in numbers:
            yield pynvml.nvmlDeviceGetHandleByIndex(number)
    except pynvml.NVMLError:
        # No driver, or one that does not answer: its memory is not accounted for.
        return


def _numbers(visible: str, count: int) -> Iterator[int]:
    # As CUDA reads it: what follows the first that is none is not visible.
    for name in visible.split(","):
        if not name.strip().isdigit() or int(name) >= count:
            return
        yield int(name)
