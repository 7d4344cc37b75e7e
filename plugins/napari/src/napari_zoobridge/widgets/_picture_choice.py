"""Choosing among the pictures of an image's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.utils.notifications import show_error
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_zoobridge.connection import in_background, notify, sentence
from napari_zoobridge.layers import FilePictures, PictureFileError
from napari_zoobridge.widgets._activity import Life

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

__all__ = ["PictureChoice"]


class PictureChoice(QWidget):
    """Says that a file holds more pictures than the one a layer shows, and opens another.

    It is hidden while there is nothing to choose.

    Signals
    -------
    offered
        There is something to choose now, or no longer.
    opened
        A picture was chosen; its layer is in the viewer.

    Parameters
    ----------
    viewer
        The viewer whose layers they are.
    """

    offered = Signal()
    opened = Signal(object)

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._life = Life(self)
        self._layer: Any = None
        self._found: FilePictures | None = None
        self._known: dict[tuple[Path, int], FilePictures] = {}
        self.combo = ComboBox(choices=[])
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.combo.native)
        column.addWidget(self.notice)
        self.combo.changed.connect(self._on_choice)

    @property
    def several(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.notice.text())

    def follow(self, layer: Any) -> None:
        """Look for other pictures in the file of an image."""
        if layer is self._layer:
            return
        self._layer, self._found = layer, None
        self.notice.setText("")
        file = FilePictures.file_of(layer)
        if file is None:
            return
        path, shown = file
        try:
            key = (path, path.stat().st_mtime_ns)
        except OSError:
            return
        if key in self._known:
            self._offer(layer, self._known[key], shown)
            return

        def show(found: FilePictures) -> None:
            self._known[key] = found
            if not self._life.ended and layer is self._layer:
                self._offer(layer, found, shown)
                self.offered.emit()

        in_background(lambda: FilePictures.read(path), returned=show)

    def _offer(self, layer: Any, found: FilePictures, shown: int) -> None:
        self.notice.setText(found.notice(layer, shown))
        if not self.several:
            return
        self._found = None
        self.combo.choices = [
            (f"{index}: {one.description}", index) for index, one in enumerate(found.pictures)
        ]
        self.combo.value = shown
        self._found = found

    def _on_choice(self, index: Any) -> None:
        found, before = self._found, self._layer
        file = FilePictures.file_of(before)
        if found is None or file is None or index is None or index == file[1]:
            return
        for layer in self._viewer.layers:
            if type(layer).__name__ == "Image" and FilePictures.file_of(layer) == (file[0], index):
                self.opened.emit(layer)
                return

        def show(read: tuple[Any, dict[str, Any]]) -> None:
            array, options = read
            if not self._life.ended:
                self.opened.emit(self._viewer.add_image(array, **options))

        def fail(error: Exception) -> None:
            if not isinstance(error, PictureFileError):
                notify(error)
                return
            show_error(sentence(str(error)))
            if not self._life.ended and before is self._layer:
                self._offer(before, found, file[1])

        in_background(lambda: found.open(index), returned=show, failed=fail)
