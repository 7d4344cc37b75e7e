"""From what is open in the viewer to items: planes, shapes, points, labelled objects, tiles.

Everything that a layer can change is copied when a plan is made, in the viewer's thread; pixels
are read later, by the thread that classifies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.layers import (
    LayerMap,
    PixelBox,
    box_of_outline,
    ellipse_outline,
    iterate_planes,
    map_between,
    polygon_mask,
    stroke_mask,
)
from napari_zoobridge.targets._items import EmptyTargetError, Item, ItemKind
from napari_zoobridge.targets._labels import LabelGrid, label_items
from napari_zoobridge.targets._place import Place, Plan

if TYPE_CHECKING:
    from napari.layers import Labels, Points, Shapes

__all__ = [
    "plan_grid",
    "plan_labels",
    "plan_planes",
    "plan_points",
    "plan_shapes",
]


def _given(items: list[Item]) -> Callable[[Callable[[], None]], list[Item]]:
    return lambda _keep_on: items


def plan_planes(place: Place, along: Sequence[str] = ()) -> Plan:
    """Whole planes: the displayed one, or all along some axes.

    Parameters
    ----------
    place
        The image.
    along
        Letters of the axes along which every plane is wanted. Empty: the displayed plane.
    """
    planes = iterate_planes(place.source, place.here, along)
    items = [Item(ItemKind.PLANE, number, plane) for number, plane in enumerate(planes)]
    return Plan(place, ItemKind.PLANE, _given(items))


def plan_grid(place: Place, size: int, step: int, along: Sequence[str] = ()) -> Plan:
    """Square tiles that cover the planes.

    Tiles that would pass the edge are moved back inside, so that everything is seen; where a
    plane is smaller than a tile, the tile is the plane.

    Parameters
    ----------
    place
        The image.
    size
        Side of a tile in pixels.
    step
        From one tile to the next; `size` for tiles side by side.
    along
        As for :func:`plan_planes`.
    """
    if size < 1 or step < 1:
        raise EmptyTargetError("tiles need a size and a step of at least 1 pixel")
    frame = place.source.frame
    width, height = min(size, frame.width), min(size, frame.height)
    boxes = [
        PixelBox(x, y, width, height)
        for y in _starts(frame.height, height, step)
        for x in _starts(frame.width, width, step)
    ]
    planes = iterate_planes(place.source, place.here, along)
    items = [
        Item(ItemKind.TILE, number, plane, box)
        for number, (plane, box) in enumerate((plane, box) for plane in planes for box in boxes)
    ]
    return Plan(place, ItemKind.TILE, _given(items))


def _starts(length: int, size: int, step: int) -> list[int]:
    starts = list(range(0, length - size + 1, step))
    if starts[-1] + size < length:
        starts.append(length - size)
    return starts


def _rows(layer: Shapes | Points, what: str, *, selected: bool) -> Sequence[int]:
    rows = sorted(int(row) for row in layer.selected_data) if selected else range(len(layer.data))
    if not rows:
        raise EmptyTargetError(
            f"no {what} is selected; select some, or classify all of them"
            if selected
            else f"layer “{layer.name}” has no {what}s; add some first"
        )
    return rows


def plan_shapes(place: Place, layer: Shapes, *, selected: bool, masked: bool) -> Plan:
    """Each shape of a layer, by its bounding box and, if wanted, its outline.

    Parameters
    ----------
    place
        The image, which may lie elsewhere and be scaled differently than the shapes.
    layer
        The shapes. Those without an axis that the image has are looked at in the displayed plane.
    selected
        The selected shapes only.
    masked
        Pixels of the box outside the shape do not belong to it.

    Raises
    ------
    EmptyTargetError
        There is no shape, or none is selected.
    """
    rows = _rows(layer, "shape", selected=selected)
    mapping = map_between(layer, place.layer)
    scale = float(np.mean(np.linalg.norm(mapping.matrix[-2:, -2:], axis=0)))
    kinds, widths = list(layer.shape_type), list(layer.edge_width)
    drawn = [
        (row, str(kinds[row]), np.array(layer.data[row], dtype=np.float64), float(widths[row]))
        for row in rows
    ]

    def items(keep_on: Callable[[], None]) -> list[Item]:
        found = []
        for row, kind, vertices, width in drawn:
            keep_on()
            item = _shape_item(
                place, mapping, row, kind, vertices, width=width * scale, masked=masked
            )
            found.append(item)
        return found

    return Plan(place, ItemKind.SHAPE, items, layer)


def _shape_item(
    place: Place,
    mapping: LayerMap,
    row: int,
    kind: str,
    vertices: NDArray[np.float64],
    *,
    width: float,
    masked: bool,
) -> Item:
    what = f"shape {row}"
    if kind == "ellipse":
        vertices = ellipse_outline(vertices)
    mapped = mapping(vertices)
    plane, problem = place.plane_at(mapped, mapping.free, what)
    outline = place.rows_and_columns(mapped)
    open_line = kind in {"line", "path"}
    if open_line:
        # A line has no inside: what it covers with its width belongs to it.
        reach = width / 2
        outline_bounds = np.stack([outline.min(axis=0) - reach, outline.max(axis=0) + reach])
        box = box_of_outline(outline_bounds)
    else:
        box = box_of_outline(outline)
    mask = None
    if masked and not problem:
        mask = stroke_mask(outline, width, box) if open_line else polygon_mask(outline, box)
        if mask.all() or not mask.any():
            mask = None
    return Item(ItemKind.SHAPE, row, plane, box, mask, problem or place.outside(box, what))


def plan_points(place: Place, layer: Points, window: int, *, selected: bool) -> Plan:
    """Put a square window around each point.

    Parameters
    ----------
    place
        The image.
    layer
        The points.
    window
        Side of the window in the image's pixels.
    selected
        The selected points only.

    Raises
    ------
    EmptyTargetError
        There is no point, or none is selected.
    """
    rows = _rows(layer, "point", selected=selected)
    if window < 1:
        raise EmptyTargetError("the window around a point needs at least 1 pixel")
    mapping = map_between(layer, place.layer)
    mapped = mapping(np.array(layer.data, dtype=np.float64))
    items = []
    for row in rows:
        what = f"point {row}"
        at = mapped[row : row + 1]
        plane, problem = place.plane_at(at, mapping.free, what)
        y, x = np.round(place.rows_and_columns(at)[0]).astype(int) - window // 2
        box = PixelBox(int(x), int(y), window, window)
        problem = problem or place.outside(box, what)
        items.append(Item(ItemKind.POINT, int(row), plane, box, None, problem))
    return Plan(place, ItemKind.POINT, _given(items), layer)


def plan_labels(
    place: Place,
    layer: Labels,
    *,
    selected: bool,
    masked: bool,
    padding: int = 0,
    along: Sequence[str] = (),
    every_plane: bool = False,
) -> Plan:
    """Each object of a label image, in the plane where it is largest or in each of its planes.

    Parameters
    ----------
    place
        The image.
    layer
        The labels, of the same or another grid.
    selected
        The selected label only.
    masked
        Pixels of other labels and of the background do not belong to the object.
    padding
        Pixels of the image by which the object's box grows on each side.
    along
        Letters of the image's axes along which all planes are looked through; along the others
        only the displayed one.
    every_plane
        An item for each plane in which an object is, not for the one where it is largest.

    Raises
    ------
    EmptyTargetError
        The layer has no such plane as the image.
    """
    grid = LabelGrid.of(place, layer, along)
    wanted = int(layer.selected_label) if selected else None
    name = layer.name

    def items(keep_on: Callable[[], None]) -> list[Item]:
        found = label_items(
            grid,
            wanted=wanted,
            masked=masked,
            padding=padding,
            every_plane=every_plane,
            keep_on=keep_on,
        )
        if not found:
            raise EmptyTargetError(
                f"label {wanted} has no pixels in the chosen planes of layer “{name}”"
                if wanted is not None
                else f"layer “{name}” has no objects in the chosen planes"
            )
        return found

    return Plan(place, ItemKind.LABEL, items, layer)
