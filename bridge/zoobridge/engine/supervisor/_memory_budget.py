"""The memory of all workers and fork servers: reserved before a worker starts, then measured."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from zoobridge.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.engine.launch._process import Launcher
    from zoobridge.engine.supervisor._device_memory import DeviceMemory

__all__ = ["MemoryBudget", "MemoryHolder"]

_RETRY_SECONDS = 1.0


class MemoryHolder(Protocol):
    """What a reservation is made for: a replica of a model."""

    @property
    def name(self) -> str:
        """The model, for messages."""
        ...

    @property
    def framework(self) -> str:
        """Its framework, whose fork server is counted too where it must be started."""
        ...

    @property
    def device_need(self) -> tuple[int, int] | None:
        """The GPU that its worker is going to use, and how many bytes of it; `None` once it does."""
        ...

    def reserved_bytes(self) -> int:
        """Return the memory of its worker: as measured, or as expected until the worker runs."""
        ...


class MemoryBudget:
    """Keeps account of memory, and lets a worker start only where it fits.

    Parameters
    ----------
    limit
        Memory that workers and fork servers may have together, in bytes.
    launcher
        Reports the memory of the fork servers.
    make_room
        Ends something that is not in use, but not the fork server of the framework that it is
        given; returns whether there was anything to end. Called without a lock, repeatedly.
    devices
        The memory of the GPUs.
    """

    def __init__(
        self,
        limit: int,
        launcher: Launcher,
        make_room: Callable[[str], bool],
        devices: DeviceMemory,
    ) -> None:
        self.limit = limit
        self.devices = devices
        self._launcher = launcher
        self._make_room = make_room
        self._lock = threading.Lock()
        self._holders: set[MemoryHolder] = set()
        self._known_standby: dict[str, int] = {}

    def reserve(self, holder: MemoryHolder) -> None:
        """Reserve memory for a worker that is about to start; make room for it if need be.

        Raises
        ------
        OverloadedError
            If there is not enough memory, and nothing that could be ended.
        """
        while True:
            with self._lock:
                used, standby = self._used()
                need = holder.reserved_bytes()
                if holder.framework not in standby:
                    need += self._known_standby.get(holder.framework, 0)
                problem, setting = self._device_problem(holder), "device"
                if used + need > self.limit:
                    setting = "max_memory"
                    problem = (
                        f"it needs {_mebibytes(need)} and {_mebibytes(used)} of "
                        f"{_mebibytes(self.limit)} are in use by what cannot be unloaded now; "
                        "try again later, or raise the server's memory limit"
                    )
                if not problem:
                    self._holders.add(holder)
                    return
            if not self._make_room(holder.framework):
                raise OverloadedError(
                    f"cannot load model {holder.name}: {problem}",
                    metadata={"model": holder.name, "setting": setting},
                    retry_after=_RETRY_SECONDS,
                )

    def release(self, holder: MemoryHolder) -> None:
        """Return a reservation: the worker has ended, or was never started."""
        with self._lock:
            self._holders.discard(holder)

    def excess(self) -> int:
        """Return by how many bytes the limit is exceeded; 0 where it is kept."""
        with self._lock:
            return max(0, self._used()[0] - self.limit)

    def _device_problem(self, holder: MemoryHolder) -> str:
        """Return why the worker does not fit on its GPU; empty where it does."""
        if holder.device_need is None:
            return ""
        index, need = holder.device_need
        # What others have reserved and do not use yet is still free, but theirs.
        promised = sum(
            other.device_need[1]
            for other in self._holders
            if other.device_need is not None and other.device_need[0] == index
        )
        free = max(0, self.devices.free_bytes(index) - promised)
        if need <= free:
            return ""
        return (
            f"it needs {_mebibytes(need)} of GPU {index}, which has {_mebibytes(free)} left; "
            "unload other models, or let the server run models on the CPU"
        )

    def _used(self) -> tuple[int, dict[str, int]]:
        standby = self._launcher.standby()
        self._known_standby.update(standby)
        workers = sum(holder.reserved_bytes() for holder in self._holders)
        return workers + sum(standby.values()), standby


def _mebibytes(number: int) -> str:
    return f"{number / (1 << 20):,.0f} MiB"
