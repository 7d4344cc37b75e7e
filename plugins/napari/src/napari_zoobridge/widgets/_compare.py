"""The Compare widget."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox
from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QLabel

from napari_zoobridge.connection import sentence
from napari_zoobridge.results import (
    UNKNOWN,
    ComparedItem,
    add_features,
    agreement,
    class_colors,
    column_name,
    compare,
    in_own_words,
    label_items_with_text,
    layer_of_results,
    made_of,
    of_objects,
)
from napari_zoobridge.runs import Comparison, Options, Update
from napari_zoobridge.targets import EmptyTargetError, ItemKind
from napari_zoobridge.widgets._panel import Panel
from napari_zoobridge.widgets._result_table import Cell
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import napari

    from napari_zoobridge.connection import Address
    from napari_zoobridge.results import Record
    from napari_zoobridge.runs import Stoppable
    from napari_zoobridge.targets import Item, Plan
    from zoobridge.client import Model

__all__ = ["CompareWidget"]

_UPDATE_SECONDS = 0.1
_DIFFERING = "#e06c50"
# A tile would hide the picture, a point of this colour would be gone.
_AGREEING = {ItemKind.TILE: "transparent", ItemKind.PLANE: "#808080"}


class CompareWidget(Panel):
    """Asks several models about the same items and shows where they agree.

    Parameters
    ----------
    napari_viewer
        The viewer.
    address
        Server to connect to first; the one on this machine by default.
    """

    action = "Compare"
    file_name = "comparison.csv"
    refresh_milliseconds = 500

    def __init__(self, napari_viewer: napari.viewer.Viewer, address: Address | None = None) -> None:
        super().__init__(napari_viewer, several=True)
        self._models: dict[str, Model] = {}
        self._shown: list[ComparedItem] = []
        self._failures: dict[str, str] = {}
        self._stale = False
        self.answers: dict[str, list[Record]] = {}
        """The results of the last run by the name of the model, so far."""

        self.by_framework = CheckBox(text="each framework separately")
        self.as_features = CheckBox(text="write classes as features", value=True)
        self.disagreements = CheckBox(text="disagreements only")
        self.disagreements.changed.connect(lambda _on: self._refill())

        parts = (
            self.server,
            QLabel("Tick the models to compare"),
            self.models,
            self.by_framework.native,
            self.target,
            self.as_features.native,
            self._buttons(),
            self.bar,
            self.summary,
            self.disagreements.native,
            self.table,
            self._buttons_below(),
        )
        self._lay_out(parts, address)

    # -- what the user does

    def _prepare(self, plan: Plan) -> tuple[Stoppable, str, Iterator[Any]]:
        contestants = self._contestants()
        options = Options(mask_fill=self.target.mask_fill)
        comparison = Comparison(self.link.client, contestants, plan, options)
        self._failures = {}
        self.answers = {name: [] for name in contestants}
        self._refill()
        title = f"{len(contestants)} models on {plan.place.source.name}"
        return comparison, title, comparison.updates(_UPDATE_SECONDS)

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
                "and “each framework separately”"
            )
        return contestants

    def _forget(self) -> None:
        self.answers = {}
        self._shown = []

    # -- what happens

    def _item_of(self, row: int) -> Item | None:
        return self._shown[row].item if row < len(self._shown) else None

    def _to_export(self) -> tuple[list[Record], Sequence[str]]:
        return [record for answers in self.answers.values() for record in answers], ()

    def _on_models(self) -> None:
        ticked = self.models.ticked
        self.target.suit(ticked[0] if ticked else self.models.model)

    def _on_news(self, news: tuple[str, Update | ZooBridgeError]) -> None:
        name, update = news
        if isinstance(update, ZooBridgeError):
            self._failures[name] = in_own_words(update)
            return
        self.answers[name] += update.records
        self._stale = True
        done = sum(len(records) for records in self.answers.values())
        self._advance(done, update.total * len(self.answers))

    def _on_end(self, work: Stoppable) -> None:
        self._refill()
        if work.stopped and not self.summary.text():
            self.summary.setText("stopped")
        if self.as_features.value:
            self._write_features()
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
        """Write each model's classes as features: of the items' layer, or of one that is made."""
        plan, compared = self._plan, compare(self.answers)
        if plan is None or not compared:
            return
        first = [next(iter(item.answers.values())) for item in compared]
        title = f"comparison · {made_of(plan)}"
        layer, _ = layer_of_results(self._viewer, plan, title, first)
        if layer is None:
            show_info("The layer was removed during the run; the results are in the table.")
            return
        rows = {item.item.order: row for row, item in enumerate(compared)}
        columns = []
        for name, records in self.answers.items():
            ordered = sorted(records, key=lambda record: record.item.order)
            if plan.target is None:
                ordered = [
                    replace(one, item=replace(one.item, index=rows[one.item.order]))
                    for one in ordered
                ]
            if ordered:
                labels = self._models[name].labels
                column = f"class_{column_name(name)}"
                columns.append(
                    add_features(layer, of_objects(ordered), labels, name=column)["class"]
                )
        if plan.kind is ItemKind.PLANE and columns:
            template = " / ".join(f"{{{column}}}" for column in columns)
            label_items_with_text(layer, template, columns[0])
        if plan.target is None:
            agreeing = _AGREEING[plan.kind]
            layer.face_color = [
                agreeing if item.agrees is not False else _DIFFERING for item in compared
            ]

    def _show_so_far(self) -> None:
        if self._stale:
            self._refill()

    def _refill(self) -> None:
        self._stale = False
        compared = compare(self.answers)
        self._shown = [
            item for item in compared if not self.disagreements.value or item.agrees is False
        ]
        self.table.grid.reset(["plane", "region", *self.answers, "agree"])
        colors = self._colors()
        self.table.grid.append(self._row(item, colors) for item in self._shown)
        plan = self._plan
        self.table.setColumnHidden(0, plan is None or not plan.place.source.stack_axes)
        self.table.fit_columns()
        self.summary.setText(self._agreement_text(compared))

    def _colors(self) -> dict[str, str]:
        """Give each class one colour, whichever models name it: that of the first."""
        colors: dict[str, str] = {}
        for model in self._models.values():
            colors = class_colors(model.labels, model.label_colors) | colors
        return colors

    def _row(self, item: ComparedItem, colors: Mapping[str, str]) -> tuple[Cell, ...]:
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
