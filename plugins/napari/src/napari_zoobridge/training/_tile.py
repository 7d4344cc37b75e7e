"""An item with its surroundings, as a picture to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.layers import PixelBox

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_zoobridge.targets import Item, Plan

__all__ = ["tile_picture"]

_FRAME = (255, 214, 0)
_CHANNELS = ((0, 255, 0), (255, 0, 255), (0, 255, 255), (255, 128, 0))
#: Larger tiles are thinned out.
_SIDE = 512


def tile_picture(plan: Plan, item: Item) -> NDArray[np.uint8]:
    """Return ``(height, width, 3)``: an item in a yellow frame, and as much again around it.

    Parameters
    ----------
    plan
        What the item belongs to.
    item
        The item.
    """
    source = plan.place.source
    frame, box = source.frame, item.box or source.frame
    around = max(box.width, box.height) // 2
    left, top = max(frame.x, box.x - around), max(frame.y, box.y - around)
    right = min(frame.x + frame.width, box.x + box.width + around)
    bottom = min(frame.y + frame.height, box.y + box.height + around)
    window = PixelBox(left, top, right - left, bottom - top)
    thin = max(1, -(-max(window.width, window.height) // _SIDE))
    pixels = np.asarray(source.read(item.plane, window))
    order = [source.plane_axes.index(axis) for axis in "YXC" if axis in source.plane_axes]
    colour = _colours(pixels.transpose(order)[::thin, ::thin], _limits(plan))
    if item.box is not None:
        x, y = (box.x - left) // thin, (box.y - top) // thin
        _draw(colour, x, y, x + box.width // thin - 1, y + box.height // thin - 1)
    return colour


def _limits(plan: Plan) -> tuple[float, float] | None:
    layer = plan.place.layer
    if layer.rgb:
        return None
    low, high = layer.contrast_limits
    return float(low), float(high)


def _colours(pixels: NDArray[Any], limits: tuple[float, float] | None) -> NDArray[np.uint8]:
    if pixels.ndim == 3 and pixels.shape[2] in (3, 4) and limits is None:
        shown = pixels[..., :3]
        if shown.dtype.kind == "f":
            shown = shown * 255
        return np.ascontiguousarray(shown.clip(0, 255).astype(np.uint8))
    low, high = limits or (float(pixels.min()), float(pixels.max()))
    scaled = ((pixels.astype(np.float64) - low) / max(high - low, 1e-12)).clip(0, 1)
    if scaled.ndim == 2:
        return np.repeat((scaled * 255).astype(np.uint8)[..., None], 3, axis=2)
    mixed = np.zeros((*scaled.shape[:2], 3))
    for channel in range(scaled.shape[2]):
        mixed += scaled[..., channel, None] * np.array(_CHANNELS[channel % len(_CHANNELS)])
    return mixed.clip(0, 255).astype(np.uint8)


def _draw(picture: NDArray[np.uint8], left: int, top: int, right: int, bottom: int) -> None:
    height, width = picture.shape[:2]
    left, right = max(0, left), min(width - 1, right)
    top, bottom = max(0, top), min(height - 1, bottom)
    for row in (top, bottom):
        picture[row, left : right + 1] = _FRAME
    for column in (left, right):
        picture[top : bottom + 1, column] = _FRAME
