"""What a fit says, in tabs: mistakes, doubtful labels, duplicates, the report."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QTabWidget, QTextBrowser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zoobridge.client import TrainingFigures, TrainingItem

__all__ = ["FigureTabs", "headline"]

_RIGHT = (86, 180, 233)
_WRONG = (230, 159, 0)


def headline(figures: TrainingFigures) -> str:
    """Return the figure of a fit with its interval, as a sentence."""
    items = sum(one.items for one in figures.classes)
    return (
        f"Balanced accuracy {figures.balanced_accuracy:.2f} (95 % interval {figures.low:.2f} to "
        f"{figures.high:.2f}) on {items} labelled items; chance is {figures.chance:.2f}"
    )


class FigureTabs(QTabWidget):
    """The tabs.

    Signals
    -------
    picked
        A row was clicked: the digest of its item.

    Parameters
    ----------
    name_of
        Returns what to call an item.
    """

    picked = Signal(str)

    def __init__(self, name_of: Callable[[TrainingItem], str]) -> None:
        super().__init__()
        self._name_of = name_of
        self.mistakes = self._table("item", "labelled", "answered")
        self.doubtful = self._table("item", "labelled", "rather")
        self.duplicates = self._table("item", "other item", "alike")
        self.report = QTextBrowser()
        self.addTab(self.mistakes, "Mistakes")
        self.addTab(self.doubtful, "Doubtful labels")
        self.addTab(self.duplicates, "Duplicates")
        self.addTab(self.report, "Report")

    def show_figures(self, figures: TrainingFigures) -> None:
        """Show all that is known of a fit."""
        for table, title, questioned in (
            (self.mistakes, "Mistakes", figures.mistakes),
            (self.doubtful, "Doubtful labels", figures.doubtful),
        ):
            rows = [
                (one.item, (self._name_of(one.item), one.label, one.answered)) for one in questioned
            ]
            self._fill(table, title, rows)
        pairs = [
            (
                one.first,
                (
                    self._name_of(one.first),
                    self._name_of(one.second),
                    f"{one.similarity:.3f}{', classes differ' if one.contradicting else ''}",
                ),
            )
            for one in figures.duplicates
        ]
        self._fill(self.duplicates, "Duplicates", pairs)
        self.report.setHtml(_report(figures))

    def clear_figures(self) -> None:
        """Show nothing."""
        self._fill(self.mistakes, "Mistakes", ())
        self._fill(self.doubtful, "Doubtful labels", ())
        self._fill(self.duplicates, "Duplicates", ())
        self.report.clear()

    def _table(self, *titles: str) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setMinimumHeight(140)
        table.cellClicked.connect(lambda row, _: self._pick(table, row))
        return table

    def _fill(
        self,
        table: QTableWidget,
        title: str,
        rows: Sequence[tuple[TrainingItem, tuple[str, ...]]],
    ) -> None:
        table.setRowCount(len(rows))
        for row, (item, texts) in enumerate(rows):
            for column, text in enumerate(texts):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text)
                cell.setData(256, item.picture)
                table.setItem(row, column, cell)
        number = self.indexOf(table)
        self.setTabText(number, f"{title} ({len(rows)})" if rows else title)

    def _pick(self, table: QTableWidget, row: int) -> None:
        cell = table.item(row, 0)
        if cell is not None:
            self.picked.emit(str(cell.data(256)))


def _report(figures: TrainingFigures) -> str:
    lines = [
        f"{headline(figures)}.",
        f"Accuracy {figures.accuracy:.2f}; always answering the commonest class gives "
        f"{figures.majority_rate:.2f}. Expected calibration error {figures.calibration_error:.3f}.",
    ]
    for one in figures.classes:
        recall = "too few groups" if one.recall is None else f"{one.recall:.2f} answered right"
        lines.append(f"{one.label}: {one.items} items in {one.groups} groups, {recall}")
    cautions = [f"Caution: {sentence}." for sentence in figures.cautions]
    cautions += [f"Not used: {one.item}: {one.reason}" for one in figures.unused]
    return "".join([*map(_paragraph, lines), _confusion(figures), *map(_paragraph, cautions)])


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _confusion(figures: TrainingFigures) -> str:
    """Return the confusion matrix: labelled classes are rows, answered ones columns."""
    labels = [escape(one.label) for one in figures.classes]
    if not labels or len(figures.confusion) != len(labels) ** 2:
        return ""
    rows = []
    for place, label in enumerate(labels):
        counts = figures.confusion[place * len(labels) : (place + 1) * len(labels)]
        cells = [
            _cell(count, count / (sum(counts) or 1), right=column == place)
            for column, count in enumerate(counts)
        ]
        rows.append(f"<tr><th align='left'>{label}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th>{label}</th>" for label in labels)
    return (
        "<p>Tested items of each class (row) by the class that was answered (column), on average "
        f"over the repetitions:</p><table cellpadding='5'><tr><th></th>{head}</tr>{''.join(rows)}"
        "</table>"
    )


def _cell(count: float, share: float, *, right: bool) -> str:
    color = _RIGHT if right else _WRONG
    # On a light ground, black is legible at every share, in dark themes too.
    ground = "#" + "".join(f"{round(255 - share * (255 - one)):02x}" for one in color)
    return f"<td align='right' style='color: black' bgcolor='{ground}'>{count:.1f}</td>"
