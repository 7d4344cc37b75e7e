"""Noticing at once that the server is gone, whatever this process is busy with."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["end_with_server", "ending_with_server"]


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
            target=_watch, args=(descriptor, None), name="zoobridge-lifeline", daemon=True
        ).start()


@contextmanager
def ending_with_server(descriptor: int) -> Iterator[None]:
    """As :func:`end_with_server`, for the time of a block; no thread is left behind it."""
    if not hasattr(select, "poll"):
        yield
        return
    stop_read, stop_write = os.pipe()
    watch = threading.Thread(target=_watch, args=(descriptor, stop_read), name="zoobridge-lifeline")
    watch.start()
    try:
        yield
    finally:
        os.close(stop_write)
        watch.join()
        os.close(stop_read)


def _watch(descriptor: int, stop: int | None) -> None:
    poll = select.poll()
    # Nothing is asked for: that the other end was closed is told always.
    poll.register(descriptor, 0)
    if stop is not None:
        poll.register(stop, 0)
    with contextlib.suppress(OSError):
        if all(ready != stop for ready, _ in poll.poll()):
            os._exit(0)
