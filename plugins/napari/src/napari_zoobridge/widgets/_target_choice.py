"""The choice of what to classify in an image."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, SpinBox
from qtpy.QtCore import QTimer

from napari_zoobridge.layers import PlaneAxesError
from napari_zoobridge.targets import (
    EmptyTargetError,
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)
from napari_zoobridge.widgets._axes_choice import AxesChoice
from napari_zoobridge.widgets._image_choice import ImageChoice, layers_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QWidget

    from napari_zoobridge.connection import ServerLink
    from napari_zoobridge.targets import Plan
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


class TargetChoice(ImageChoice):
    """Asks for an image and for what to classify in it.

    Parameters
    ----------
    viewer
        The viewer whose layers are offered.
    link
        Knows the server that is asked whether an image suits a model; `None` to ask none.
    """

    def __init__(self, viewer: ViewerModel, link: ServerLink | None = None) -> None:
        super().__init__(viewer, link)
        self.target = ComboBox(choices=[(str(t.value), t) for t in Target], value=Target.PLANE)
        self.layer = ComboBox(choices=layers_of(viewer, self._kind_name), nullable=True)
        self.selected = CheckBox(text="selected only")
        self.outside = ComboBox(choices=_OUTSIDE, value="zero")
        self.padding = SpinBox(value=0, min=0, max=4096)
        self.window_size = SpinBox(value=64, min=1, max=65536)
        self.tile = SpinBox(value=64, min=1, max=65536)
        self.step = SpinBox(value=64, min=1, max=65536)
        self.objects = ComboBox(
            choices=_OBJECTS,
            value=_LARGEST,
            tooltip="In each of its planes: the table has one row per plane. The layer's features and "
            "colours show the class that most planes name, with the highest of its scores.",
        )
        self.stack = AxesChoice()
        self._rows: dict[str, QWidget] = {}
        for name, title, native in (
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
            widget.changed.connect(self._emit)
        self.tile.changed.connect(self._on_tile)
        self.step.changed.connect(self._emit)
        self._refill()
        self._on_image()
        self._on_target()

    # -- what is chosen

    @property
    def chosen(self) -> Target:
        """What to classify."""
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

    def plan(self) -> Plan:
        """Return what to classify.

        Raises
        ------
        EmptyTargetError
            Nothing to classify; the message says what is missing.
        PlaneAxesError
            The axes do not describe the image.
        """
        place = self.place()
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
        self._judge_target()

    # -- following the viewer

    def _kind_name(self) -> str:
        return _LAYERED.get(self.chosen, "")

    def _target_layer(self) -> Any:
        layer = self.layer.value
        if layer is None or layer not in self._viewer.layers:
            raise EmptyTargetError(
                f"no {self._kind_name()} layer to classify; add one, or choose another target"
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
        self._judge_target()

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
        self._follow_picture()
        self._propose()
        self._on_axes()

    def _on_axes(self, _value: Any = None) -> None:
        self._fill_along()
        self._show_rows()
        self._judge_target()
        self._emit()

    def _on_tile(self, value: int) -> None:
        self.step.value = value
        self._emit()

    def _on_stack(self) -> None:
        self._show_rows()
        self._emit()

    def _on_target(self, _value: Any = None) -> None:
        self.layer.reset_choices()
        choices = [choice for choice in self.layer.choices if choice is not None]
        if choices:
            self.layer.value = choices[-1]
        self._fill_along()
        self.stack.tick(on=self.chosen is Target.PLANES)
        self._show_rows()
        self._judge_target()
        self._emit()

    def _show_rows(self) -> None:
        """Ask only for what matters to the target."""
        target = self.chosen
        shown = {
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
        self._show_row(self.image.native, visible=not self.channels.joined)
        self._show_row(self.channels, visible=self.channels.offered)
        for name, visible in shown.items():
            self._show_row(self._rows[name], visible=visible)

    def _fill_along(self) -> None:
        try:
            stack = self.source().stack_axes
        except (EmptyTargetError, PlaneAxesError):
            stack = ""
        self.stack.offer(stack, ticked=self.chosen is Target.PLANES)

    def judge(self, _value: Any = None) -> None:
        """Check again whether the image fits the model, after a change of the options."""
        self._judge_target()

    def _judge_target(self) -> None:
        self._judge(regions=self.chosen not in (Target.PLANE, Target.PLANES))

    def _emit(self, _value: Any = None) -> None:
        self.changed.emit()
