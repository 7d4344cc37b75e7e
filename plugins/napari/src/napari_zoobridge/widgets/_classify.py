"""The Classify widget."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtWidgets import QFormLayout, QPushButton

from napari_zoobridge.connection import Preload, in_background, sentence
from napari_zoobridge.results import UNKNOWN, Look, class_colors, present, show_explanation
from napari_zoobridge.runs import Options, Run, advice, explained, joined
from napari_zoobridge.targets import EmptyTargetError
from napari_zoobridge.widgets._panel import Panel
from napari_zoobridge.widgets._result_table import Legend, record_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import napari

    from napari_zoobridge.connection import Address
    from napari_zoobridge.results import Record
    from napari_zoobridge.runs import Stoppable, Update
    from napari_zoobridge.targets import Item, Plan
    from zoobridge.client import Model

__all__ = ["ClassifyWidget"]

_UPDATE_SECONDS = 0.1
_INTENSITIES = [
    ("as the model says", ""),
    ("as they are", "as_is"),
    ("whole range of the type", "dtype_range"),
    ("0 to 1", "unit_range"),
    ("least to greatest", "min_max"),
]
_SIZES = [
    ("as the model says", ""),
    ("stretched", "stretch"),
    ("scaled and padded", "pad"),
    ("scaled and cropped", "crop"),
    ("cut or padded, unscaled", "center"),
]


class ClassifyWidget(Panel):
    """Classifies what is open in the viewer and shows the classes where the items are.

    Parameters
    ----------
    napari_viewer
        The viewer.
    address
        Server to connect to first; the one on this machine by default.
    """

    action = "Classify"
    file_name = "results.csv"
    refresh_milliseconds = 700

    def __init__(self, napari_viewer: napari.viewer.Viewer, address: Address | None = None) -> None:
        super().__init__(napari_viewer)
        self._answering: Model | None = None
        self._look = Look()
        self.records: list[Record] = []
        """The results of the last run, so far."""

        self.top_k = SpinBox(value=3, min=1, max=1000)
        self.intensity = ComboBox(choices=_INTENSITIES, value="")
        self.fit = ComboBox(choices=_SIZES, value="")
        self.all_scores = CheckBox(text="a column for each class")
        self.colored = CheckBox(text="colour by class", value=True)
        self.text = LineEdit(value="{class}", tooltip="For example {class} {score:.2f}")
        self.legend = Legend()
        self.explain_button = QPushButton("Explain the chosen row")
        self.explain_button.setToolTip(
            "Show as a heat map which places of the item its score depends on"
        )
        self.explain_button.clicked.connect(self.explain)
        self._preload = Preload(self)
        self.target.changed.connect(self._load_early)
        self.target.options = self._way_in
        self.intensity.changed.connect(self.target.judge)
        self.fit.changed.connect(self.target.judge)

        options = QFormLayout()
        options.setContentsMargins(0, 0, 0, 0)
        options.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        options.addRow("Best classes", self.top_k.native)
        options.addRow("Intensities", self.intensity.native)
        options.addRow("Other sizes", self.fit.native)
        options.addRow("Scores", self.all_scores.native)
        options.addRow("Show", self.colored.native)
        options.addRow("Text", self.text.native)
        parts = (self.server, self.models, self.target, options, self._buttons(), self.bar)
        below = (self.summary, self.legend, self.table, self.explain_button)
        self._lay_out((*parts, *below, self._buttons_below()), address)

    # -- what the user does

    def _way_in(self) -> dict[str, Any]:
        """Return how planes are brought into the model's form."""
        return {"intensity": str(self.intensity.value) or None, "fit": str(self.fit.value)}

    def _forget(self) -> None:
        self.records = []
        self._answering = None
        self.legend.setText("")

    def _prepare(self, plan: Plan) -> tuple[Stoppable, str, Iterator[Any]]:
        model = self.models.model
        if model is None:
            raise EmptyTargetError("no model is chosen; choose one from the list")
        options = Options(
            framework=self.models.framework_name,
            top_k=int(self.top_k.value),
            all_scores=bool(self.all_scores.value),
            mask_fill=self.target.mask_fill,
            **self._way_in(),
        )
        run = Run(self.link.client, model.reference, plan, options)
        self._answering = model
        self._look = Look(
            colored=bool(self.colored.value),
            text=str(self.text.value),
            all_scores=options.all_scores,
        )
        self.records = []
        titles = ["plane", "region", "class", "score"]
        for rank in range(2, options.top_k + 1):
            titles += [f"class {rank}", f"score {rank}"]
        self.table.grid.reset(titles)
        self.legend.setText("")
        title = f"{model.id} on {plan.place.source.name}"
        return run, title, joined(run.updates(), _UPDATE_SECONDS)

    def explain(self) -> None:
        """Show what the answer of the chosen row rests on, as a layer over the image."""
        row = self.table.chosen_row
        if self._plan is None or self._answering is None or row is None or row >= len(self.records):
            show_info("Choose a row of the table first.")
            return
        plan, record, client = self._plan, self.records[row], self.link.client
        model, framework = self._answering.reference, self.models.framework_name
        self.explain_button.setEnabled(False)
        in_background(
            lambda: explained(client, model, plan, record, framework),
            returned=lambda found: show_explanation(self._viewer, plan, record.item, found),
            finished=self._show_state,
        )

    # -- what happens

    def _item_of(self, row: int) -> Item | None:
        return self.records[row].item if row < len(self.records) else None

    def _to_export(self) -> tuple[list[Record], Sequence[str]]:
        model = self._answering
        return self.records, model.labels if model and self._look.all_scores else ()

    def _on_models(self) -> None:
        self.target.suit(self.models.model)
        self._load_early()
        self._show_state()

    def _load_early(self) -> None:
        """Let the server load what the user is about to ask for."""
        model, client = self.models.model, self.link.connected
        if model is not None and client is not None and self.models.picked and self.target.suits:
            self._preload.want(client, model.reference, self.models.framework_name)

    def _on_news(self, news: Update) -> None:
        self.records += news.records
        self._add_rows(news.records)
        self.summary.setText(f"{news.done} of {news.total}")
        self._advance(news.done, news.total)

    def _add_rows(self, records: Sequence[Record]) -> None:
        colors = self._colors()
        ranks = (self.table.grid.columnCount() - 2) // 2
        self.table.grid.append(
            record_rows(records, ranks, lambda label: colors.get(label, UNKNOWN))
        )
        self.table.fit_columns()

    def _put_in_order(self) -> None:
        """Show the results in the items' order, in which they need not have come."""
        ordered = sorted(self.records, key=lambda record: record.item.order)
        if ordered != self.records:
            self.records = ordered
            self.table.grid.reset(self.table.grid.titles)
            self._add_rows(ordered)

    def _on_end(self, work: Stoppable) -> None:
        self._put_in_order()
        self._present()
        failed = [record for record in self.records if record.error]
        text = f"{len(self.records)} item{'' if len(self.records) == 1 else 's'}"
        text += f", {len(failed)} failed" if failed else ""
        text += "; stopped" if work.stopped else ""
        assumed = advice(one for record in self.records for one in record.result.conversions)
        if assumed:
            more = f" ({len(assumed)} such notices)" if len(assumed) > 1 else ""
            text += f". {assumed[0]}{more}"
        unlike = sum(record.unlike_training for record in self.records)
        if unlike:
            what = "1 item is" if unlike == 1 else f"{unlike} items are"
            warning = (
                f"{what} unlike the pictures that the model was trained on; do not rely on the "
                f"class{'' if unlike == 1 else 'es'}"
            )
            text = f"⚠ {warning}. {text}"
            show_warning(warning)
        if self.records or work.stopped:
            self.summary.setText(text)
        if failed:
            first = failed[0]
            where = " ".join(part for part in (first.result.plane, first.result.region) if part)
            more = "" if len(failed) == 1 else f" (first of {len(failed)} items that failed)"
            show_error(sentence(f"{where + ': ' if where else ''}{first.error}{more}"))
        if self.records and self._plan is not None and not self._is_there(self._plan):
            show_info("The layer was removed during the run; the results are in the table.")

    def _show_so_far(self) -> None:
        # A layer of planes or tiles is made once, when all are known.
        if self._plan is not None and self._plan.target is not None:
            self._present()

    def _present(self) -> None:
        if self._plan is None or self._answering is None or not self.records:
            return
        order = sorted(self.records, key=lambda record: record.item.order)
        counts = Counter(record.label or "failed" for record in order)
        self.legend.show_counts(counts, self._colors())
        begun = time.monotonic()
        present(self._viewer, self._plan, self._answering, order, self._look)
        # Thousands of shapes take their time; the window is to stay free for most of it.
        taken = int(1000 * (time.monotonic() - begun))
        self._refreshing.setInterval(max(self.refresh_milliseconds, 10 * taken))

    def _is_there(self, plan: Plan) -> bool:
        return (plan.target if plan.target is not None else plan.place.layer) in self._viewer.layers

    def _colors(self) -> dict[str, str]:
        model = self._answering
        return {} if model is None else class_colors(model.labels, model.label_colors)

    def _show_state(self) -> None:
        super()._show_state()
        self.run_button.setEnabled(not self.running and self.models.model is not None)
        self.explain_button.setEnabled(bool(self.records))
