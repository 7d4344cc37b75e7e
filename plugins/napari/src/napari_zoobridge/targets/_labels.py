"""The objects of a label layer as items of an image, whatever grids the two lie on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.layers import (
    LabelObject,
    LayerMap,
    PixelBox,
    box_of_outline,
    find_objects,
    full_resolution,
    map_between,
)
from napari_zoobridge.targets._items import EmptyTargetError, Item, ItemKind

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_zoobridge.targets._place import Place

__all__ = ["LabelGrid", "label_items"]


@dataclass(frozen=True)
class LabelGrid:
    """A label layer and how its pixels lie to those of an image.

    Parameters
    ----------
    place
        The image.
    array
        The labels at full resolution.
    to_image, to_labels
        Maps between the two layers' coordinates.
    rows, columns
        The label axes that lie along the image's Y and X.
    choices
        For each label axis the indexes to look at; a slice for rows and columns.
    """

    place: Place
    array: Any
    to_image: LayerMap
    to_labels: LayerMap
    rows: int
    columns: int
    choices: tuple[range | slice, ...]

    @classmethod
    def of(cls, place: Place, layer: Labels, along: Sequence[str]) -> LabelGrid:
        """Take down a layer's geometry.

        Parameters
        ----------
        place
            The image.
        layer
            The labels.
        along
            Letters of the image's axes along which every label plane is looked at.
        """
        shift = place.layer.ndim - layer.ndim
        rows = place.layer_axes.index("Y") - shift
        columns = place.layer_axes.index("X") - shift
        if rows < 0 or columns < 0:
            raise EmptyTargetError(
                f"layer “{layer.name}” has no Y or X of image “{place.layer.name}”: "
                f"its {layer.ndim} axes are the image's last ones"
            )
        here = np.round(layer.world_to_data(place.point)).astype(int)
        array = full_resolution(layer)
        choices: list[range | slice] = []
        for axis, length in enumerate(array.shape):
            letter = place.layer_axes[axis + shift] if axis + shift >= 0 else ""
            if axis in (rows, columns):
                choices.append(slice(None))
            elif letter and letter in along:
                choices.append(range(int(length)))
            else:
                index = int(np.clip(here[axis], 0, length - 1))
                choices.append(range(index, index + 1))
        return cls(
            place,
            array,
            map_between(layer, place.layer),
            map_between(place.layer, layer),
            rows,
            columns,
            tuple(choices),
        )

    def planes(self) -> Iterator[tuple[tuple[int, ...], NDArray[np.integer]]]:
        """Read the label planes one by one: their indexes (0 for rows and columns), and labels."""
        ranges = [range(1) if isinstance(choice, slice) else choice for choice in self.choices]
        for indexes in product(*ranges):
            key = tuple(
                choice if isinstance(choice, slice) else index
                for choice, index in zip(self.choices, indexes, strict=True)
            )
            plane = np.asarray(self.array[key])
            yield indexes, plane if self.rows < self.columns else plane.T

    def image_points(
        self, indexes: tuple[int, ...], points: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Bring ``(n, 2)`` rows and columns of a label plane into the image's coordinates."""
        full = np.tile(np.asarray(indexes, dtype=np.float64), (len(points), 1))
        full[:, [self.rows, self.columns]] = points
        return self.to_image(full)

    def mask(
        self,
        labels: NDArray[np.integer],
        label: int,
        box: PixelBox,
        plane: Mapping[str, int],
    ) -> NDArray[np.bool_]:
        """Tell which pixels of an image box show the label: the nearest label pixel decides."""
        rows, columns = np.mgrid[box.y : box.y + box.height, box.x : box.x + box.width]
        axes = self.place.layer_axes
        points = np.zeros((rows.size, len(axes)))
        for axis, letter in enumerate(axes):
            points[:, axis] = plane.get(letter, 0)
        points[:, axes.index("Y")] = rows.ravel()
        points[:, axes.index("X")] = columns.ravel()
        at = np.round(self.to_labels(points)[:, [self.rows, self.columns]]).astype(int)
        inside = ((at >= 0) & (at < labels.shape)).all(axis=1)
        found = np.zeros(rows.size, dtype=bool)
        found[inside] = labels[at[inside, 0], at[inside, 1]] == label
        return found.reshape(rows.shape)


def label_items(
    grid: LabelGrid,
    *,
    wanted: int | None,
    masked: bool,
    padding: int,
    every_plane: bool,
    keep_on: Callable[[], None],
) -> list[Item]:
    """Find the objects and describe each as an item.

    Parameters
    ----------
    grid
        The labels over the image.
    wanted
        Only this label; `None` for all.
    masked
        Give each item a mask.
    padding
        Pixels of the image by which a box grows on each side.
    every_plane
        One item for each plane of an object; else one, in the plane where it has most pixels (in
        the first of several such planes).
    keep_on
        Called before each plane; raises to stop.

    Returns
    -------
    list of Item
        By ascending label, and by plane.
    """
    largest: dict[int, int] = {}
    items: dict[int, list[Item]] = {}
    for indexes, labels in grid.planes():
        keep_on()
        for found in find_objects(labels):
            if wanted is not None and found.label != wanted:
                continue
            if not every_plane and largest.get(found.label, 0) >= found.area:
                continue
            item = _label_item(grid, indexes, labels, found, masked=masked, padding=padding)
            largest[found.label] = found.area
            if not every_plane:
                items.pop(found.label, None)
            items.setdefault(found.label, []).append(item)
    return [item for label in sorted(items) for item in items[label]]


def _label_item(
    grid: LabelGrid,
    indexes: tuple[int, ...],
    labels: NDArray[np.integer],
    found: LabelObject,
    *,
    masked: bool,
    padding: int,
) -> Item:
    place, bounds = grid.place, found.box
    # Pixel (r, c) reaches from r - ½ to r + ½; the corners of the outermost pixels count.
    top, left = bounds.y - 0.5, bounds.x - 0.5
    bottom, right = top + bounds.height, left + bounds.width
    corners = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    mapped = grid.image_points(indexes, corners)
    what = f"label {found.label}"
    plane, problem = place.plane_at(mapped, grid.to_image.free, what)
    outline = place.rows_and_columns(mapped)
    box = box_of_outline(outline).grown(padding)
    problem = problem or place.outside(box, what)
    mask = None
    if masked and not problem:
        if grid.to_image.is_shift and padding == 0:
            rows = slice(bounds.y, bounds.y + bounds.height)
            columns = slice(bounds.x, bounds.x + bounds.width)
            mask = labels[rows, columns] == found.label
        else:
            mask = grid.mask(labels, found.label, box, plane)
        if mask.all() or not mask.any():
            mask = None
    return Item(ItemKind.LABEL, found.label, plane, box, mask, problem)
