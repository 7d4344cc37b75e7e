"""The Classify widget."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox
from napari.utils import progress
from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_zoobridge._axes import PlaneAxesError
from napari_zoobridge._colors import UNKNOWN, class_colors
from napari_zoobridge._items import EmptyTargetError
from napari_zoobridge._link import Address, ServerLink
from napari_zoobridge._model_choice import ModelChoice
from napari_zoobridge._present import Look, locate, present, remove_results
from napari_zoobridge._records import write_csv
from napari_zoobridge._result_table import Legend, SortableTable, record_rows
from napari_zoobridge._running import Options, Run, Update, joined
from napari_zoobridge._server_line import ServerLine
from napari_zoobridge._target_choice import TargetChoice
from napari_zoobridge._work import Life, in_background, sentence, tell
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari

    from napari_zoobridge._records import Record
    from napari_zoobridge._targets import Plan
    from zoobridge.client import Model

__all__ = ["ClassifyWidget"]

_UPDATE_SECONDS = 0.1
_PRESENT_MILLISECONDS = 700
_INTENSITIES = [
    ("as the model says", ""),
    ("as they are", "as_is"),
    ("whole range of the type", "dtype_range"),
    ("least to greatest", "min_max"),
]
_SIZES = [
    ("as the model says", ""),
    ("stretched", "stretch"),
    ("scaled and padded", "pad"),
    ("scaled and cropped", "crop"),
    ("cut or padded, unscaled", "center"),
]


class ClassifyWidget(QScrollArea):
    """Classifies what is open in the viewer and shows the classes where the items are.

    Parameters
    ----------
    napari_viewer
        The viewer.
    address
        Which server to speak to at first; the one of this machine if not given.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer, address: Address | None = None) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._run: Run | None = None
        self._plan: Plan | None = None
        self._answering: Model | None = None
        self._look = Look()
        self._progress: Any = None
        self.records: list[Record] = []
        """The results of the last run, so far."""

        self.link = ServerLink()
        self.server = ServerLine(self.link)
        self.models = ModelChoice(self.link)
        self.target = TargetChoice(napari_viewer)
        self.top_k = SpinBox(value=3, min=1, max=1000)
        self.intensity = ComboBox(choices=_INTENSITIES, value="")
        self.fit = ComboBox(choices=_SIZES, value="")
        self.all_scores = CheckBox(text="a column for each class")
        self.colored = CheckBox(text="colour by class", value=True)
        self.text = LineEdit(value="{class}", tooltip="For example {class} {score:.2f}")
        self.run_button = QPushButton("Classify")
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.legend = Legend()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.table = SortableTable()
        self.export_button = QPushButton("Export CSV…")
        self.remove_button = QPushButton("Remove results")
        self.remove_button.setToolTip("Take back every column, colour, text and layer added here")
        self._lay_out()

        self._presenting = QTimer(self)
        self._presenting.setInterval(_PRESENT_MILLISECONDS)
        self._presenting.timeout.connect(self._present_items)
        self.models.changed.connect(self._on_model)
        self.run_button.clicked.connect(self.classify)
        self.cancel_button.clicked.connect(self.cancel)
        self.export_button.clicked.connect(self._ask_and_export)
        self.remove_button.clicked.connect(self.remove)
        self.table.row_chosen.connect(self._on_row)
        self._life = Life(self, self._hang_up)
        self._set_running(running=False)
        self.link.open(address)

    def _lay_out(self) -> None:
        options = QFormLayout()
        options.setContentsMargins(0, 0, 0, 0)
        options.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        options.addRow("Best classes", self.top_k.native)
        options.addRow("Intensities", self.intensity.native)
        options.addRow("Other sizes", self.fit.native)
        options.addRow("Scores", self.all_scores.native)
        options.addRow("Show", self.colored.native)
        options.addRow("Text", self.text.native)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        below = QHBoxLayout()
        below.addWidget(self.export_button)
        below.addWidget(self.remove_button)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addWidget(self.server)
        column.addWidget(self.models)
        column.addWidget(self.target)
        column.addLayout(options)
        column.addLayout(buttons)
        column.addWidget(self.bar)
        column.addWidget(self.summary)
        column.addWidget(self.legend)
        column.addWidget(self.table, 1)
        column.addLayout(below)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumWidth(400)

    # -- what the user does

    def classify(self) -> None:
        """Classify what is chosen; results appear while it runs."""
        if self._run is not None:
            return
        try:
            plan = self.target.plan()
            model = self.models.model
            if model is None:
                raise EmptyTargetError("no model is chosen; choose one from the list")
            client = self.link.client
        except (EmptyTargetError, PlaneAxesError, ZooBridgeError) as error:
            tell(error)
            return
        options = Options(
            framework=self.models.framework_name,
            top_k=int(self.top_k.value),
            all_scores=bool(self.all_scores.value),
            mask_fill=self.target.mask_fill,
            intensity=str(self.intensity.value),
            fit=str(self.fit.value),
        )
        self._look = Look(
            colored=bool(self.colored.value),
            text=str(self.text.value),
            all_scores=options.all_scores,
        )
        run = Run(client, model.reference, plan, options)
        self._run, self._plan, self._answering = run, plan, model
        self._start_over(plan, model)
        in_background(
            lambda: (yield from joined(run.updates(), _UPDATE_SECONDS)),
            yielded=lambda update: self._on_update(run, update),
            failed=lambda error: self._on_failure(run, error),
            finished=lambda: self._on_end(run),
        )

    def cancel(self) -> None:
        """Stop; what is answered so far stays."""
        if self._run is None:
            return
        self._run.stop()
        self.summary.setText("stopping …")
        # The stop closed the connection; the next run needs another.
        self.link.renew()

    def export(self, path: Path) -> None:
        """Write the results as CSV, with the columns that every ZooBridge client writes."""
        try:
            model = self._answering
            labels = model.labels if model is not None and self._look.all_scores else ()
            write_csv(self.records, path, labels)
        except OSError as error:
            show_error(f"Cannot write {path}: {error.strerror or error}")
        else:
            show_info(f"Wrote {len(self.records)} results to {path}")

    def remove(self) -> None:
        """Take back everything that was added to the viewer, and empty the table."""
        remove_results(self._viewer)
        self.records = []
        self._plan = self._answering = None
        self.table.grid.reset(())
        self.legend.setText("")
        self.summary.setText("")
        self._set_running(running=self._run is not None)

    def _ask_and_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export results", "results.csv", "CSV (*.csv)")
        if name:
            self.export(Path(name))

    # -- what happens

    def event(self, event: Any) -> bool:
        """Follow the widget into docks and out of them."""
        if event.type() == QEvent.Type.ParentChange and hasattr(self, "_life"):
            # The dock takes the widget in after it has become its parent.
            QTimer.singleShot(0, self._on_dock)
        return bool(super().event(event))

    def _on_dock(self) -> None:
        if self._life.docked():
            self.link.open()

    def _hang_up(self) -> None:
        if self._run is not None:
            self._run.stop()
        self.link.close()

    def _on_model(self) -> None:
        self.target.suit(self.models.model)
        self._set_running(running=self._run is not None)

    def _start_over(self, plan: Plan, model: Model) -> None:
        self.records = []
        ranks = int(self.top_k.value)
        titles = ["plane", "region", "class", "score"]
        for rank in range(2, ranks + 1):
            titles += [f"class {rank}", f"score {rank}"]
        self.table.grid.reset(titles)
        self.table.setColumnHidden(0, not plan.place.source.stack_axes)
        self.legend.setText("")
        self.summary.setText("")
        self.bar.setRange(0, 0)
        self._progress = progress(total=0, desc=f"{model.id} on {plan.place.source.name}")
        self._presenting.start()
        self._set_running(running=True)

    def _on_update(self, run: Run, update: Update) -> None:
        if self._life.ended or run is not self._run or run.stopped:
            return
        self.records += update.records
        self._add_rows(update.records)
        self.summary.setText(f"{update.done} of {update.total}")
        self.bar.setRange(0, max(1, update.total))
        self.bar.setValue(update.done)
        # Last, since napari lets other events pass meanwhile, the next update among them.
        self._progress.total = update.total
        self._progress.update(len(update.records))

    def _add_rows(self, records: Sequence[Record]) -> None:
        colors = self._colors()
        ranks = (self.table.grid.columnCount() - 2) // 2
        self.table.grid.append(
            record_rows(records, ranks, lambda label: colors.get(label, UNKNOWN))
        )
        self.table.fit_columns()

    def _put_in_order(self) -> None:
        """Show the results in the items' order, in which they need not have come."""
        ordered = sorted(self.records, key=lambda record: record.item.index)
        if ordered != self.records:
            self.records = ordered
            self.table.grid.reset(self.table.grid.titles)
            self._add_rows(ordered)

    def _on_failure(self, run: Run, error: Exception) -> None:
        if not self._life.ended and run is self._run and not run.stopped:
            self.summary.setText("failed")
            tell(error)

    def _on_end(self, run: Run) -> None:
        if run is not self._run:
            return
        if self._life.ended:
            self._progress.close()
            return
        self._presenting.stop()
        self._progress.close()
        self._put_in_order()
        self._present()
        failed = [record for record in self.records if record.error]
        text = f"{len(self.records)} item{'' if len(self.records) == 1 else 's'}"
        text += f", {len(failed)} failed" if failed else ""
        text += "; stopped" if run.stopped else ""
        if self.records or run.stopped:
            self.summary.setText(text)
        self._run = None
        self._set_running(running=False)
        if failed:
            first = failed[0]
            where = " ".join(part for part in (first.result.plane, first.result.region) if part)
            more = "" if len(failed) == 1 else f" (first of {len(failed)} items that failed)"
            show_error(sentence(f"{where + ': ' if where else ''}{first.error}{more}"))
        if self.records and self._plan is not None and not self._is_there(self._plan):
            show_info("The layer was removed meanwhile; the results are in the table.")

    def _present_items(self) -> None:
        """Show what is there so far, where that needs no layer of its own."""
        if self._plan is not None and self._plan.target is not None:
            self._present()

    def _present(self) -> None:
        if self._plan is None or self._answering is None or not self.records:
            return
        order = sorted(self.records, key=lambda record: record.item.index)
        counts = Counter(record.label or "failed" for record in order)
        self.legend.show_counts(counts, self._colors())
        begun = time.monotonic()
        present(self._viewer, self._plan, self._answering, order, self._look)
        # Thousands of shapes take their time; the window is to stay free for most of it.
        taken = int(1000 * (time.monotonic() - begun))
        self._presenting.setInterval(max(_PRESENT_MILLISECONDS, 10 * taken))

    def _is_there(self, plan: Plan) -> bool:
        return (plan.target if plan.target is not None else plan.place.layer) in self._viewer.layers

    def _colors(self) -> dict[str, str]:
        model = self._answering
        return {} if model is None else class_colors(model.labels, model.label_colors)

    def _on_row(self, row: int) -> None:
        if self._plan is not None and row < len(self.records):
            locate(self._viewer, self._plan, self.records[row].item)

    def _set_running(self, *, running: bool) -> None:
        self.run_button.setEnabled(not running and self.models.model is not None)
        self.cancel_button.setEnabled(running)
        self.bar.setVisible(running)
        self.export_button.setEnabled(bool(self.records))
        self.remove_button.setEnabled(not running)
