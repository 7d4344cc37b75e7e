"""The field for the name of a project, which offers those that the server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QStringListModel, Qt, Signal
from qtpy.QtWidgets import QCompleter, QLineEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ProjectName"]


class ProjectName(QLineEdit):
    """Asks for the name of a model, and completes those of the server's projects.

    Signals
    -------
    edited
        The user changed the name, by typing or by choosing.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("My cells")
        self.setToolTip("The name of a project that the server has continues it")
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)
        self.textEdited.connect(lambda _: self.edited.emit())
        # A choice from the list is no edit for Qt.
        completer.activated.connect(lambda _: self.edited.emit())

    @property
    def known(self) -> tuple[str, ...]:
        """The names that are offered."""
        return tuple(self._known.stringList())

    def offer(self, names: Sequence[str]) -> None:
        """Offer these names."""
        self._known.setStringList(list(names))
