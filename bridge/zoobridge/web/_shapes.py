"""Shapes that visitors draw, as masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["cut_out", "paint_away", "polygon_mask"]


def polygon_mask(
    corners: Sequence[tuple[float, float]], width: int, height: int
) -> NDArray[np.bool_]:
    """Return which pixels' centres lie inside a polygon, by the even-odd rule.

    Parameters
    ----------
    corners
        ``(x, y)`` each, in pixels of the box; pixel (0, 0) has its centre at (0.5, 0.5).
    width, height
        Of the box.

    Returns
    -------
    NDArray
        ``(height, width)``.
    """
    columns = np.arange(width) + 0.5
    mask = np.zeros((height, width), bool)
    points = np.asarray(corners, np.float64).reshape(-1, 2)
    following = np.roll(points, -1, axis=0)
    for row in range(height):
        y = row + 0.5
        crosses = (points[:, 1] > y) != (following[:, 1] > y)
        (x1, y1), (x2, y2) = points[crosses].T, following[crosses].T
        at = np.sort(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
        # An odd number of edges to the left of a pixel: it lies inside.
        mask[row] = np.searchsorted(at, columns) % 2 == 1
    return mask


def cut_out(mask: NDArray[np.bool_], x: int, y: int, width: int, height: int) -> None:
    """Take a box out of a mask, in place.

    Parameters
    ----------
    mask
        ``(height, width)``.
    x, y, width, height
        The box, in pixels of the mask.
    """
    mask[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = False


def paint_away(mask: NDArray[np.bool_], strokes: Sequence[tuple[float, float, float]]) -> None:
    """Take discs out of a mask, in place.

    Parameters
    ----------
    mask
        ``(height, width)``.
    strokes
        ``(x, y, radius)`` each, in pixels of the mask.
    """
    height, width = mask.shape
    for x, y, radius in strokes:
        left, right = max(0, int(x - radius)), min(width, int(x + radius) + 1)
        top, bottom = max(0, int(y - radius)), min(height, int(y + radius) + 1)
        if left >= right or top >= bottom:
            continue
        rows, columns = np.ogrid[top:bottom, left:right]
        inside = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2
        mask[top:bottom, left:right] &= ~inside
