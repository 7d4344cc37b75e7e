"""The choice of what is never divided between fitting and testing."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox

__all__ = ["GroupChoice"]

_RULES = [
    ("images", "image"),
    ("folders of images", "folder"),
    ("planes of a stack", "plane"),
    ("nothing (flatters)", "item"),
]


class GroupChoice(QComboBox):
    """Offers the rules of :meth:`TrainingSession.add`."""

    def __init__(self) -> None:
        super().__init__()
        for text, rule in _RULES:
            self.addItem(text, rule)
        self.setToolTip(
            "What is never divided between fitting and testing. Pieces of one image are alike, so "
            "that figures are honest only if all of them are on one side."
        )

    @property
    def rule(self) -> str:
        """The chosen rule."""
        return str(self.currentData())
