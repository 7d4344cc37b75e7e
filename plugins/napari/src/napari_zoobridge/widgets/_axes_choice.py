"""The choice of axes along which to classify all planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AxesChoice"]


class AxesChoice(QWidget):
    """One box to tick for each axis.

    Signals
    -------
    changed
        A box was ticked or cleared.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.boxes: dict[str, Any] = {}
        """The boxes by the axis' letter."""

    @property
    def ticked(self) -> str:
        """The letters of the ticked axes."""
        return "".join(axis for axis, box in self.boxes.items() if box.value)

    def offer(self, axes: Iterable[str], *, ticked: bool) -> None:
        """Show these axes; those that are new are ticked or not."""
        if list(axes) == list(self.boxes):
            return
        before = {axis: box.value for axis, box in self.boxes.items()}
        while self._row.count():
            self._row.takeAt(0).widget().deleteLater()  # type: ignore[union-attr]
        self.boxes = {}
        for axis in axes:
            box = CheckBox(text=axis, value=before.get(axis, ticked))
            box.changed.connect(self._emit)
            self.boxes[axis] = box
            self._row.addWidget(box.native)

    def tick(self, *, on: bool) -> None:
        """Tick all boxes, or none."""
        for box in self.boxes.values():
            box.value = on

    def _emit(self, _value: Any = None) -> None:
        self.changed.emit()
