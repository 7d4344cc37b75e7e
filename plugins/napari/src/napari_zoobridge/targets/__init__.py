"""Items to classify, and plans that find them in layers."""

from napari_zoobridge.targets._items import (
    Batch,
    EmptyTargetError,
    Item,
    ItemKind,
    batch_items,
    plane_text,
)
from napari_zoobridge.targets._place import Place, Plan, place_of, source_of
from napari_zoobridge.targets._plans import (
    plan_grid,
    plan_labels,
    plan_planes,
    plan_points,
    plan_shapes,
)

__all__ = [
    "Batch",
    "EmptyTargetError",
    "Item",
    "ItemKind",
    "Place",
    "Plan",
    "batch_items",
    "place_of",
    "plan_grid",
    "plan_labels",
    "plan_planes",
    "plan_points",
    "plan_shapes",
    "plane_text",
    "source_of",
]
