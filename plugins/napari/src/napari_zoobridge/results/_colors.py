"""Colour by class, and the colours of before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.results._features import METADATA_KEY
from napari_zoobridge.results._records import Record
from napari_zoobridge.targets import ItemKind

__all__ = [
    "UNKNOWN",
    "class_colors",
    "color_items",
    "label_items_with_text",
    "restore_look",
    "rgba",
]

UNKNOWN = "#808080"
"""The colour of an item without a class."""

_BEFORE = "look_before"
_COLORED = {ItemKind.SHAPE: "edge", ItemKind.TILE: "face", ItemKind.POINT: "face"}
_COLORED_PLANES = "face"


def rgba(color: str) -> NDArray[np.float64]:
    """Translate ``#rrggbb`` to red, green, blue and opacity from 0 to 1.

    Raises
    ------
    ValueError
        The text is not such a colour.
    """
    digits = color.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"a colour reads #rrggbb, not {color!r}")
    return np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)] + [1.0])


def class_colors(labels: Sequence[str], colors: Sequence[str]) -> dict[str, str]:
    """Match the model's colours with its classes; what is missing is grey."""
    padded = [*colors, *[UNKNOWN] * (len(labels) - len(colors))]
    return dict(zip(labels, padded, strict=False))


def color_items(layer: Any, records: Sequence[Record], colors: Mapping[str, str]) -> None:
    """Colour the items of a layer by their class.

    What the layer looked like is kept in its metadata, for :func:`restore_look`.

    Parameters
    ----------
    layer
        Shapes (edges; faces of tiles), Points (faces) or Labels.
    records
        Results of its items; items without one keep their colour.
    colors
        ``#rrggbb`` by class.
    """
    if not records:
        return
    kind = records[0].item.kind
    before = layer.metadata.setdefault(METADATA_KEY, {}).setdefault(_BEFORE, {})
    by_item: dict[int | None, Any] = {
        record.item.index: rgba(colors.get(record.label or "", UNKNOWN)) for record in records
    }
    if kind is ItemKind.LABEL:
        # Deferred: the module behind it costs the import of napari's rendering colours.
        from napari.utils import DirectLabelColormap

        before.setdefault("colormap", layer.colormap)
        others = np.array([*rgba(UNKNOWN)[:3], 0.4])
        table = {None: others, 0: np.zeros(4)} | by_item
        layer.colormap = DirectLabelColormap(color_dict=table, name="zoobridge classes")
        return
    part = _COLORED.get(kind, _COLORED_PLANES)
    now = np.array(getattr(layer, f"{part}_color"))
    before.setdefault("part", part)
    before.setdefault("colors", now.copy())
    before.setdefault("mode", str(getattr(layer, f"{part}_color_mode")))
    for row, color in by_item.items():
        if row is not None and row < len(now):
            now[row] = color
    setattr(layer, f"{part}_color", now)


def label_items_with_text(layer: Any, template: str, class_column: str) -> bool:
    """Write a text beside each item, unless the user's layer already has texts.

    Parameters
    ----------
    layer
        Shapes or Points.
    template
        With feature columns in braces: ``{class} {score:.2f}``.
    class_column
        Items that have nothing in this column get no text.

    Returns
    -------
    bool
        Whether the texts were set.
    """
    before = layer.metadata.setdefault(METADATA_KEY, {}).setdefault(_BEFORE, {})
    if "text" not in before:
        if str(getattr(layer.text.string, "constant", "?")):
            return False
        before["text"] = {"constant": ""}
    layer.text.string = _texts(layer, template, class_column)
    layer.refresh_text()
    return True


def _texts(layer: Any, template: str, class_column: str) -> Any:
    known = layer.features[class_column].notna()
    if known.all():
        return template
    # A template would write "nan" beside items without a class.
    rows = layer.features.to_dict("records")
    try:
        texts = [
            template.format(**row) if here else "" for row, here in zip(rows, known, strict=True)
        ]
    except (KeyError, ValueError, IndexError):
        # napari says itself what is wrong with a template.
        return template
    return {"array": texts}


def restore_look(layer: Any) -> None:
    """Give a layer the colours and texts back that it had before; nothing if it was left alone."""
    entry = layer.metadata.get(METADATA_KEY, {})
    before = entry.pop(_BEFORE, {})
    if "colormap" in before:
        layer.colormap = before["colormap"]
    if "part" in before:
        part, colors = before["part"], before["colors"]
        # Items that were added since then take the last colour.
        padded = colors[np.minimum(np.arange(len(layer.data)), len(colors) - 1)]
        setattr(layer, f"{part}_color", padded)
        if before["mode"] != "direct":
            setattr(layer, f"{part}_color_mode", before["mode"])
    if "text" in before:
        layer.text.string = before["text"]
        layer.refresh_text()
    if not entry:
        layer.metadata.pop(METADATA_KEY, None)
