"""What one session asks the server, in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_zoobridge.connection import in_background, notify

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SessionCalls"]


@dataclass(eq=False)
class _Call:
    what: str


class SessionCalls(QObject):
    """Calls of a session. Answers that come after its end are not shown.

    Signals
    -------
    changed
        A call began or ended.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._under_way: list[_Call] = []

    @property
    def running(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._under_way)

    def awaits(self, what: str) -> bool:
        """Return whether an answer to a call of this name is awaited."""
        return any(call.what == what for call in self._under_way)

    def drop(self) -> None:
        """Forget all calls: the session ends. No signal is sent, since widgets may be gone."""
        self._under_way = []

    def ask(
        self,
        what: str,
        work: Callable[[], Any],
        *,
        then: Callable[[Any], None],
        failed: Callable[[Exception], None] = notify,
        late: Callable[[Any], None] | None = None,
    ) -> None:
        """Run a function in a thread; the callbacks run in the window's.

        Parameters
        ----------
        what
            Name of the call.
        work
            What to ask.
        then, failed
            Called with the answer, or with the error; not after :meth:`drop`.
        late
            Called with an answer that came after :meth:`drop`.
        """
        call = _Call(what)
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
                self.changed.emit()

        in_background(work, returned=returned, failed=on_error, finished=end)
        self.changed.emit()
