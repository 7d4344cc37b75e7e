"""Progress in the activity dock, and the life of a widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.utils import progress
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDockWidget

if TYPE_CHECKING:
    from qtpy.QtCore import QObject
    from qtpy.QtWidgets import QWidget

__all__ = ["Activity", "Life"]

_SOON_MILLISECONDS = 300


class Activity:
    """Work that napari's activity dock shows once it takes longer than a moment.

    Parameters
    ----------
    title
        What is done.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._done, self._total = 0, 0
        self._closed = self._telling = False
        self._shown: progress | None = None
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        self._timer.start(_SOON_MILLISECONDS)

    def advance(self, done: int, total: int) -> None:
        """Record progress: `done` of `total`."""
        self._done, self._total = done, total
        if self._shown is not None:
            self._show()

    def close(self) -> None:
        """Take it out of the dock."""
        self._closed = True
        self._timer.stop()
        if self._shown is not None:
            self._shown.close()

    def _show(self) -> None:
        # napari lets other events pass whenever it shows progress: the next news among them, and
        # the end.
        if self._telling:
            return
        self._telling = True
        if self._shown is None:
            self._shown = progress(total=self._total, desc=self._title)
        shown = self._shown
        if not self._closed:
            shown.total = self._total
            shown.update(self._done - shown.n)
        self._telling = False
        if self._closed:
            shown.close()
        elif shown.n < self._done:
            self._timer.start(0)


class Life:
    """Tracks whether a widget is still in use, for callbacks that may come after its end.

    Parameters
    ----------
    widget
        The widget.
    at_end
        Called when it is destroyed, or the dock that it is shown in is closed.
    """

    def __init__(self, widget: QWidget, at_end: Callable[[], None] | None = None) -> None:
        self.ended = False
        self._widget = widget
        self._dock: QWidget | None = None
        self._at_end = at_end
        widget.destroyed.connect(self._end)

    def docked(self) -> bool:
        """Follow the widget's current dock; return whether this restarts the widget.

        napari destroys the dock when the user closes it, but leaves what was in it.
        """
        dock = self._widget.parentWidget()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        if dock is None or dock is self._dock:
            return False
        self._dock = dock
        dock.destroyed.connect(self._end)
        again, self.ended = self.ended, False
        return again

    def _end(self, _widget: QObject | None = None) -> None:
        if self.ended:
            return
        self.ended = True
        if self._at_end is not None:
            self._at_end()
