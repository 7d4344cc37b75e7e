"""The item that is labelled, as large as the widget shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QLabel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TileView"]

_SIDE = 260


class TileView(QLabel):
    """Shows a picture, or a sentence where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumHeight(_SIDE)

    def show_picture(self, picture: NDArray[np.uint8]) -> None:
        """Show ``(height, width, 3)`` pixels, scaled to the view."""
        height, width = picture.shape[:2]
        image = QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self.setPixmap(
            QPixmap.fromImage(image).scaled(
                _SIDE,
                _SIDE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )

    def show_sentence(self, text: str) -> None:
        """Show what to do in place of a picture."""
        self.setPixmap(QPixmap())
        self.setText(text)
