"""Results where the items are: features, colours and texts of layers, new layers, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.layers import map_between
from napari_zoobridge.results._colors import (
    class_colors,
    color_items,
    label_items_with_text,
    restore_look,
)
from napari_zoobridge.results._features import METADATA_KEY, add_features, remove_features
from napari_zoobridge.results._records import of_objects
from napari_zoobridge.targets import ItemKind

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_zoobridge.layers import PixelBox
    from napari_zoobridge.results._records import Record
    from napari_zoobridge.targets import Item, Place, Plan
    from zoobridge.client import Model

__all__ = [
    "Look",
    "camera_of",
    "layer_of_results",
    "locate",
    "made_of",
    "present",
    "remove_results",
]

# With more, the words of one tile would hide those of the next.
_READABLE_TILES = 48
_MANY_TILES = 300
_TARGETS = (ItemKind.SHAPE, ItemKind.POINT, ItemKind.LABEL)


@dataclass(frozen=True)
class Look:
    """How results are shown.

    Parameters
    ----------
    colored
        Colour items by class.
    text
        Template of the text beside shapes, points and frames, with ``{class}`` and ``{score}``
        and any other feature column; empty for none.
    all_scores
        One feature column for each class.
    name
        The class column.
    """

    colored: bool = True
    text: str = "{class}"
    all_scores: bool = False
    name: str = "class"


def present(
    viewer: ViewerModel, plan: Plan, model: Model, records: Sequence[Record], look: Look
) -> Any:
    """Show results in the viewer.

    Shapes, points and labels get features and colours; planes get a Points layer that names
    them and an entry in the image's metadata; tiles get a Shapes layer.

    Parameters
    ----------
    viewer
        The viewer.
    plan
        What was classified.
    model
        The model that answered.
    records
        The results, those so far or all.
    look
        How.

    Returns
    -------
    napari.layers.Layer or None
        The layer that holds the results; `None` where it has been removed meanwhile, or where
        no result exists yet.
    """
    if not records:
        return None
    title = f"{model.id} · {made_of(plan)}"
    layer, rows = layer_of_results(viewer, plan, title, records)
    if layer is None:
        return None
    _fill(layer, model, rows, look)
    if plan.kind is ItemKind.PLANE:
        entry = plan.place.layer.metadata.setdefault(METADATA_KEY, {})
        entry["results"] = [record.result.to_record() for record in records]
    return layer


def layer_of_results(
    viewer: ViewerModel, plan: Plan, title: str, records: Sequence[Record]
) -> tuple[Any, list[Record]]:
    """Find the layer whose items results are of, or make one where items are planes or tiles.

    Parameters
    ----------
    viewer
        The viewer.
    plan
        What was classified.
    title
        The name of a layer that is made; one of before with the same items is taken again.
    records
        The results.

    Returns
    -------
    layer : napari.layers.Layer or None
        `None` where it has been removed meanwhile.
    rows : list of Record
        One record for each item of the layer, whose index is its row or label.
    """
    if plan.kind in _TARGETS:
        layer = plan.target if plan.target in viewer.layers else None
        return layer, of_objects(records)
    if plan.place.layer not in viewer.layers:
        return None, []
    rows = [
        replace(record, item=replace(record.item, index=row)) for row, record in enumerate(records)
    ]
    return _made_layer(viewer, plan, title, records), rows


def made_of(plan: Plan) -> str:
    """Name the planes or tiles of a plan: ``planes of stack``."""
    what = "tiles" if plan.kind is ItemKind.TILE else "planes"
    return f"{what} of {plan.place.source.name}"


def _fill(layer: Any, model: Model, records: Sequence[Record], look: Look) -> None:
    names = add_features(layer, records, model.labels, name=look.name, all_scores=look.all_scores)
    if look.colored:
        color_items(layer, records, class_colors(model.labels, model.label_colors))
    crowded = records[0].item.kind is ItemKind.TILE and len(records) > _READABLE_TILES
    if look.text and hasattr(layer, "text") and not crowded:
        template = look.text
        for key in ("class", "score"):
            template = template.replace(f"{{{key}", f"{{{names[key]}")
        label_items_with_text(layer, template, names["class"])


def _made_layer(viewer: ViewerModel, plan: Plan, name: str, records: Sequence[Record]) -> Any:
    """Add the layer that stands for planes or tiles, or take the one of before."""
    made = _new_layer(plan.place, plan.kind, records, name)
    for old in list(viewer.layers):
        if old.name != name or not old.metadata.get(METADATA_KEY, {}).get("made"):
            continue
        if _same_place(old, made):
            # To remove and add a layer takes the viewer some tenths of a second.
            return old
        viewer.layers.remove(old)
    viewer.add_layer(made)
    return made


def _same_place(old: Any, new: Any) -> bool:
    """Tell whether two layers hold the same items at the same place of the world."""
    if type(old) is not type(new) or len(old.data) != len(new.data) or old.ndim != new.ndim:
        return False
    mapping = map_between(old, new)
    return bool(
        np.allclose(mapping.matrix, np.eye(new.ndim))
        and np.allclose(mapping.offset, 0)
        and all(np.array_equal(a, b) for a, b in zip(old.data, new.data, strict=True))
    )


def _new_layer(place: Place, kind: ItemKind, records: Sequence[Record], name: str) -> Any:
    from napari.layers import Points, Shapes

    metadata: dict[str, Any] = {METADATA_KEY: {"made": True}}
    options = _alignment(place) | {"name": name, "metadata": metadata}
    drop = _dropped_axes(place)
    boxes = [_box(place, record.item) for record in records]
    if kind is ItemKind.PLANE:
        centers = np.stack([_corner(place, record.item)[drop:] for record in records])
        size = max(2.0, place.source.frame.height / 24)
        # Beside the point, which would lie below the first letters.
        beside = [0.0] * (place.layer.ndim - drop - 1) + [0.8 * size]
        anchor = {"anchor": "upper_left", "translation": beside}
        text = {"string": {"constant": ""}, "size": 14, **anchor}
        return Points(centers, size=size, text=text, **options)
    if len(records) > _MANY_TILES and all(box.width == box.height for box in boxes):
        # The viewer takes milliseconds to add a shape; squares as points cost next to nothing.
        middles = np.array(
            [
                _coordinates(place, record.item, *box.center)[drop:]
                for record, box in zip(records, boxes, strict=True)
            ]
        )
        look = {"symbol": "square", "border_width": 0, "opacity": 0.4}
        return Points(middles, size=boxes[0].width, **look, **options)
    outlines = [_rectangle(place, record.item)[:, drop:] for record in records]
    return Shapes(
        outlines,
        shape_type="rectangle",
        edge_color="transparent",
        edge_width=0,
        opacity=0.4,
        text={"string": {"constant": ""}, "color": "white"},
        **options,
    )


def _dropped_axes(place: Place) -> int:
    """Count the leading axes that a layer of results can do without: channels in front."""
    return 1 if place.layer_axes.startswith("C") else 0


def _alignment(place: Place) -> dict[str, Any]:
    """Take over the image's transform, for a layer of the same pixels."""
    layer, drop = place.layer, _dropped_axes(place)
    count = layer.ndim - drop
    options: dict[str, Any] = {
        "ndim": count,
        "scale": layer.scale[drop:],
        "translate": layer.translate[drop:],
    }
    affine = np.asarray(layer.affine.affine_matrix)[drop:, drop:]
    options["affine"] = affine
    if count > 1:
        options["rotate"] = np.asarray(layer.rotate)[drop:, drop:]
    if hasattr(layer, "units"):
        options["units"] = layer.units[drop:]
    return options


def _coordinates(place: Place, item: Item, row: float, column: float) -> list[float]:
    at: Mapping[str, float] = {**item.plane, "Y": row, "X": column}
    return [float(at.get(letter, 0)) for letter in place.layer_axes]


def _box(place: Place, item: Item) -> PixelBox:
    return place.source.frame if item.box is None else item.box


def _rectangle(place: Place, item: Item) -> Any:
    box = _box(place, item)
    top, left = box.y - 0.5, box.x - 0.5
    bottom, right = top + box.height, left + box.width
    corners = ((top, left), (top, right), (bottom, right), (bottom, left))
    return np.array([_coordinates(place, item, row, column) for row, column in corners])


def _corner(place: Place, item: Item) -> Any:
    frame = place.source.frame
    return np.array(_coordinates(place, item, frame.height / 16, frame.width / 16))


def camera_of(viewer: ViewerModel) -> Any:
    """Return the viewer's camera, which napari 0.9 has moved to the scene."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera


def locate(viewer: ViewerModel, plan: Plan, item: Item) -> None:
    """Go to an item: its plane is displayed, its place centred, and it is selected.

    Parameters
    ----------
    viewer
        The viewer.
    plan
        The plan that the item belongs to.
    item
        The item.
    """
    place = plan.place
    if place.layer in viewer.layers:
        row, column = _box(place, item).center
        world = place.layer.data_to_world(_coordinates(place, item, row, column))
        shift = viewer.dims.ndim - len(world)
        for axis, letter in enumerate(place.layer_axes):
            if letter in item.plane and axis + shift not in viewer.dims.displayed:
                viewer.dims.set_point(axis + shift, world[axis])
        shown = viewer.dims.displayed
        camera = camera_of(viewer)
        center = list(camera.center)
        for position, axis in enumerate(shown, start=len(center) - len(shown)):
            if axis - shift >= 0:
                center[position] = float(world[axis - shift])
        camera.center = tuple(center)
    target = plan.target
    if target is None or target not in viewer.layers:
        return
    viewer.layers.selection.active = target
    if item.kind is ItemKind.LABEL:
        target.selected_label = item.index
    elif item.index < len(target.data):
        target.selected_data = {item.index}


def remove_results(viewer: ViewerModel) -> int:
    """Undo everything that ZooBridge added to the viewer.

    Layers that it made are removed; features, colours, texts and metadata that it gave to layers
    of the user are taken back.

    Parameters
    ----------
    viewer
        The viewer.

    Returns
    -------
    int
        How many layers were changed or removed.
    """
    changed = 0
    for layer in list(viewer.layers):
        entry = layer.metadata.get(METADATA_KEY)
        if entry is None:
            continue
        changed += 1
        if entry.get("made"):
            viewer.layers.remove(layer)
            continue
        restore_look(layer)
        if hasattr(layer, "features"):
            remove_features(layer)
        layer.metadata.pop(METADATA_KEY, None)
    return changed
