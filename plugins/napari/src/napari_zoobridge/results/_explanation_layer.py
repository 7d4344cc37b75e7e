"""What an answer rests on, as a layer over the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.results._features import METADATA_KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_zoobridge.targets import Item, Plan
    from zoobridge.client import AnswerExplanation

__all__ = ["show_explanation"]


def show_explanation(viewer: ViewerModel, plan: Plan, item: Item, found: AnswerExplanation) -> Any:
    """Lay a heat map over an item: orange where the answer rests on it, blue where it speaks against.

    Its scale is shown beside it: what a place adds to the score before the softmax, or how much the score
    falls where the place is covered.

    Parameters
    ----------
    viewer
        The viewer.
    plan, item
        What was explained.
    found
        The explanation.

    Returns
    -------
    napari.layers.Image or None
        The layer; `None` where the image was removed meanwhile.
    """
    from napari.layers import Image
    from napari.utils import Colormap

    image = plan.place.layer
    if image not in viewer.layers:
        return None
    title = f"what “{found.label}” rests on · {item.region or plan.place.source.name}"
    for old in [one for one in viewer.layers if one.name == title]:
        viewer.layers.remove(old)
    reach = float(np.abs(found.values).max()) or 1.0
    left, top = (0, 0) if item.box is None else (max(0, item.box.x), max(0, item.box.y))
    letters = plan.place.layer_axes
    shape = [1] * len(letters)
    shape[letters.index("Y")], shape[letters.index("X")] = found.values.shape
    offset = np.array(
        [{"Y": top, "X": left}.get(letter, item.plane.get(letter, 0)) for letter in letters], float
    )
    values = found.values if letters.index("Y") < letters.index("X") else found.values.T
    layer = Image(
        values.reshape(shape),
        name=title,
        # Seen alike by readers who do not tell red from green; clear where nothing depends on it.
        colormap=Colormap(
            [[0, 0.35, 0.71, 1], [0, 0.35, 0.71, 0], [0.84, 0.38, 0, 0], [0.84, 0.38, 0, 1]],
            controls=[0, 0.5, 0.5, 1],
            name="explanation",
        ),
        contrast_limits=(-reach, reach),
        scale=image.scale,
        rotate=image.rotate,
        shear=image.shear,
        translate=image.data_to_world(offset),
        opacity=0.8,
        metadata={METADATA_KEY: {"made": True}},
    )
    viewer.add_layer(layer)
    # Since napari 0.6.5.
    if hasattr(layer, "colorbar"):
        layer.colorbar.visible = True
    return layer
