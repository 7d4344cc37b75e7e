"""Asking the server what an answer rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_zoobridge.layers import PixelBox
from zoobridge.client import Region

if TYPE_CHECKING:
    from napari_zoobridge.results import Record
    from napari_zoobridge.targets import Plan
    from zoobridge.client import AnswerExplanation, Client

__all__ = ["explained"]


def explained(
    client: Client, model: str, plan: Plan, record: Record, framework: str
) -> AnswerExplanation:
    """Return what the answer for an item rests on.

    Parameters
    ----------
    client
        The connection.
    model
        What answered, as ``id@version``.
    plan, record
        The item and its answer.
    framework
        Framework to run the model with; empty for the fastest.

    Raises
    ------
    ZooBridgeError
        If the model gives no scores, or the call fails.
    """
    source, item = plan.place.source, record.item
    window = None if item.box is None else inside(item.box, source.frame)
    pixels = np.ascontiguousarray(source.read(item.plane, window))
    region = None
    if item.box is not None and item.mask is not None and window is not None:
        box = replace(item.box, x=item.box.x - window.x, y=item.box.y - window.y)
        region = Region(box.x, box.y, box.width, box.height, mask=item.mask)
    return client.explain(
        model,
        pixels,
        axes=source.plane_axes,
        region=region,
        label=record.label or "",
        framework=framework,
    )


def inside(box: PixelBox, frame: PixelBox) -> PixelBox:
    """Return the part of a box that lies in the image."""
    left, top = max(box.x, frame.x), max(box.y, frame.y)
    right = min(box.x + box.width, frame.x + frame.width)
    bottom = min(box.y + box.height, frame.y + frame.height)
    return PixelBox(left, top, right - left, bottom - top)
