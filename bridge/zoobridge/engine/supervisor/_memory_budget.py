"""The memory of all workers and fork servers: claimed before a worker starts, then measured."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from zoobridge.errors import OverloadedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zoobridge.engine.channel._arena import Arena
    from zoobridge.engine.launch._process import Launcher, WorkerProcess
    from zoobridge.engine.supervisor._replica import Replica

__all__ = ["Entrance", "MemoryBudget"]

_RETRY_SECONDS = 1.0


class MemoryBudget:
    """Keeps account of memory, and lets a worker start only where it fits.

    Parameters
    ----------
    limit
        What workers and fork servers may have together, in bytes.
    launcher
        Knows the fork servers.
    """

    def __init__(self, limit: int, launcher: Launcher) -> None:
        self.limit = limit
        self._launcher = launcher
        self._lock = threading.Lock()
        self._inside: set[Entrance] = set()
        self._known_standby: dict[str, int] = {}

    def enter(self, entrance: Entrance, framework: str) -> None:
        """Wait until there is memory for a worker, and take it.

        Parameters
        ----------
        entrance
            Whose worker is about to start.
        framework
            Its framework, whose fork server is counted too where it must be started.

        Raises
        ------
        OverloadedError
            If there is not enough memory, and nothing that could be ended.
        """
        while True:
            with self._lock:
                used, standby = self._used()
                need = entrance.memory_bytes()
                if framework not in standby:
                    need += self._known_standby.get(framework, 0)
                if used + need <= self.limit:
                    self._inside.add(entrance)
                    return
            if not entrance.make_room():
                raise OverloadedError(
                    f"there is no memory to load model {entrance.name}: it needs {_mebibytes(need)}"
                    f" and {_mebibytes(used)} of {_mebibytes(self.limit)} are in use by what cannot"
                    " be unloaded now; try again later, or raise the server's --max-memory",
                    metadata={"model": entrance.name},
                    retry_after=_RETRY_SECONDS,
                )

    def leave(self, entrance: Entrance) -> None:
        """Take note that a worker has ended, or was never started."""
        with self._lock:
            self._inside.discard(entrance)

    def excess(self) -> int:
        """Tell by how many bytes the limit is passed; 0 where it is kept."""
        with self._lock:
            return max(0, self._used()[0] - self.limit)

    def _used(self) -> tuple[int, dict[str, int]]:
        standby = self._launcher.standby()
        self._known_standby.update(standby)
        workers = sum(entrance.memory_bytes() for entrance in self._inside)
        return workers + sum(standby.values()), standby


class Entrance:
    """Starts the workers of one replica of a model, the first as soon as there is memory for it.

    Parameters
    ----------
    budget
        Tells whether there is.
    launcher
        Starts them.
    name
        The model, for messages.
    need
        What a worker is known, or at least expected, to have, in bytes.
    make_room
        Ends something that is not in use; tells whether there was anything. It is called without a
        lock, as often as it takes.
    """

    def __init__(
        self,
        budget: MemoryBudget,
        launcher: Launcher,
        *,
        name: str,
        need: int,
        make_room: Callable[[], bool],
    ) -> None:
        self.name = name
        self.make_room = make_room
        #: The replica, as soon as it is made.
        self.replica: Replica | None = None
        self._budget = budget
        self._launcher = launcher
        self._need = need
        self._inside = False

    def memory_bytes(self) -> int:
        """Return what the worker has, as it was last measured; until it runs, what it is expected to have."""
        replica = self.replica
        if replica is None or not replica.ready:
            return self._need
        return replica.memory_bytes or replica.measure() or self._need

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """See :meth:`zoobridge.engine.launch._process.Starter.launch`.

        Raises
        ------
        OverloadedError
            If there is no memory for it.
        """
        if not self._inside:
            self._budget.enter(self, framework)
            self._inside = True
        return self._launcher.launch(framework, arena, folder)


def _mebibytes(number: int) -> str:
    return f"{number / (1 << 20):,.0f} MiB"
