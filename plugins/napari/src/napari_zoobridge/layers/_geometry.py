"""From coordinates of one layer to pixels of another: affine maps, outlines, masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = [
    "LayerMap",
    "PixelBox",
    "box_of_outline",
    "ellipse_outline",
    "map_between",
    "polygon_mask",
    "stroke_mask",
]

_ELLIPSE_VERTICES = 128
_ALMOST = 1e-6


@dataclass(frozen=True)
class PixelBox:
    """Rows ``y … y + height - 1`` and columns ``x … x + width - 1`` of a plane.

    Parameters
    ----------
    x, y
        The first column and row; may lie outside the picture.
    width, height
        At least 1.
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def center(self) -> tuple[float, float]:
        """Row and column of the middle, in pixel coordinates (a pixel's centre is an integer)."""
        return self.y + (self.height - 1) / 2, self.x + (self.width - 1) / 2

    def overlaps(self, other: PixelBox) -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def grown(self, pixels: int) -> PixelBox:
        """Add `pixels` on every side."""
        return PixelBox(
            self.x - pixels, self.y - pixels, self.width + 2 * pixels, self.height + 2 * pixels
        )


@dataclass(frozen=True)
class LayerMap:
    """The affine map from one layer's data coordinates to another's.

    Parameters
    ----------
    matrix
        ``(target axes, source axes)``.
    offset
        ``(target axes,)``.
    free
        How many leading axes of the target the source knows nothing of, because it has fewer
        axes; the map's values there mean nothing.
    """

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]
    free: int

    def __call__(self, points: NDArray[np.generic]) -> NDArray[np.float64]:
        """Map ``(n, source axes)`` points to ``(n, target axes)``."""
        mapped: NDArray[np.float64] = (
            np.asarray(points, dtype=np.float64) @ self.matrix.T + self.offset
        )
        return mapped

    @cached_property
    def is_shift(self) -> bool:
        """Pixels of the source lie on pixels of the target, moved by whole numbers."""
        count = min(self.matrix.shape)
        square = self.matrix[-count:, -count:]
        offset = self.offset[-2:]
        return bool(
            np.allclose(square, np.eye(count), atol=_ALMOST)
            and np.allclose(offset, np.round(offset), atol=_ALMOST)
        )


def map_between(source: Layer, target: Layer) -> LayerMap:
    """How positions in `source` translate to positions in `target` through the world.

    Scale, translation, rotation, shear and affine of both layers count. Layers with different
    numbers of axes are aligned at the last one, as the viewer does it.
    """
    count = source.ndim

    def through(point: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(target.world_to_data(source.data_to_world(point)), dtype=np.float64)

    offset = through(np.zeros(count))
    columns = [through(unit) - offset for unit in np.eye(count)]
    return LayerMap(np.stack(columns, axis=1), offset, max(0, target.ndim - source.ndim))


def ellipse_outline(corners: NDArray[np.generic]) -> NDArray[np.float64]:
    """Draw the outline of an ellipse that the viewer stores as the four corners of its frame.

    Parameters
    ----------
    corners
        ``(4, axes)`` in order around the frame.

    Returns
    -------
    numpy.ndarray
        ``(128, axes)`` points on the ellipse.
    """
    frame = np.asarray(corners, dtype=np.float64)
    center = frame.mean(axis=0)
    first, second = (frame[1] - frame[0]) / 2, (frame[3] - frame[0]) / 2
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_VERTICES, endpoint=False)[:, np.newaxis]
    outline: NDArray[np.float64] = center + np.cos(angle) * first + np.sin(angle) * second
    return outline


def box_of_outline(outline: NDArray[np.generic]) -> PixelBox:
    """Find the smallest box around the pixels whose centres lie inside `outline`'s bounds.

    Parameters
    ----------
    outline
        ``(n, 2)`` rows and columns. The lower bound belongs to it, the upper does not: an
        outline from 10 to 20 covers the pixels 10 … 19.
    """
    points = np.asarray(outline, dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    first = np.ceil(low - _ALMOST).astype(int)
    size = np.ceil(high - _ALMOST).astype(int) - first
    # An outline that is thinner than a pixel holds no centre: the pixel in which it lies stands.
    thin = size < 1
    first = np.where(thin, np.round((low + high) / 2).astype(int), first)
    size = np.where(thin, 1, size)
    return PixelBox(int(first[1]), int(first[0]), int(size[1]), int(size[0]))


def polygon_mask(outline: NDArray[np.generic], box: PixelBox) -> NDArray[np.bool_]:
    """Which pixels of `box` have their centre inside a polygon (even-odd rule).

    Parameters
    ----------
    outline
        ``(n, 2)`` rows and columns of the vertices; the last joins the first.
    box
        Where to look.

    Returns
    -------
    numpy.ndarray
        ``(height, width)`` booleans.
    """
    points = np.asarray(outline, dtype=np.float64) - (box.y, box.x)
    toggles = np.zeros((box.height, box.width + 1), dtype=bool)
    for (row_0, column_0), (row_1, column_1) in zip(
        points, np.roll(points, -1, axis=0), strict=True
    ):
        if row_0 == row_1:
            continue
        low, high = min(row_0, row_1), max(row_0, row_1)
        rows = np.arange(
            max(0, int(np.ceil(low - _ALMOST))),
            min(box.height, int(np.ceil(high - _ALMOST))),
        )
        crossing = column_0 + (rows - row_0) * (column_1 - column_0) / (row_1 - row_0)
        columns = np.clip(np.ceil(crossing - _ALMOST), 0, box.width).astype(int)
        toggles[rows, columns] ^= True
    inside: NDArray[np.bool_] = np.logical_xor.accumulate(toggles, axis=1)[:, :-1]
    return inside


def stroke_mask(path: NDArray[np.generic], width: float, box: PixelBox) -> NDArray[np.bool_]:
    """Which pixels of `box` a line of some width covers.

    Parameters
    ----------
    path
        ``(n, 2)`` rows and columns of the points that the line joins.
    width
        The line's width in pixels; at least the pixels that it passes are covered.
    box
        Where to look.

    Returns
    -------
    numpy.ndarray
        ``(height, width)`` booleans.
    """
    points = np.asarray(path, dtype=np.float64)
    reach = max(width / 2, np.sqrt(0.5))
    rows = (box.y + np.arange(box.height))[:, np.newaxis]
    columns = (box.x + np.arange(box.width))[np.newaxis, :]
    covered = np.zeros((box.height, box.width), dtype=bool)
    for start, end in pairwise(points):
        way = end - start
        length = float(way @ way)
        along = (rows - start[0]) * way[0] + (columns - start[1]) * way[1]
        part = np.clip(along / length, 0, 1) if length else np.zeros(covered.shape)
        distance = np.hypot(rows - start[0] - part * way[0], columns - start[1] - part * way[1])
        covered |= distance <= reach
    return covered
