"""Choosing the image, what its axes mean, and what in it is to be classified."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, SpinBox
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_zoobridge._along import AxesChoice
from napari_zoobridge._axes import PlaneAxesError, propose_axes
from napari_zoobridge._channel_choice import ChannelChoice
from napari_zoobridge._fit import judge
from napari_zoobridge._items import EmptyTargetError
from napari_zoobridge._pixels import full_resolution
from napari_zoobridge._place import place_of, source_of
from napari_zoobridge._targets import (
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)
from napari_zoobridge._work import Life

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_zoobridge._pixels import PlaneSource
    from napari_zoobridge._place import Plan
    from zoobridge.client import Model

__all__ = ["Target", "TargetChoice"]


class Target(StrEnum):
    """What is classified."""

    PLANE = "displayed plane"
    PLANES = "all planes along axes"
    SHAPES = "shapes"
    LABELS = "labelled objects"
    POINTS = "windows around points"
    GRID = "grid of tiles"


_LAYERED = {Target.SHAPES: "Shapes", Target.LABELS: "Labels", Target.POINTS: "Points"}
_STACKED = {Target.PLANES, Target.LABELS, Target.GRID}
_MASKED = {Target.SHAPES, Target.LABELS}
_LARGEST, _EACH = "largest", "each"
_OBJECTS = [("in the plane where it is largest", _LARGEST), ("in each of its planes", _EACH)]
_OUTSIDE = [("black", "zero"), ("mean of the inside", "mean"), ("the picture", "keep")]


class TargetChoice(QWidget):
    """Asks for an image and for what to classify in it.

    Signals
    -------
    changed
        Something else is chosen.

    Parameters
    ----------
    viewer
        The viewer whose layers are offered.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._model: Model | None = None
        self._proposed = ""
        self.suits = False
        """Whether there is an image, and as far as can be told one that the model takes."""
        self.image = ComboBox(choices=self._layers("Image"), nullable=True)
        self.axes = LineEdit(tooltip="One letter for each axis, such as TZYX or YXC")
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.target = ComboBox(choices=[(str(t.value), t) for t in Target], value=Target.PLANE)
        self.layer = ComboBox(choices=self._layers(self._kind_name), nullable=True)
        self.selected = CheckBox(text="selected only")
        self.outside = ComboBox(choices=_OUTSIDE, value="zero")
        self.padding = SpinBox(value=0, min=0, max=4096)
        self.window_size = SpinBox(value=64, min=1, max=65536)
        self.tile = SpinBox(value=64, min=1, max=65536)
        self.step = SpinBox(value=64, min=1, max=65536)
        self.objects = ComboBox(
            choices=_OBJECTS,
            value=_LARGEST,
            tooltip="In each of its planes: the table has a row for each. The layer's features and "
            "colours show the class that most planes name, by the plane that is surest of it.",
        )
        self.stack = AxesChoice()
        self.channels = ChannelChoice(self._layers("Image"))

        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows: dict[str, QWidget] = {}
        for name, title, native in (
            ("image", "Image", self.image.native),
            ("channels", "Channels", self.channels),
            ("axes", "Axes", self.axes.native),
            ("verdict", "", self.verdict),
            ("target", "Classify", self.target.native),
            ("along", "All planes along", self.stack),
            ("objects", "Each object", self.objects.native),
            ("layer", "Layer", self.layer.native),
            ("selected", "", self.selected.native),
            ("outside", "Outside the mask", self.outside.native),
            ("padding", "Padding (pixels)", self.padding.native),
            ("window", "Window (pixels)", self.window_size.native),
            ("tile", "Tile (pixels)", self.tile.native),
            ("step", "Step (pixels)", self.step.native),
        ):
            self._form.addRow(title, native)
            self._rows[name] = native

        # Layers come and go, and are renamed, in bursts; the choices follow once they have settled.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._refill)
        self._life = Life(self)
        for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
            event.connect(self._on_layers)
        viewer.dims.events.order.connect(self._on_view)
        viewer.dims.events.ndisplay.connect(self._on_view)
        self.image.changed.connect(self._on_image)
        self.axes.changed.connect(self._on_axes)
        self.target.changed.connect(self._on_target)
        self.channels.changed.connect(self._on_image)
        self.stack.changed.connect(self._on_stack)
        for widget in (
            self.objects,
            self.layer,
            self.selected,
            self.outside,
            self.padding,
            self.window_size,
        ):
            widget.changed.connect(self._tell)
        self.tile.changed.connect(self._on_tile)
        self.step.changed.connect(self._tell)
        self._refill()
        self._on_image()
        self._on_target()

    # -- what is chosen

    @property
    def chosen(self) -> Target:
        """What is to be classified."""
        # Qt keeps the text of a member of an enumeration, not the member.
        return Target(self.target.value)

    @property
    def along(self) -> str:
        """The axes along which all planes are wanted."""
        return self.stack.ticked

    @property
    def mask_fill(self) -> str:
        """What stands outside a mask: ``zero``, ``mean``, or ``keep``."""
        return str(self.outside.value)

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

    def plan(self) -> Plan:
        """Return what is to be classified.

        Raises
        ------
        EmptyTargetError
            There is nothing to classify; the sentence says what is missing.
        PlaneAxesError
            The axes do not describe the image.
        """
        place = place_of(self._image_layers(), str(self.axes.value), self._viewer.dims.point)
        target = self.chosen
        if target is Target.PLANE:
            return plan_planes(place)
        if target is Target.PLANES:
            return plan_planes(place, self.along)
        if target is Target.GRID:
            return plan_grid(place, self.tile.value, self.step.value, self.along)
        layer = self._target_layer()
        selected = bool(self.selected.value)
        masked = self.mask_fill != "keep"
        if target is Target.SHAPES:
            return plan_shapes(place, layer, selected=selected, masked=masked)
        if target is Target.POINTS:
            return plan_points(place, layer, self.window_size.value, selected=selected)
        return plan_labels(
            place,
            layer,
            selected=selected,
            masked=masked,
            padding=self.padding.value,
            along=self.along,
            every_plane=self.objects.value == _EACH,
        )

    def suit(self, model: Model | None) -> None:
        """Tell whether the chosen image suits a model, and propose sizes and axes for it."""
        if model is not None and (self._model is None or model.input != self._model.input):
            self._model = model
            size = model.input.sizes.get("X") if model.input is not None else None
            if size is not None and size.min > 1:
                for widget in (self.window_size, self.tile, self.step):
                    widget.value = size.min
            self.channels.offer(model.input.channel_names if model.input is not None else ())
            self._propose()
            self._show_rows()
        self._model = model
        self._judge()

    # -- following the viewer

    def _layers(self, kind: str | Callable[[], str]) -> Callable[[Any], list[tuple[str, Any]]]:
        def choices(_widget: Any) -> list[tuple[str, Any]]:
            wanted = kind if isinstance(kind, str) else kind()
            return [
                (layer.name, layer)
                for layer in self._viewer.layers
                if type(layer).__name__ == wanted
            ]

        return choices

    def _kind_name(self) -> str:
        return _LAYERED.get(self.chosen, "")

    def _image_layers(self) -> list[Any]:
        """Return the chosen image, or the layers that are its channels."""
        layers = self.channels.chosen() if self.channels.joined else [self.image.value]
        if not all(layer is not None and layer in self._viewer.layers for layer in layers):
            raise EmptyTargetError("there is no image to classify; open one first")
        return layers

    def _target_layer(self) -> Any:
        layer = self.layer.value
        if layer is None or layer not in self._viewer.layers:
            raise EmptyTargetError(
                f"there is no {self._kind_name()} layer to classify; add one, or choose another "
                "target"
            )
        return layer

    def _on_layers(self, event: Any = None) -> None:
        if self._life.ended:
            return
        layer = getattr(event, "value", None)
        if layer is not None and event.type == "inserted":
            layer.events.name.connect(self._on_layers)
        self._later.start()

    def _on_view(self, _event: Any = None) -> None:
        if self._life.ended:
            return
        self._propose()
        self._judge()

    def _refill(self) -> None:
        for combo in (self.image, self.layer):
            before = combo.value
            combo.reset_choices()
            choices = [choice for choice in combo.choices if choice is not None]
            if before in choices:
                combo.value = before
            elif choices and combo.value is None:
                combo.value = choices[-1]
        self.channels.refill()
        self._on_image()

    # -- following the user

    def _on_image(self, _value: Any = None) -> None:
        self._propose()
        self._judge()
        self._fill_along()
        self._show_rows()
        self._tell()

    def _on_axes(self, _value: Any = None) -> None:
        self._fill_along()
        self._show_rows()
        self._judge()
        self._tell()

    def _on_tile(self, value: int) -> None:
        self.step.value = value
        self._tell()

    def _on_stack(self) -> None:
        self._show_rows()
        self._tell()

    def _on_target(self, _value: Any = None) -> None:
        self.layer.reset_choices()
        choices = [choice for choice in self.layer.choices if choice is not None]
        if choices:
            self.layer.value = choices[-1]
        self._fill_along()
        self.stack.tick(on=self.chosen is Target.PLANES)
        self._show_rows()
        self._judge()
        self._tell()

    def _show_rows(self) -> None:
        """Ask only for what matters to the target."""
        target = self.chosen
        shown = {
            "image": not self.channels.joined,
            "channels": self.channels.offered,
            "along": target in _STACKED and bool(self.stack.boxes),
            "objects": target is Target.LABELS and bool(self.along),
            "layer": target in _LAYERED,
            "selected": target in _LAYERED,
            "outside": target in _MASKED,
            "padding": target is Target.LABELS,
            "window": target is Target.POINTS,
            "tile": target is Target.GRID,
            "step": target is Target.GRID,
        }
        for name, visible in shown.items():
            self._rows[name].setVisible(visible)
            label = self._form.labelForField(self._rows[name])
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

    def _fill_along(self) -> None:
        try:
            stack = self.source().stack_axes
        except (EmptyTargetError, PlaneAxesError):
            stack = ""
        self.stack.offer(stack, ticked=self.chosen is Target.PLANES)

    def _judge(self) -> None:
        try:
            source = self.source()
        except (EmptyTargetError, PlaneAxesError) as error:
            self._say(str(error), good=False)
            return
        if self._model is None:
            self._say("", good=True)
            return
        whole = self.chosen in (Target.PLANE, Target.PLANES)
        report = judge(self._model, source, regions=not whole)
        self._say(report.sentence, good=report.fits)

    def _say(self, sentence: str, *, good: bool) -> None:
        self.suits = good
        self.verdict.setText(f"{'✓' if good else '✗'} {sentence}" if sentence else "")
        self.verdict.setStyleSheet("" if good else "color: #e06c50;")

    def _tell(self, _value: Any = None) -> None:
        self.changed.emit()
