"""What the Classify and the Compare widget share: a connection, a target, work, a table, a file."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_zoobridge.connection import in_background, notify
from napari_zoobridge.layers import PlaneAxesError
from napari_zoobridge.results import locate, remove_results, write_csv
from napari_zoobridge.targets import EmptyTargetError
from napari_zoobridge.widgets._activity import Activity
from napari_zoobridge.widgets._docked import DockedWidget
from napari_zoobridge.widgets._model_choice import ModelChoice
from napari_zoobridge.widgets._result_table import SortableTable
from napari_zoobridge.widgets._target_choice import TargetChoice
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import napari

    from napari_zoobridge.connection import Address
    from napari_zoobridge.results import Record
    from napari_zoobridge.runs import Stoppable
    from napari_zoobridge.targets import Item, Plan

__all__ = ["Panel"]


class Panel(DockedWidget):
    """A dock widget that asks a server about what is open, in the background.

    A subclass calls :meth:`_lay_out` last in its initializer, and says what to ask and what to do
    with the answers.

    Parameters
    ----------
    viewer
        The viewer.
    several
        Several models may be ticked.
    """

    action: ClassVar[str]
    """What stands on the button."""
    file_name: ClassVar[str]
    """What a file of results is called, unless the user says otherwise."""
    refresh_milliseconds: ClassVar[int]
    """How often what has come so far is shown, while more is to come."""

    def __init__(self, viewer: napari.viewer.Viewer, *, several: bool = False) -> None:
        super().__init__(viewer)
        self._work: Stoppable | None = None
        self._plan: Plan | None = None
        self._activity: Activity | None = None

        self.models = ModelChoice(self.link, several=several)
        self.target = TargetChoice(viewer, self.link)
        self.run_button = QPushButton(self.action)
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.table = SortableTable()
        self.export_button = QPushButton("Export CSV…")

        self.remove_button = QPushButton("Remove results")
        self.remove_button.setToolTip(
            "Remove every column, colour, text and layer that this plugin added"
        )

        self._refreshing = QTimer(self)
        self._refreshing.timeout.connect(self._refresh)

        self.models.changed.connect(self._on_models)
        self.run_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.export_button.clicked.connect(self._ask_and_export)
        self.remove_button.clicked.connect(self.remove)
        self.table.row_chosen.connect(self._on_row)

    def _lay_out(self, parts: Sequence[Any], address: Address | None) -> None:
        """Show widgets and layouts one below the other, and connect."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        for part in parts:
            if part is self.table:
                column.addWidget(part, 1)
            elif isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        self._open(inside, address)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.run_button, 2)
        row.addWidget(self.cancel_button, 1)
        return row

    def _buttons_below(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.export_button)
        row.addWidget(self.remove_button)
        return row

    # -- what a subclass says

    @abstractmethod
    def _prepare(self, plan: Plan) -> tuple[Stoppable, str, Iterator[Any]]:
        """Return the work, its title, and its news, which a thread asks for; show a clean slate.

        Raises
        ------
        EmptyTargetError, ZooBridgeError
            It cannot begin.
        """

    @abstractmethod
    def _forget(self) -> None:
        """Drop the results."""

    @abstractmethod
    def _on_news(self, news: Any) -> None:
        """Take what the work yields."""

    @abstractmethod
    def _show_so_far(self) -> None:
        """Show what has come until now."""

    @abstractmethod
    def _on_end(self, work: Stoppable) -> None:
        """Show the final state, whether the run succeeded, failed or was stopped."""

    @abstractmethod
    def _item_of(self, row: int) -> Item | None:
        """Return the item of a row of the table."""

    @abstractmethod
    def _to_export(self) -> tuple[list[Record], Sequence[str]]:
        """Return the results, and the classes of which all hold a score."""

    @abstractmethod
    def _on_models(self) -> None:
        """Follow the choice of models."""

    # -- what the user does

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._work is not None

    def start(self) -> None:
        """Ask about what is chosen; results appear while it runs."""
        if self._work is not None:
            return
        try:
            plan = self.target.plan()
            work, title, updates = self._prepare(plan)
        except (EmptyTargetError, PlaneAxesError, ZooBridgeError) as error:
            notify(error)
            return
        self._work, self._plan = work, plan
        self.table.setColumnHidden(0, not plan.place.source.stack_axes)
        self.summary.setText("")
        self.bar.setRange(0, 0)
        self._activity = Activity(title)
        self._show_state()
        self._refreshing.start(self.refresh_milliseconds)

        def news() -> Iterator[Any]:
            yield from updates

        in_background(
            news,
            yielded=lambda news: self._on_news(news) if self._wanted(work) else None,
            failed=lambda error: self._on_failure(error) if self._wanted(work) else None,
            finished=lambda: self._finish(work),
        )

    def cancel(self) -> None:
        """Stop; what is answered so far stays."""
        if self._work is None:
            return
        self._work.stop()
        self.summary.setText("stopping …")
        # The stop closed the connection; the next run needs another.
        self.link.renew()

    def export(self, path: Path) -> None:
        """Write the results as CSV, with the columns that every ZooBridge client writes."""
        records, labels = self._to_export()
        try:
            write_csv(records, path, labels)
        except OSError as error:
            show_error(f"Cannot write {path}: {error.strerror or error}")
        else:
            show_info(f"Wrote {len(records)} results to {path}")

    def remove(self) -> None:
        """Take back everything that was added to the viewer, and empty the table."""
        remove_results(self._viewer)
        self._forget()
        self._plan = None
        self.table.grid.reset(())
        self.summary.setText("")
        self._show_state()

    def _ask_and_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export results", self.file_name, "CSV (*.csv)")
        if name:
            self.export(Path(name))

    def _on_row(self, row: int) -> None:
        item = self._item_of(row)
        if self._plan is not None and item is not None:
            locate(self._viewer, self._plan, item)

    # -- what happens

    def _hang_up(self) -> None:
        if self._work is not None:
            self._work.stop()
        super()._hang_up()

    def _wanted(self, work: Stoppable) -> bool:
        return not self._life.ended and work is self._work and not work.stopped

    def _advance(self, done: int, total: int) -> None:
        """Show how far it is."""
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        if self._activity is not None:
            # Last, since other events pass meanwhile, the next news among them.
            self._activity.advance(done, total)

    def _refresh(self) -> None:
        if self.running and not self._life.ended:
            self._show_so_far()
        else:
            self._refreshing.stop()

    def _on_failure(self, error: Exception) -> None:
        self.summary.setText("failed")
        notify(error)

    def _finish(self, work: Stoppable) -> None:
        if work is not self._work:
            return
        if self._activity is not None:
            self._activity.close()
        if self._life.ended:
            self._work = None
            return
        self._refreshing.stop()
        try:
            self._on_end(work)
        finally:
            self._work = None
            self._show_state()

    def _show_state(self) -> None:
        """Let the buttons say what can be done now."""
        self.run_button.setEnabled(self._work is None)
        self.cancel_button.setEnabled(self._work is not None)
        self.bar.setVisible(self._work is not None)
        self.remove_button.setEnabled(self._work is None)
        self.export_button.setEnabled(bool(self._to_export()[0]))
