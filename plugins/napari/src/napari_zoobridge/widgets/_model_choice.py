"""Choosing frameworks and models: a search, a list, and what there is to know of the chosen one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_zoobridge.runs import expectation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_zoobridge.connection import ServerLink
    from zoobridge.client import Model

__all__ = ["ModelChoice", "describe", "matches"]

_FASTEST = "fastest installed"
_REFERENCE = Qt.ItemDataRole.UserRole


def matches(model: Model, words: str) -> bool:
    """Tell whether a model has every word of a search in its id, name, texts, tags or labels."""
    heap = " ".join(
        [model.reference, model.name, model.description, *model.tags, *model.labels]
    ).lower()
    return all(word in heap for word in words.lower().split())


def describe(model: Model) -> str:
    """Describe a model in HTML: its classes, its input, its license and trust."""
    lines = []
    if model.name and model.name != model.id:
        lines.append(f"<b>{escape(model.name)}</b>")
    if model.problem:
        lines.append(f"<b>Cannot be used:</b> {escape(model.problem)}")
    if model.description:
        lines.append(escape(model.description))
    if model.labels:
        chips = [
            f'<span style="color:{color}">■</span>&nbsp;{escape(label)}'
            for label, color in zip(model.labels[:40], model.label_colors, strict=False)
        ]
        more = f" … {len(model.labels)} in all" if len(model.labels) > 40 else ""
        lines.append(f"<b>Classes:</b> {', '.join(chips)}{more}")
    if model.input is not None:
        lines.append(f"<b>Expects:</b> {escape(expectation(model))}")
    for weights in model.weights:
        if weights.problem:
            remedy = f" <code>{escape(weights.remedy)}</code>" if weights.remedy else ""
            lines.append(f"{escape(weights.framework)}: {escape(weights.problem)}{remedy}")
    if model.license:
        lines.append(f"<b>Licence:</b> {escape(model.license)}")
    return "<br>".join(lines)


class ModelChoice(QWidget):
    """Lets the user find a model, or several.

    Signals
    -------
    changed
        Another model or framework is chosen, or the chosen one is not what it was.

    Parameters
    ----------
    link
        The connection whose models are offered.
    several
        Several models may be ticked.
    """

    changed = Signal()

    def __init__(self, link: ServerLink, *, several: bool = False) -> None:
        super().__init__()
        self._link = link
        self._several = several
        self._filling = False
        self.picked = False
        """Whether the model is the user's choice: one that was picked, or the only one."""
        self.framework = QComboBox()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search models, classes, tags")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setFixedHeight(92)
        self.details = QTextBrowser()
        self.details.setOpenExternalLinks(True)
        self.details.setFixedHeight(112)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(QLabel("Framework"))
        row.addWidget(self.framework, 1)
        column.addLayout(row)
        column.addWidget(self.search)
        column.addWidget(self.list)
        column.addWidget(self.details)
        link.changed.connect(self._fill)
        self.framework.currentIndexChanged.connect(self._fill_models)
        self.search.textChanged.connect(self._fill_models)
        self.list.currentItemChanged.connect(self._on_pick)
        self.list.itemChanged.connect(self._show)
        self._fill()

    @property
    def framework_name(self) -> str:
        """The chosen framework; empty for the fastest."""
        return str(self.framework.currentData() or "")

    @property
    def model(self) -> Model | None:
        """The chosen model."""
        item = self.list.currentItem()
        return None if item is None else self._find(item.data(_REFERENCE))

    @property
    def ticked(self) -> list[Model]:
        """The ticked models, where several may be."""
        items = (self.list.item(row) for row in range(self.list.count()))
        found = (
            self._find(item.data(_REFERENCE))
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        )
        return [model for model in found if model is not None]

    def choose(self, reference: str) -> None:
        """Choose the model of that ``id`` or ``id@version``."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            model = self._find(item.data(_REFERENCE))
            if model is not None and reference in (model.id, model.reference):
                self.list.setCurrentRow(row)
                return

    def tick(self, references: Sequence[str]) -> None:
        """Tick the models of these ids, and no others."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            model = self._find(item.data(_REFERENCE))
            on = model is not None and (model.id in references or model.reference in references)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _find(self, reference: str) -> Model | None:
        return next((m for m in self._link.models if m.reference == reference), None)

    def _fill(self) -> None:
        chosen = self.framework_name
        self._filling = True
        self.framework.clear()
        self.framework.addItem(_FASTEST, "")
        for framework in self._link.frameworks:
            if framework.problem:
                continue
            self.framework.addItem(f"{framework.name} {framework.version}".strip(), framework.name)
        self.framework.setCurrentIndex(max(0, self.framework.findData(chosen)))
        self._filling = False
        self._fill_models()

    def _fill_models(self) -> None:
        if self._filling:
            return
        item = self.list.currentItem()
        chosen = None if item is None else item.data(_REFERENCE)
        ticked = {model.reference for model in self.ticked}
        framework, words = self.framework_name, self.search.text()
        self._filling = True
        self.list.clear()
        for model in self._link.models:
            if not matches(model, words):
                continue
            if framework and framework not in model.frameworks and not model.problem:
                continue
            entry = QListWidgetItem(self._title(model))
            entry.setData(_REFERENCE, model.reference)
            entry.setToolTip(model.problem or model.description)
            if model.problem or not model.frameworks:
                entry.setForeground(Qt.GlobalColor.gray)
            if self._several:
                on = model.reference in ticked
                entry.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self.list.addItem(entry)
            if model.reference == chosen:
                self.list.setCurrentItem(entry)
        if self.list.currentItem() is None:
            usable = [
                row
                for row in range(self.list.count())
                if (found := self._find(self.list.item(row).data(_REFERENCE))) and not found.problem
            ]
            self.list.setCurrentRow(usable[0] if usable else -1)
            self.picked = len(usable) == 1
        self._filling = False
        self._show()

    def _title(self, model: Model) -> str:
        if model.problem:
            return f"{model.reference}  (cannot be used)"
        loaded = "  ●" if model.loaded else ""
        return f"{model.reference}  ·  {len(model.labels)} classes  ·  {', '.join(model.frameworks)}{loaded}"

    def _on_pick(self) -> None:
        if not self._filling:
            self.picked = True
            self._show()

    def _show(self) -> None:
        if self._filling:
            return
        model = self.model
        self.details.setHtml("" if model is None else describe(model))
        self.changed.emit()
