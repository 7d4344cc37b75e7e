"""What all widgets share: a viewer, a connection, and a life in napari's docks."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QScrollArea

from napari_zoobridge.connection import ServerLink
from napari_zoobridge.widgets._activity import Life
from napari_zoobridge.widgets._server_line import ServerLine

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

    from napari_zoobridge.connection import Address

__all__ = ["DockedWidget"]


class DockedWidget(QScrollArea):
    """A dock widget with a connection of its own.

    It hangs up when its dock is closed, and connects again when it is shown in another dock. A
    subclass makes its parts, and calls :meth:`_open` last in its initializer.

    Parameters
    ----------
    viewer
        The viewer.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.link = ServerLink()
        self.server = ServerLine(self.link)
        self._life = Life(self, self._hang_up)

    def _open(self, inside: QWidget, address: Address | None) -> None:
        """Show the parts, and connect."""
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumWidth(400)
        self._show_state()
        self.link.open(address)

    @abstractmethod
    def _show_state(self) -> None:
        """Let the parts show what can be done now."""

    def event(self, event: Any) -> bool:
        """Follow the widget into docks and out of them."""
        if event.type() == QEvent.Type.ParentChange and hasattr(self, "_life"):
            # The dock takes the widget in after it has become its parent.
            QTimer.singleShot(0, self._on_dock)
        return bool(super().event(event))

    def _on_dock(self) -> None:
        if self._life.docked():
            self.link.open()
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Show what is left after the widget was taken into another dock."""
        self._show_state()

    def _hang_up(self) -> None:
        """End the work and the connection. The parts may be gone already."""
        self.link.close()
