"""The table of results, and the legend of the classes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QWidget

from napari_zoobridge.results import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from napari_zoobridge.results import Record

__all__ = ["Cell", "Grid", "Legend", "SortableTable", "record_rows"]

SORT_ROLE = Qt.ItemDataRole.UserRole


class Cell:
    """What stands in one cell.

    Parameters
    ----------
    text
        What is shown.
    key
        What it is sorted by; the text if not given.
    color
        ``#rrggbb`` of a mark before the text; empty for none.
    alarming
        It is shown in red.
    hint
        Shown when the pointer rests on it.
    """

    __slots__ = ("alarming", "color", "hint", "key", "text")

    def __init__(
        self,
        text: str,
        key: Any = None,
        *,
        color: str = "",
        alarming: bool = False,
        hint: str = "",
    ) -> None:
        self.text = text
        self.key = text if key is None else key
        self.color = color
        self.alarming = alarming
        self.hint = hint


class Grid(QAbstractTableModel):
    """Rows of cells for Qt."""

    def __init__(self) -> None:
        super().__init__()
        self._titles: tuple[str, ...] = ()
        self._rows: list[tuple[Cell, ...]] = []

    def reset(self, titles: Sequence[str]) -> None:
        """Reset the table to these columns and no rows."""
        self.beginResetModel()
        self._titles, self._rows = tuple(titles), []
        self.endResetModel()

    def append(self, rows: Iterable[tuple[Cell, ...]]) -> None:
        """Add rows at the end."""
        new = list(rows)
        if not new:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
        self._rows += new
        self.endInsertRows()

    @property
    def titles(self) -> tuple[str, ...]:
        """The columns."""
        return self._titles

    def cell(self, row: int, column: int) -> Cell:
        """Return a cell."""
        return self._rows[row][column]

    def rowCount(self, parent: Any = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Any = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self._titles)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's title."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._titles[section]
        return None

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what Qt wants to know of a cell."""
        cell = self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.hint or None
        if role == Qt.ItemDataRole.DecorationRole:
            return QColor(cell.color) if cell.color else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor("#e06c50") if cell.alarming else None
        if role == SORT_ROLE:
            return cell.key
        return None


class SortableTable(QTableView):
    """A table whose rows can be sorted and clicked.

    Signals
    -------
    row_chosen
        A row was clicked or reached by keyboard; its number in the order of arrival.
    """

    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.grid = Grid()
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.grid)
        self._proxy.setSortRole(SORT_ROLE)
        self.setModel(self._proxy)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(22)
        header = self.horizontalHeader()
        header.setResizeContentsPrecision(50)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.setMinimumHeight(140)
        self.selectionModel().currentRowChanged.connect(self._on_row)

    def _on_row(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self._proxy.mapToSource(current).row())

    def fit_columns(self) -> None:
        """Make the columns as wide as the first rows need."""
        self.resizeColumnsToContents()

    def choose_row(self, row: int) -> None:
        """Select the row with this number in the order of arrival."""
        index = self._proxy.mapFromSource(self.grid.index(row, 0))
        self.setCurrentIndex(index)

    @property
    def chosen_row(self) -> int | None:
        """The row that is chosen, in the order of arrival; `None` where none is."""
        index = self.currentIndex()
        return self._proxy.mapToSource(index).row() if index.isValid() else None

    def texts(self) -> list[list[str]]:
        """Return all cells as shown, in the displayed order."""
        return [
            [
                str(self._proxy.index(row, column).data())
                for column in range(self.grid.columnCount())
            ]
            for row in range(self._proxy.rowCount())
        ]


class Legend(QLabel):
    """Names the classes that were found, in their colours, with their numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)

    def show_counts(self, counts: Mapping[str, int], colors: Mapping[str, str]) -> None:
        """Show how many items each class has; classes without items are left out."""
        parts = [
            f'<span style="color:{colors.get(label, UNKNOWN)}">■</span>&nbsp;'
            f"{escape(label)}&nbsp;({counts[label]})"
            for label in [*colors, *(set(counts) - set(colors))]
            if counts.get(label)
        ]
        self.setText("&nbsp;&nbsp; ".join(parts))


def record_rows(
    records: Iterable[Record], ranks: int, color_of: Callable[[str], str]
) -> Iterable[tuple[Cell, ...]]:
    """Make the rows of the results' table.

    Parameters
    ----------
    records
        The results.
    ranks
        For how many classes there are columns.
    color_of
        Gives a class its colour.
    """
    for record in records:
        result = record.result
        hint = "\n".join(_hints(record))
        cells = [
            Cell(result.plane or "–", tuple(result.indexes.values()).__repr__(), hint=hint),
            Cell(result.region or "whole plane", f"{record.item.index:09d}", hint=hint),
        ]
        if record.error:
            cells.append(Cell(record.error, "", alarming=True, hint=record.error))
            cells += [Cell("", 0.0)] * (2 * ranks - 1)
        for rank in range(0 if record.error else ranks):
            one = result.top[rank] if rank < len(result.top) else None
            if one is None:
                cells += [Cell(""), Cell("", -1.0)]
                continue
            warned = rank == 0 and record.unlike_training
            cells.append(
                Cell(
                    f"⚠ {one.label}" if warned else one.label,
                    color=color_of(one.label) if rank == 0 else "",
                    alarming=warned,
                    hint=hint,
                )
            )
            score = one.score
            cells.append(Cell("", -1.0) if score is None else Cell(f"{score:.4f}", float(score)))
        yield tuple(cells)


def _hints(record: Record) -> Iterable[str]:
    result = record.result
    if result.novelty is not None:
        said = (
            "unlike the training pictures"
            if record.unlike_training
            else "like the training pictures"
        )
        yield (
            f"{said}: novelty {result.novelty.value:.3f}, and the model warns above "
            f"{result.novelty.threshold:.3f}"
        )
    if result.prediction_set is not None:
        labels = ", ".join(result.prediction_set.labels) or "no class"
        yield f"in {result.prediction_set.coverage:.0%} of such pictures among: {labels}"
    for one in result.conversions:
        yield f"{one.kind}: {one.detail}"
