"""The Compare widget."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox
from napari.utils import progress
from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_zoobridge._agreement import ComparedItem, agreement, compare
from napari_zoobridge._axes import PlaneAxesError
from napari_zoobridge._colors import UNKNOWN, class_colors
from napari_zoobridge._features import add_features, column_name
from napari_zoobridge._items import EmptyTargetError, ItemKind
from napari_zoobridge._link import Address, ServerLink
from napari_zoobridge._model_choice import ModelChoice
from napari_zoobridge._present import locate
from napari_zoobridge._records import write_csv
from napari_zoobridge._result_table import Cell, SortableTable
from napari_zoobridge._running import Comparison, Options, Update
from napari_zoobridge._server_line import ServerLine
from napari_zoobridge._target_choice import TargetChoice
from napari_zoobridge._work import Life, in_background, sentence, tell
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    import napari

    from napari_zoobridge._records import Record
    from napari_zoobridge._targets import Plan
    from zoobridge.client import Model

__all__ = ["CompareWidget"]

_UPDATE_SECONDS = 0.1
_REFILL_MILLISECONDS = 500


class CompareWidget(QScrollArea):
    """Asks several models about the same items and shows where they agree.

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
        self._comparison: Comparison | None = None
        self._plan: Plan | None = None
        self._models: dict[str, Model] = {}
        self._shown: list[ComparedItem] = []
        self._failures: dict[str, str] = {}
        self._progress: Any = None
        self._stale = False
        self.answers: dict[str, list[Record]] = {}
        """The results of the last run by the name of the model, so far."""

        self.link = ServerLink()
        self.server = ServerLine(self.link)
        self.models = ModelChoice(self.link, several=True)
        self.target = TargetChoice(napari_viewer)
        self.by_framework = CheckBox(text="each framework by itself")
        self.as_features = CheckBox(text="write classes as features", value=True)
        self.run_button = QPushButton("Compare")
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.disagreements = CheckBox(text="disagreements only")
        self.table = SortableTable()
        self.export_button = QPushButton("Export CSV…")
        self._lay_out()

        self._refilling = QTimer(self)
        self._refilling.setInterval(_REFILL_MILLISECONDS)
        self._refilling.timeout.connect(self._refill_if_stale)
        self.models.changed.connect(self._on_models)
        self.run_button.clicked.connect(self.compare)
        self.cancel_button.clicked.connect(self.cancel)
        self.export_button.clicked.connect(self._ask_and_export)
        self.disagreements.changed.connect(lambda _on: self._refill())
        self.table.row_chosen.connect(self._on_row)
        self._life = Life(self, self._hang_up)
        self._set_running(running=False)
        self.link.open(address)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        for widget in (
            self.server,
            QLabel("Tick the models to compare"),
            self.models,
            self.by_framework.native,
            self.target,
            self.as_features.native,
        ):
            column.addWidget(widget)
        column.addLayout(buttons)
        for widget in (self.bar, self.summary, self.disagreements.native):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self.export_button)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumWidth(400)

    # -- what the user does

    def compare(self) -> None:
        """Ask every ticked model about what is chosen."""
        if self._comparison is not None:
            return
        try:
            plan = self.target.plan()
            contestants = self._contestants()
            client = self.link.client
        except (EmptyTargetError, PlaneAxesError, ZooBridgeError) as error:
            tell(error)
            return
        comparison = Comparison(
            client,
            contestants,
            plan,
            Options(mask_fill=self.target.mask_fill),
        )
        self._comparison, self._plan = comparison, plan
        self._failures = {}
        self.answers = {name: [] for name in contestants}
        self._progress = progress(total=0, desc=f"{len(contestants)} models")
        self.bar.setRange(0, 0)
        self.summary.setText("")
        self._refill()
        self._refilling.start()
        self._set_running(running=True)
        in_background(
            lambda: (yield from comparison.updates(_UPDATE_SECONDS)),
            yielded=lambda news: self._on_news(comparison, *news),
            failed=lambda error: self._on_failure(comparison, error),
            finished=lambda: self._on_end(comparison),
        )

    def cancel(self) -> None:
        """Stop; what is answered so far stays."""
        if self._comparison is None:
            return
        self._comparison.stop()
        self.link.renew()

    def export(self, path: Path) -> None:
        """Write all results as CSV, one row for each item and model."""
        records = [record for answers in self.answers.values() for record in answers]
        try:
            write_csv(records, path)
        except OSError as error:
            show_error(f"Cannot write {path}: {error.strerror or error}")
        else:
            show_info(f"Wrote {len(records)} results to {path}")

    def _ask_and_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export results", "comparison.csv", "CSV (*.csv)"
        )
        if name:
            self.export(Path(name))

    def _contestants(self) -> dict[str, tuple[str, str]]:
        contestants: dict[str, tuple[str, str]] = {}
        self._models = {}
        ticked = self.models.ticked
        ids = [model.id for model in ticked]
        for model in ticked:
            frameworks = model.frameworks if self.by_framework.value else ("",)
            chosen = self.models.framework_name
            short = model.id if ids.count(model.id) == 1 else model.reference
            for framework in frameworks:
                name = f"{short} {framework}".strip()
                contestants[name] = (model.reference, framework or chosen)
                self._models[name] = model
        if len(contestants) < 2:
            raise EmptyTargetError(
                "a comparison needs two models; tick two, or one that several frameworks can run "
                "and “each framework by itself”"
            )
        return contestants

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
        if self._comparison is not None:
            self._comparison.stop()
        self.link.close()

    def _on_models(self) -> None:
        ticked = self.models.ticked
        self.target.suit(ticked[0] if ticked else self.models.model)

    def _on_news(self, comparison: Comparison, name: str, news: Update | ZooBridgeError) -> None:
        if self._life.ended or comparison is not self._comparison or comparison.stopped:
            return
        if isinstance(news, ZooBridgeError):
            self._failures[name] = news.message
            return
        self.answers[name] += news.records
        self._stale = True
        total = news.total * len(self.answers)
        done = sum(len(records) for records in self.answers.values())
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        self._progress.total = total
        # Last, since napari lets other events pass meanwhile, the next news among them.
        self._progress.update(len(news.records))

    def _on_failure(self, comparison: Comparison, error: Exception) -> None:
        if not (self._life.ended or comparison.stopped) and comparison is self._comparison:
            tell(error)

    def _on_end(self, comparison: Comparison) -> None:
        if comparison is not self._comparison:
            return
        if self._life.ended:
            self._progress.close()
            return
        self._refilling.stop()
        self._progress.close()
        self._refill()
        if self.as_features.value:
            self._write_features()
        self._comparison = None
        self._set_running(running=False)
        failed = [f"{name}: {sentence}" for name, sentence in self._failures.items()]
        failed += [
            f"{name}, {record.result.region or record.result.plane or 'whole plane'}: {record.error}"
            for name, records in self.answers.items()
            for record in records
            if record.error
        ]
        if failed:
            more = "" if len(failed) == 1 else f" (first of {len(failed)} failures)"
            show_error(sentence(failed[0] + more))

    def _write_features(self) -> None:
        plan = self._plan
        if plan is None or plan.target is None or plan.target not in self._viewer.layers:
            return
        if plan.kind not in (ItemKind.SHAPE, ItemKind.POINT, ItemKind.LABEL):
            return
        for name, records in self.answers.items():
            if records:
                ordered = sorted(records, key=lambda record: record.item.index)
                labels = self._models[name].labels
                add_features(plan.target, ordered, labels, name=f"class_{column_name(name)}")

    def _refill_if_stale(self) -> None:
        if self._stale:
            self._refill()

    def _refill(self) -> None:
        self._stale = False
        compared = compare(self.answers)
        self._shown = [
            item for item in compared if not self.disagreements.value or item.agrees is False
        ]
        self.table.grid.reset(["plane", "region", *self.answers, "agree"])
        self.table.grid.append(self._row(item) for item in self._shown)
        plan = self._plan
        self.table.setColumnHidden(0, plan is None or not plan.place.source.stack_axes)
        self.table.fit_columns()
        self.summary.setText(self._agreement_text(compared))

    def _row(self, item: ComparedItem) -> tuple[Cell, ...]:
        differs = item.agrees is False
        result = next(iter(item.answers.values())).result
        cells = [
            Cell(result.plane or "–", alarming=differs),
            Cell(result.region or "whole plane", f"{item.item.index:09d}", alarming=differs),
        ]
        for name in self.answers:
            record = item.answers.get(name)
            if record is None:
                cells.append(Cell(""))
            elif record.error:
                cells.append(Cell("error", alarming=True, hint=record.error))
            else:
                model = self._models[name]
                colors = class_colors(model.labels, model.label_colors)
                label = record.label or ""
                score = "" if record.score is None else f" {record.score:.2f}"
                apart = differs and label != item.majority
                cells.append(Cell(label + score, color=colors.get(label, UNKNOWN), alarming=apart))
        word = {True: "yes", False: "no", None: ""}[item.agrees]
        return (*cells, Cell(word, alarming=differs))

    def _agreement_text(self, compared: list[ComparedItem]) -> str:
        answered = [item for item in compared if item.agrees is not None]
        if not answered:
            return ""
        agreeing = sum(bool(item.agrees) for item in answered)
        lines = [f"All agree on {agreeing} of {len(answered)} items."]
        lines += [
            f"{escape(first)} and {escape(second)}: {rate:.0%}"
            for (first, second), rate in agreement(compared).items()
        ]
        return "<br>".join(lines)

    def _on_row(self, row: int) -> None:
        if self._plan is not None and row < len(self._shown):
            locate(self._viewer, self._plan, self._shown[row].item)

    def _set_running(self, *, running: bool) -> None:
        self.run_button.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.bar.setVisible(running)
        self.export_button.setEnabled(any(self.answers.values()))
