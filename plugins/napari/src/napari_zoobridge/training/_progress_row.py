"""How far long work is, and the button that stops it."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

__all__ = ["ProgressRow"]


class ProgressRow(QWidget):
    """A bar with its stage, and *Cancel*. Keeps its place in the column while it is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip(
            "Stop at the next step; labels and what was computed are kept"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)

    def show_work(self, under_way: bool) -> None:  # noqa: FBT001 - as QWidget.setVisible
        """Show the row while work is under way, at first without a number of steps."""
        if under_way and self.isHidden():
            self.bar.setRange(0, 0)
            self.bar.setFormat("")
        self.setVisible(under_way)

    def advance(self, stage: str, done: int, total: int) -> None:
        """Show a step."""
        self.bar.setFormat(f"{stage}: %v of %m")
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
