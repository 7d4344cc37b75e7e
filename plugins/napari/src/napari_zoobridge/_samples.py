"""The demo pictures, with layers to classify.

The brick, grass and gravel photographs are those of scikit-image (from Texture Haven, CC0), the
digits those of scikit-learn ("Optical Recognition of Handwritten Digits", UCI, CC BY 4.0): parts
that the networks of the demo zoo have not learnt from. ``make_samples.py`` wrote the files.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["digits", "textures"]


def _load(name: str) -> dict[str, NDArray[Any]]:
    with (
        as_file(files("napari_zoobridge") / "samples" / f"{name}.npz") as path,
        np.load(path) as data,
    ):
        return dict(data)


def _box(top: float, left: float, height: float, width: float) -> list[list[float]]:
    bottom, right = top + height, left + width
    return [[top, left], [top, right], [bottom, right], [bottom, left]]


def textures() -> list[tuple[Any, dict[str, Any], str]]:
    """Open a picture of three textures, with shapes drawn in it.

    Returns
    -------
    list of tuple
        An image ``(512, 576)``, uint8: brick, grass and gravel from left to right; and a Shapes
        layer with rectangles, an ellipse, and a polygon.
    """
    image = _load("textures")["image"]
    shapes: list[list[list[float]]] = [
        _box(40, 24, 96, 96),
        _box(300, 60, 96, 96),
        _box(50, 220, 80, 120),
        [[300, 260], [290, 340], [370, 360], [410, 300], [360, 230]],
        _box(44, 404, 96, 96),
        _box(300, 426, 110, 120),
    ]
    kinds = ["rectangle", "ellipse", "rectangle", "polygon", "rectangle", "ellipse"]
    look = {
        "name": "places",
        "shape_type": kinds,
        "edge_color": "white",
        "face_color": "transparent",
        "edge_width": 3,
        "opacity": 1,
        "text": {"string": {"constant": ""}, "color": "yellow", "size": 13},
    }
    return [(image, {"name": "textures"}, "image"), (shapes, look, "shapes")]


def digits() -> list[tuple[Any, dict[str, Any], str]]:
    """Open a sheet of handwritten digits, each of which is a labelled object.

    Returns
    -------
    list of tuple
        An image ``(76, 124)``, uint8, and a Labels layer with sixty objects, whose features hold
        what the writers meant.
    """
    import pandas as pd

    data = _load("digits")
    features = pd.DataFrame(
        {"index": np.arange(1, len(data["written"]) + 1), "written": data["written"].astype(int)}
    )
    look = {"name": "digits", "features": features, "opacity": 0.5}
    return [
        (data["image"], {"name": "sheet"}, "image"),
        (data["labels"].astype(int), look, "labels"),
    ]
