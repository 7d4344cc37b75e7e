"""How the parts of the Train widget stand below each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from qtpy.QtWidgets import QPushButton

__all__ = ["column_of"]


def column_of(widget: Any) -> QWidget:
    """Return a column of the parts of a :class:`TrainWidget`."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.addRow("Model", widget.name)
    below = QFormLayout()
    below.setContentsMargins(0, 0, 0, 0)
    below.addRow("Keep together", widget.groups)
    about = QFormLayout()
    about.setContentsMargins(0, 0, 0, 0)
    about.addRow("Author", widget.author)
    about.addRow("Licence", widget.license)
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.addWidget(widget.server)
    column.addLayout(form)
    column.addWidget(widget.target)
    column.addLayout(below)
    column.addWidget(widget.add_button)
    column.addWidget(widget.tile)
    column.addWidget(widget.place)
    column.addWidget(widget.counted)
    column.addWidget(widget.classes)
    column.addLayout(_row(widget.suggest_button, widget.skip_button, widget.undo_button))
    column.addWidget(widget.fit_button)
    column.addWidget(widget.progress)
    column.addWidget(widget.figure)
    column.addWidget(widget.tabs, 1)
    column.addLayout(about)
    column.addLayout(_row(widget.publish_button, widget.report_button))
    return inside


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    return row
