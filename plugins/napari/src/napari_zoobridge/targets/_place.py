"""An image layer as what plans are made of, and the plans: where, and what there is to classify."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.layers import (
    JoinedChannels,
    PixelBox,
    PlaneAxesError,
    PlaneSource,
    full_resolution,
    map_between,
    parse_axes,
)
from napari_zoobridge.targets._items import Item, ItemKind

if TYPE_CHECKING:
    from napari.layers import Image

__all__ = ["Place", "Plan", "place_of", "source_of"]


@dataclass(frozen=True)
class Place:
    """An image layer, what its axes mean, and where the viewer stands in it.

    Parameters
    ----------
    layer
        The layer.
    source
        Its pixels.
    here
        Index by letter of the displayed plane.
    point
        The displayed position in world coordinates.
    """

    layer: Image
    source: PlaneSource
    here: Mapping[str, int]
    point: tuple[float, ...]

    @property
    def layer_axes(self) -> str:
        """The letters of the layer's own axes: without colour."""
        return self.source.axes[: self.layer.ndim]

    def rows_and_columns(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of ``(n, axes)`` coordinates those along Y and X."""
        chosen = [self.layer_axes.index("Y"), self.layer_axes.index("X")]
        picked: NDArray[np.float64] = coordinates[:, chosen]
        return picked

    def outside(self, box: PixelBox, what: str) -> str:
        """Say so if a box shares no pixel with the image; empty if it does."""
        frame = self.source.frame
        if box.overlaps(frame):
            return ""
        return f"{what} lies outside the image, which has {frame.width} × {frame.height} pixels"

    def plane_at(
        self, coordinates: NDArray[np.float64], free: int, what: str
    ) -> tuple[dict[str, int], str]:
        """In which plane coordinates lie, and what is wrong with that if something is.

        Parameters
        ----------
        coordinates
            ``(n, axes)`` in the image layer.
        free
            How many leading axes they say nothing of; there the displayed plane holds.
        what
            What lies there, for the sentence.
        """
        plane: dict[str, int] = {}
        problem = ""
        for axis, letter in enumerate(self.layer_axes):
            if letter in "YXC":
                continue
            if axis < free:
                plane[letter] = self.here[letter]
                continue
            along = coordinates[:, axis]
            index = round(float(along.mean()))
            plane[letter] = index
            last = self.source.length(letter) - 1
            if np.ptp(along) > 1:
                problem = f"{what} lies across several planes along {letter}; draw it within one"
            elif not 0 <= index <= last:
                problem = f"{what} lies at {letter} = {index}; the image has {letter} = 0 … {last}"
        return plane, problem


@dataclass(frozen=True)
class Plan:
    """What to classify.

    Parameters
    ----------
    place
        Where.
    kind
        What the items are.
    items
        Gives them. May take long (labels of many planes are read), so it is called by the thread
        that classifies, with a function that it calls now and then and that raises to stop it.
    target
        The Shapes, Points or Labels layer whose items they are; `None` for planes and tiles.
    """

    place: Place
    kind: ItemKind
    items: Callable[[Callable[[], None]], list[Item]]
    target: Any = None


def source_of(layers: Sequence[Image], axes: str) -> PlaneSource:
    """Describe the pixels of an image layer, or of several that are the channels of one image.

    Parameters
    ----------
    layers
        One layer; or several, in the order in which the model wants its channels.
    axes
        One letter for each axis of the first layer's array, colour included.

    Raises
    ------
    PlaneAxesError
        The axes do not describe the layer, or the layers are not channels of one image.
    """
    first = layers[0]
    array = full_resolution(first)
    letters = parse_axes(axes, array.shape, rgb=first.rgb)
    if len(layers) == 1:
        return PlaneSource(first.name, array, letters)
    if "C" in letters:
        raise PlaneAxesError(
            f"layer “{first.name}” already has a channel axis (C); choose layers of one channel each"
        )
    for layer in layers[1:]:
        _check_channel(first, layer)
    channels = JoinedChannels(tuple(full_resolution(layer) for layer in layers))
    return PlaneSource(" + ".join(layer.name for layer in layers), channels, letters + "C")


def _check_channel(first: Image, layer: Image) -> None:
    one, other = full_resolution(first), full_resolution(layer)
    pair = f"layers “{first.name}” and “{layer.name}” cannot be channels of one image"
    if layer.rgb or one.shape != other.shape:
        sizes = [" × ".join(str(length) for length in array.shape) for array in (one, other)]
        raise PlaneAxesError(f"{pair}: their sizes differ ({sizes[0]} and {sizes[1]})")
    if one.dtype != other.dtype:
        raise PlaneAxesError(
            f"{pair}: their pixels are of different types ({one.dtype} and {other.dtype}); "
            "convert one of them"
        )
    mapping = map_between(layer, first)
    aligned = np.allclose(mapping.matrix, np.eye(first.ndim)) and np.allclose(mapping.offset, 0)
    if not aligned:
        raise PlaneAxesError(
            f"{pair}: their positions differ; give both the same scale and translation"
        )


def place_of(layers: Image | Sequence[Image], axes: str, point: Sequence[float]) -> Place:
    """Describe an image for plans.

    Parameters
    ----------
    layers
        The image, or several layers that are its channels; multiscale ones are taken at full
        resolution.
    axes
        One letter for each axis of the first layer's array, colour included.
    point
        The position that the viewer shows, in world coordinates (``viewer.dims.point``).

    Raises
    ------
    PlaneAxesError
        The axes do not describe the layer, or the layers are not channels of one image.
    """
    chosen = layers if isinstance(layers, Sequence) else (layers,)
    layer, source = chosen[0], source_of(chosen, axes)
    position = np.round(layer.world_to_data(point)).astype(int)
    here = {
        letter: int(np.clip(index, 0, source.length(letter) - 1))
        for letter, index in zip(source.axes, position, strict=False)
        if letter in source.stack_axes
    }
    return Place(layer, source, here, tuple(point))
