"""The classes as radio buttons with counts and keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClassButtons"]

_KEYS = 9


class ClassButtons(QWidget):
    """Shows the classes; a click gives one to the item that is shown.

    Signals
    -------
    chosen
        A class was chosen.
    added
        A class was typed that is new.
    renamed
        A class is to have another name: the old and the new one.
    """

    chosen = Signal(str)
    added = Signal(str)
    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[QRadioButton] = []
        self._labels: list[str] = []
        # No button stays checked of its own: each item has its own class.
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self.name = QLineEdit()
        self.name.setPlaceholderText("name of a new class")
        self.add_button = QPushButton("Add class")
        self.add_button.clicked.connect(self._add)
        self.name.returnPressed.connect(self._add)
        self.rename_button = QPushButton("Rename…")
        self.rename_button.setToolTip(
            "Give a class another name; with the name of another class, join both"
        )
        self.rename_button.clicked.connect(self._rename)
        self._keys = [QShortcut(QKeySequence(str(key)), self) for key in range(1, _KEYS + 1)]
        for key, shortcut in enumerate(self._keys, start=1):
            shortcut.activated.connect(partial(self.choose, key))
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.name, 1)
        row.addWidget(self.add_button)
        row.addWidget(self.rename_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self._column)
        whole.addLayout(row)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of their keys."""
        return tuple(self._labels)

    def show_counts(self, counts: Mapping[str, int], current: str = "", guess: str = "") -> None:
        """Show the classes with their counts.

        Parameters
        ----------
        counts
            How many items have each class.
        current
            The class of the item that is shown; empty where it has none.
        guess
            What the model takes it for; empty where it was not asked.
        """
        if list(counts) != self._labels:
            self._labels = list(counts)
            self._rebuild()
            self.rename_button.setEnabled(bool(counts))
        for button, (label, count) in zip(self.buttons, counts.items(), strict=True):
            place = self.buttons.index(button) + 1
            key = f"{place}   " if place <= _KEYS else ""
            hint = "   ← model" if label == guess else ""
            button.setText(f"{key}{label}   ({count}){hint}".replace("&", "&&"))
            button.setChecked(label == current)

    def listen(self, wanted: bool) -> None:  # noqa: FBT001 - as QShortcut.setEnabled
        """Take the keys 1 to 9 from the window, or leave them to napari."""
        for shortcut in self._keys:
            shortcut.setEnabled(wanted)

    def choose(self, number: int) -> None:
        """Choose the class with this key, from 1."""
        if 0 < number <= len(self._labels):
            self.chosen.emit(self._labels[number - 1])

    def _rebuild(self) -> None:
        for button in self.buttons:
            self._group.removeButton(button)
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for label in self._labels:
            button = QRadioButton()
            button.setAutoExclusive(False)
            button.clicked.connect(lambda _checked=False, label=label: self.chosen.emit(label))
            self._group.addButton(button)
            self._column.addWidget(button)
            self.buttons.append(button)

    def _add(self) -> None:
        label = self.name.text().strip()
        if label and label not in self._labels:
            self.added.emit(label)
        self.name.clear()

    def _rename(self) -> None:
        old, wanted = QInputDialog.getItem(
            self, "Rename a class", "Class", self._labels, editable=False
        )
        if not wanted:
            return
        new, wanted = QInputDialog.getText(
            self,
            "Rename a class",
            f"New name of “{old}”; that of another class joins both",
            text=old,
        )
        if wanted and new.strip() and new.strip() != old:
            self.renamed.emit(old, new.strip())
