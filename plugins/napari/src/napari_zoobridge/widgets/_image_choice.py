"""Choosing the image and what its axes mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, LineEdit
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_zoobridge.connection import in_background
from napari_zoobridge.layers import PlaneAxesError, full_resolution, propose_axes
from napari_zoobridge.runs import FitQuestion, FitReport
from napari_zoobridge.targets import EmptyTargetError, place_of, source_of
from napari_zoobridge.widgets._activity import Life
from napari_zoobridge.widgets._channel_choice import ChannelChoice
from napari_zoobridge.widgets._picture_choice import PictureChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel

    from napari_zoobridge.connection import ServerLink
    from napari_zoobridge.layers import PlaneSource
    from napari_zoobridge.targets import Place
    from zoobridge.client import Model

__all__ = ["ImageChoice", "layers_of"]

# Answers that are kept: as many as a user can look at before a model changes.
_KEPT = 64


def layers_of(
    viewer: ViewerModel, kind: Callable[[], str]
) -> Callable[[Any], list[tuple[str, Any]]]:
    """Give what a combo box offers: the names and layers that are of a kind at that moment.

    Parameters
    ----------
    viewer
        The viewer.
    kind
        Returns the name of the layers' class.
    """
    return lambda _widget: [
        (layer.name, layer) for layer in viewer.layers if type(layer).__name__ == kind()
    ]


class ImageChoice(QWidget):
    """The choice of an image and its axes, and whether the model accepts it.

    Signals
    -------
    changed
        Something else is chosen.

    Parameters
    ----------
    viewer
        The viewer whose layers are offered.
    link
        Knows the server that is asked; `None` to ask none.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel, link: ServerLink | None = None) -> None:
        super().__init__()
        self._viewer = viewer
        self._link = link
        self._life = Life(self)
        self._question: FitQuestion | None = None
        self._reports: dict[FitQuestion, FitReport] = {}
        self.options: Callable[[], Mapping[str, Any]] = dict
        """Returns the options of a run that decide whether an image suits a model."""
        self._model: Model | None = None
        self._proposed = ""
        self.suits = False
        """Whether there is an image that the model takes, by the server's answer."""
        images = layers_of(viewer, lambda: "Image")
        self.image = ComboBox(choices=images, nullable=True)
        self.picture = PictureChoice(viewer)
        self.channels = ChannelChoice(images)
        self.axes = LineEdit(tooltip="One letter for each axis, such as TZYX or YXC")
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Image", self.image.native)
        self._form.addRow("Picture", self.picture)
        self._form.addRow("Channels", self.channels)
        self._form.addRow("Axes", self.axes.native)
        self._form.addRow("", self.verdict)
        self.picture.offered.connect(self._show_picture)
        self.picture.opened.connect(self._take_picture)

    # -- what is chosen

    def source(self) -> PlaneSource:
        """Return the image, with the axes as they are typed.

        Raises
        ------
        EmptyTargetError
            No image is chosen.
        PlaneAxesError
            The axes do not describe it.
        """
        return source_of(self._image_layers(), str(self.axes.value))

    def place(self) -> Place:
        """Return the image and which of its planes the viewer shows.

        Raises
        ------
        EmptyTargetError
            No image is chosen.
        PlaneAxesError
            The axes do not describe it.
        """
        return place_of(self._image_layers(), str(self.axes.value), self._viewer.dims.point)

    def _image_layers(self) -> list[Any]:
        """Return the chosen image, or the layers that are its channels."""
        layers = self.channels.chosen() if self.channels.joined else [self.image.value]
        if not all(layer is not None and layer in self._viewer.layers for layer in layers):
            raise EmptyTargetError("no image to classify; open one first")
        return layers

    def _follow_picture(self) -> None:
        """Offer the other pictures of the chosen image's file."""
        self.picture.follow(self.image.value)
        self._show_picture()

    def _show_picture(self) -> None:
        shown = self.picture.several and not self.channels.joined
        self._show_row(self.picture, visible=shown)

    def _take_picture(self, layer: Any) -> None:
        self.image.reset_choices()
        self.image.value = layer

    # -- verdicts and proposals

    def _show_row(self, widget: QWidget, *, visible: bool) -> None:
        widget.setVisible(visible)
        label = self._form.labelForField(widget)
        if label is not None:
            label.setVisible(visible)

    def _propose(self) -> None:
        """Propose axes, unless the user has typed others for this very image."""
        try:
            layer = self._image_layers()[0]
        except EmptyTargetError:
            return
        shape = full_resolution(layer).shape
        typed = str(self.axes.value)
        wanted = self._model.input if self._model is not None else None
        shift = self._viewer.dims.ndim - layer.ndim
        shown = [axis - shift for axis in self._viewer.dims.displayed][-2:]
        proposed = propose_axes(
            shape,
            rgb=layer.rgb,
            axis_labels=getattr(layer, "axis_labels", ()),
            displayed=shown if min(shown) >= 0 and layer.ndim > 2 else (),
            channels=None if wanted is None or self.channels.joined else len(wanted.channel_names),
        )
        if typed in ("", self._proposed) or len(typed) != len(shape):
            self._proposed = proposed
            self.axes.value = proposed

    def _judge(self, *, regions: bool) -> None:
        try:
            source = self.source()
        except (EmptyTargetError, PlaneAxesError) as error:
            self._say(str(error), good=False)
            return
        if self._model is None:
            self._say("", good=True)
            return
        if self._model.problem:
            self._say(self._model.problem, good=False)
            return
        client = self._link.connected if self._link is not None else None
        if client is None:
            self._say("", good=True)
            return
        question = FitQuestion.about(self._model, source, regions=regions, options=self.options())
        if question == self._question and question not in self._reports:
            return  # Asked already; its answer is on the way.
        self._question = question
        if question in self._reports:
            self._show_report(self._reports[question])
            return
        self._say("", good=False)
        in_background(
            lambda: question.ask(client),
            returned=lambda report: self._on_report(question, report),
            failed=lambda error: self._on_report(
                question, FitReport(fits=False, sentence=str(error)), keep=False
            ),
        )

    def _on_report(self, question: FitQuestion, report: FitReport, *, keep: bool = True) -> None:
        if self._life.ended:
            return
        if keep:
            if len(self._reports) >= _KEPT:
                self._reports.clear()
            self._reports[question] = report
        if question == self._question:
            self._show_report(report)
            if not keep:
                self._question = None
            self.changed.emit()

    def _show_report(self, report: FitReport) -> None:
        self._say(report.sentence, good=report.fits)

    def _say(self, sentence: str, *, good: bool) -> None:
        self.suits = good
        self.verdict.setText(f"{'✓' if good else '✗'} {sentence}" if sentence else "")
        self.verdict.setStyleSheet("" if good else "color: #e06c50;")
