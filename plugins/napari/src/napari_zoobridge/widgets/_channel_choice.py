"""Choosing the layers that are the channels of one image, in the order of the model's channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QWidget

from napari_zoobridge.targets import EmptyTargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ChannelChoice"]


class ChannelChoice(QWidget):
    """Offers a layer for each channel of a model, for images that are opened channel by channel.

    It is hidden while the model takes one channel, or while there is only one layer.

    Signals
    -------
    changed
        Other layers are chosen.

    Parameters
    ----------
    layers
        Gives names and layers that may be chosen.
    """

    changed = Signal()

    def __init__(self, layers: Callable[[Any], list[tuple[str, Any]]]) -> None:
        super().__init__()
        self._layers = layers
        self._names: tuple[str, ...] = ()
        self.combos: list[Any] = []
        """One choice for each channel of the model."""
        self.separate = CheckBox(text="each channel is a layer")
        self.separate.native.setToolTip("For images whose channels were opened as separate layers")
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow(self.separate.native)
        self.separate.changed.connect(self._show)

    @property
    def joined(self) -> bool:
        """Whether the channels are taken from layers of their own."""
        return bool(self.separate.value) and len(self._names) > 1

    @property
    def offered(self) -> bool:
        """Whether there is anything to choose."""
        return len(self._names) > 1 and (self.joined or len(self._layers(None)) > 1)

    def chosen(self) -> list[Any]:
        """Return the layers in the order of the model's channels.

        Raises
        ------
        EmptyTargetError
            A channel has no layer.
        """
        for name, combo in zip(self._names, self.combos, strict=True):
            if combo.value is None:
                raise EmptyTargetError(f"channel {name} has no layer; choose one at “Channels”")
        return [combo.value for combo in self.combos]

    def offer(self, names: Sequence[str]) -> None:
        """Ask for a layer for each of these channels; nothing for fewer than two."""
        if tuple(names) == self._names:
            return
        for combo in self.combos:
            self._form.removeRow(combo.native)
        self._names, self.combos = tuple(names), []
        if len(names) < 2:
            return
        layers = [layer for _, layer in self._layers(None)]
        for number, name in enumerate(names):
            combo = ComboBox(choices=self._layers, nullable=True)
            # Files are opened channel by channel in their own order, mostly the model's too.
            combo.value = layers[number] if number < len(layers) else None
            combo.changed.connect(self._emit)
            self.combos.append(combo)
            self._form.addRow(name, combo.native)
        self._show()

    def refill(self) -> None:
        """Follow the viewer's layers; one that is gone is no longer chosen."""
        taken = [combo.value for combo in self.combos]
        free = [layer for _, layer in self._layers(None) if layer not in taken]
        for combo, before in zip(self.combos, taken, strict=True):
            combo.reset_choices()
            combo.value = before if before in combo.choices else None
            if before is None and free and not self.joined:
                combo.value = free.pop(0)

    def _show(self, _value: Any = None) -> None:
        for combo in self.combos:
            label = self._form.labelForField(combo.native)
            combo.native.setVisible(self.joined)
            if label is not None:
                label.setVisible(self.joined)
        self._emit()

    def _emit(self, _value: Any = None) -> None:
        self.changed.emit()
