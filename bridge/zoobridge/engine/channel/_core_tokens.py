"""Cores as tokens that all workers share: each process that computes holds one for each of its threads.

A token is a byte in a pipe, as in GNU make's job server: reading takes it, writing gives it back.
A page of shared memory notes who holds which, so that a worker's death loses none.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CoreTokenClient", "CoreTokenHandle", "CoreTokens"]

_MOST: Final = 254
_NOBODY: Final = 0
_SLOTS: Final = range(1, 256)

# Longer than a core is held by anything but a worker that hangs, which the engine ends.
_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True)
class CoreTokenHandle:
    """What a worker needs to share the cores; its descriptors are inherited.

    Parameters
    ----------
    read, write
        Ends of the pipe that holds the tokens.
    ledger
        Descriptor of the page that notes their holders.
    count
        Tokens that there are.
    slot
        The worker's number on that page.
    """

    read: int
    write: int
    holders: int
    count: int
    slot: int = _NOBODY


class CoreTokens:
    """The tokens, seen from the server.

    Parameters
    ----------
    count
        Cores that may be used.
    """

    def __init__(self, count: int) -> None:
        count = min(count, _MOST)
        read, write = os.pipe()
        os.set_blocking(read, False)
        holders = os.memfd_create("zoobridge-cores", os.MFD_CLOEXEC)
        os.ftruncate(holders, count)
        self._handle = CoreTokenHandle(read, write, holders, count)
        self._holders = mmap.mmap(holders, count)
        self._lock = threading.Lock()
        self._free = list(reversed(_SLOTS))
        self._missing = 0
        os.write(write, bytes(range(count)))

    @staticmethod
    def supported() -> bool:
        """Whether this system has what it takes."""
        return sys.platform == "linux"

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """What workers must inherit."""
        return (self._handle.read, self._handle.write, self._handle.holders)

    @property
    def held(self) -> int:
        """Tokens that somebody holds."""
        return sum(holder != _NOBODY for holder in self._holders[:])

    def join(self) -> CoreTokenHandle | None:
        """Return the handle of a new worker; `None` where there are too many, and it shares none."""
        with self._lock:
            if not self._free:
                return None
            slot = self._free.pop()
        handle = self._handle
        return CoreTokenHandle(handle.read, handle.write, handle.holders, handle.count, slot)

    def leave(self, slot: int) -> None:
        """Take back what a worker held that has ended."""
        with self._lock:
            if self._holders.closed:
                return
            left = [token for token, holder in enumerate(self._holders[:]) if holder == slot]
            for token in left:
                self._holders[token] = _NOBODY
            os.write(self._handle.write, bytes(left))
            self._free.append(slot)

    def audit(self) -> None:
        """Put back tokens that nobody holds and that are not there; called now and then.

        They are lost where a worker ends between taking one and noting it, or takes them out of
        malice. A token that is just being taken is missing for a moment only, so that what counts
        is what was missing the last time too.
        """
        with self._lock:
            if self._holders.closed:
                return
            holders = self._holders[:]
            free = [token for token, holder in enumerate(holders) if holder == _NOBODY]
            missing = len(free) - _readable(self._handle.read)
            lost = max(0, min(missing, self._missing))
            self._missing = missing - lost
            os.write(self._handle.write, bytes(free[:lost]))

    def close(self) -> None:
        """Close the pipe; workers that still run continue without sharing."""
        with self._lock:
            if self._holders.closed:
                return
            self._holders.close()
            for descriptor in self.descriptors:
                os.close(descriptor)


class CoreTokenClient:
    """The tokens, seen from a worker.

    Parameters
    ----------
    handle
        What the server gave it.
    """

    def __init__(self, handle: CoreTokenHandle) -> None:
        self._handle = handle
        self._holders = mmap.mmap(handle.holders, handle.count)
        self._mine = bytes([handle.slot])

    @contextlib.contextmanager
    def hold(self, wanted: int) -> Iterator[bool]:
        """Hold tokens while computing: all that are wanted if they are there at once, else one.

        Parameters
        ----------
        wanted
            Threads that would compute.

        Yields
        ------
        bool
            Whether so many may compute; else a single one may.
        """
        tokens = self._take_one()
        missing = min(wanted, self._handle.count) - 1
        if tokens and missing > 0:
            tokens += self._take(missing)
            if len(tokens) <= missing:
                self._give(tokens[1:])
                tokens = tokens[:1]
        try:
            yield missing <= 0 or len(tokens) > missing
        finally:
            self._give(tokens)

    def _take_one(self) -> bytes:
        limit = time.monotonic() + _PATIENCE_SECONDS
        while not (token := self._take(1)):
            left = limit - time.monotonic()
            if left <= 0:
                return b""
            poll = select.poll()
            poll.register(self._handle.read, select.POLLIN)
            poll.poll(left * 1000)
        return token

    def _take(self, count: int) -> bytes:
        try:
            data = os.read(self._handle.read, count)
        except BlockingIOError:
            return b""
        # Who else writes to the pipe may run a stranger's model.
        tokens = bytes(token for token in data if token < self._handle.count)
        for token in tokens:
            self._holders[token : token + 1] = self._mine
        return tokens

    def _give(self, tokens: bytes) -> None:
        for token in tokens:
            self._holders[token : token + 1] = b"\0"
        if tokens:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._handle.write, tokens)


def _readable(pipe: int) -> int:
    """Return how many bytes a pipe holds."""
    import fcntl
    import termios

    count = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(count, sys.byteorder)
