"""Work in threads, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_warning

from napari_zoobridge._axes import PlaneAxesError
from napari_zoobridge._items import EmptyTargetError
from napari_zoobridge._running import StoppedError
from zoobridge.errors import ZooBridgeError

__all__ = ["in_background", "tell"]


def tell(error: Exception) -> None:
    """Show one notification with an error's sentence.

    Raises
    ------
    Exception
        The error itself where it is not for the user: a fault of the program.
    """
    if isinstance(error, StoppedError):
        return
    if isinstance(error, (EmptyTargetError, PlaneAxesError)):
        show_warning(_sentence(str(error)))
    elif isinstance(error, (ZooBridgeError, OSError)):
        show_error(_sentence(str(error)))
    else:
        raise error


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_background(
    work: Callable[[], Any],
    *,
    returned: Callable[[Any], None] | None = None,
    yielded: Callable[[Any], None] | None = None,
    failed: Callable[[Exception], None] = tell,
    finished: Callable[[], None] | None = None,
) -> Any:
    """Run a function, or a generator function, in a thread; the callbacks run in the window's.

    Parameters
    ----------
    work
        What to do.
    returned, yielded, failed, finished
        Called with its result, with each value of a generator, with its error, and at the end
        in any case.

    Returns
    -------
    napari.qt.threading.WorkerBase
        Started already.
    """
    worker = create_worker(work, _start_thread=False, _ignore_errors=True)
    if returned is not None:
        worker.returned.connect(returned)
    if yielded is not None:
        worker.yielded.connect(yielded)
    worker.errored.connect(failed)
    if finished is not None:
        worker.finished.connect(finished)
    worker.start()
    return worker
