"""The end of workers when the server is gone, whatever they are busy with."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lifeline", "end_with_server"]


class Lifeline:
    """Lets the kernel end a group of processes when this process is gone (Linux).

    Both processes hold one end of a pipe that carries nothing. When this process ends, however that
    comes, the kernel sends SIGIO to the group, whose default action ends it. No thread of the group
    needs to run for that: one that imports a framework, or a library that holds the interpreter's
    lock, would notice seconds later or never.
    """

    def __init__(self) -> None:
        self._theirs, self._ours = os.pipe() if sys.platform == "linux" else (-1, -1)

    @property
    def inherited(self) -> tuple[int, ...]:
        """Descriptors that the leader of the group has to inherit."""
        return () if self._theirs < 0 else (self._theirs,)

    @contextmanager
    def cut_on_failure(self) -> Iterator[None]:
        """Leave no descriptor open where starting the group fails."""
        try:
            yield
        except OSError:
            self.cut()
            raise

    def tie(self, leader: int) -> None:
        """Tie a process that has inherited it, and its group; `leader` is the id of both."""
        if sys.platform == "linux":
            import fcntl

            fcntl.fcntl(self._theirs, fcntl.F_SETOWN, -leader)
            flags = fcntl.fcntl(self._theirs, fcntl.F_GETFL)
            fcntl.fcntl(self._theirs, fcntl.F_SETFL, flags | os.O_ASYNC)
            os.close(self._theirs)
            self._theirs = -1

    @property
    def holds(self) -> bool:
        """Whether any process of the group is left."""
        if self._ours < 0:
            return False
        poll = select.poll()
        poll.register(self._ours, 0)
        return not poll.poll(0)

    def cut(self) -> None:
        """End what is left of the group."""
        for end in (self._theirs, self._ours):
            if end >= 0:
                os.close(end)
        self._theirs = self._ours = -1


def end_with_server(descriptor: int) -> None:
    """End this process as soon as the other end of a channel is closed, from now on.

    A worker whose threads all compute reads nothing, and would compute on for nobody. Where the
    system cannot wait for the end of a channel without reading it, a worker ends when it reads next.

    Parameters
    ----------
    descriptor
        The channel's end in this process.
    """
    if hasattr(select, "poll"):
        threading.Thread(
            target=_watch, args=(descriptor,), name="zoobridge-lifeline", daemon=True
        ).start()


def _watch(descriptor: int) -> None:
    poll = select.poll()
    # Nothing is asked for: the end of the other side is always reported.
    poll.register(descriptor, 0)
    with contextlib.suppress(OSError):
        poll.poll()
        os._exit(0)
