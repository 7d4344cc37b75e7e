"""What one session asks the server, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_zoobridge.connection import in_background, notify
from napari_zoobridge.runs import StoppedError

__all__ = ["OnStep", "SessionCalls"]

OnStep = Callable[[str, int, int], None]
"""Called with the stage, the steps done and all steps; raises `StoppedError` to end the work."""


class _Call:
    def __init__(self, what: str, advanced: Callable[[str, int, int], None]) -> None:
        self.what = what
        self.stopped = threading.Event()
        self._advanced = advanced

    def on_step(self, stage: str, done: int, total: int) -> None:
        if self.stopped.is_set():
            raise StoppedError
        self._advanced(stage, done, total)


class SessionCalls(QObject):
    """Calls of a session. Answers that come after its end are not shown.

    Signals
    -------
    changed
        A call began or ended.
    advanced
        Long work made a step: its stage, the steps done, and all steps.
    """

    changed = Signal()
    advanced = Signal(str, int, int)

    def __init__(self) -> None:
        super().__init__()
        self._under_way: list[_Call] = []
        self._long: list[_Call] = []

    @property
    def running(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._under_way)

    @property
    def stoppable(self) -> bool:
        """Whether long work is under way."""
        return bool(self._long)

    def awaits(self, what: str) -> bool:
        """Return whether an answer to a call of this name is awaited."""
        return any(call.what == what for call in self._under_way)

    def stop(self) -> None:
        """Stop long work at its next step; what is done is kept."""
        for call in self._long:
            call.stopped.set()

    def drop(self) -> None:
        """Stop and forget all calls: the session ends. No signal is sent: widgets may be gone."""
        self.stop()
        self._under_way, self._long = [], []

    def ask(
        self,
        what: str,
        work: Callable[[], Any],
        *,
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] = notify,
    ) -> None:
        """Ask in a thread; the callbacks run in the window's.

        Parameters
        ----------
        what
            Name of the call.
        work
            What to ask.
        then, failed
            Called with the answer, or with the error; not after :meth:`drop`.
        """
        self._start(_Call(what, self.advanced.emit), work, then, failed)

    def ask_long(
        self,
        what: str,
        work: Callable[[OnStep], Any],
        *,
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] = notify,
        late: Callable[[Any], None] | None = None,
    ) -> None:
        """Ask for long work, which takes a function that it calls at each step.

        Parameters
        ----------
        what, work, then, failed
            As for :meth:`ask`; a `StoppedError` is among the errors.
        late
            Called with an answer that came after :meth:`drop`.
        """
        call = _Call(what, self.advanced.emit)
        self._long.append(call)
        self._start(call, lambda: work(call.on_step), then, failed, late)

    def _start(
        self,
        call: _Call,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[Exception], None],
        late: Callable[[Any], None] | None = None,
    ) -> None:
        self._under_way.append(call)

        def returned(answer: Any) -> None:
            if call in self._under_way:
                then(answer)
            elif late is not None:
                late(answer)

        def on_error(error: Exception) -> None:
            if call in self._under_way:
                failed(error)

        def end() -> None:
            if call in self._under_way:
                self._under_way.remove(call)
                self._long = [one for one in self._long if one is not call]
                self.changed.emit()

        in_background(work, returned=returned, failed=on_error, finished=end)
        self.changed.emit()
