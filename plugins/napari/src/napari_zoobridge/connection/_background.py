"""Work in threads, and notifications of what went wrong."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error, show_warning

from napari_zoobridge.layers import PlaneAxesError
from napari_zoobridge.results import in_own_words
from napari_zoobridge.runs import StoppedError
from napari_zoobridge.targets import EmptyTargetError
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_background", "notify", "sentence"]


def notify(error: Exception) -> None:
    """Show one notification with an error's sentence.

    Raises
    ------
    Exception
        The error itself where it is not for the user: a fault of the program.
    """
    if isinstance(error, StoppedError):
        return
    if isinstance(error, (EmptyTargetError, PlaneAxesError)):
        show_warning(sentence(str(error)))
    elif isinstance(error, ZooBridgeError):
        show_error(sentence(in_own_words(error)))
    elif isinstance(error, OSError):
        show_error(sentence(str(error)))
    else:
        raise error


def sentence(text: str) -> str:
    """Begin a text with a capital letter, as notifications do."""
    return text[:1].upper() + text[1:]


def in_background(
    work: Callable[[], Any],
    *,
    returned: Callable[[Any], None] | None = None,
    yielded: Callable[[Any], None] | None = None,
    failed: Callable[[Exception], None] = notify,
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

    def deliver(outcome: Any) -> None:
        if isinstance(outcome, _Failure):
            failed(outcome.error)
        elif returned is not None:
            returned(outcome)

    worker = create_worker(_guarded(work), _start_thread=False)
    worker.returned.connect(deliver)
    if yielded is not None:
        worker.yielded.connect(yielded)
    if finished is not None:
        worker.finished.connect(finished)
    worker.start()
    return worker


@dataclass(frozen=True)
class _Failure:
    error: Exception


def _guarded(work: Callable[[], Any]) -> Callable[[], Any]:
    """Let a worker return its error: the `errored` signal of napari 0.9.2 makes one of its own."""
    if inspect.isgeneratorfunction(work):

        def steps() -> Any:
            try:
                return (yield from work())
            except Exception as error:  # noqa: BLE001 - `failed` decides, in the window's thread
                return _Failure(error)

        return steps

    def whole() -> Any:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - `failed` decides, in the window's thread
            return _Failure(error)

    return whole
