"""Items to classify, and the pictures that carry them to the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from napari_zoobridge.layers import PixelBox, PlaneSource

__all__ = ["Batch", "EmptyTargetError", "Item", "ItemKind", "batch_items", "plane_text"]


class EmptyTargetError(ValueError):
    """Nothing to classify; the message says what to draw or choose."""


class ItemKind(StrEnum):
    """What an item is in the viewer."""

    PLANE = "plane"
    SHAPE = "shape"
    LABEL = "label"
    POINT = "point"
    TILE = "tile"


@dataclass(frozen=True)
class Item:
    """One thing to classify.

    Parameters
    ----------
    kind
        Where it comes from.
    index
        Its row in the Shapes or Points layer, its label, its number among the planes or tiles.
    plane
        Index by letter along the image's stack axes.
    box
        Its place in the plane; `None` for a whole plane.
    mask
        ``(height, width)`` booleans, true inside; `None` where the whole box belongs to it.
    problem
        Why it cannot be asked for at all; empty if it can.
    """

    kind: ItemKind
    index: int
    plane: Mapping[str, int]
    box: PixelBox | None = None
    mask: NDArray[np.bool_] | None = None
    problem: str = ""

    @property
    def order(self) -> tuple[int, ...]:
        """Identifies and sorts the items of a plan."""
        return (self.index, *self.plane.values())

    @property
    def region(self) -> str:
        """What the ``region`` column calls it; empty for a whole plane."""
        if self.kind is ItemKind.PLANE:
            return ""
        if self.kind is ItemKind.TILE and self.box is not None:
            return f"{self.box.x},{self.box.y},{self.box.width},{self.box.height}"
        return f"{self.kind} {self.index}"


@dataclass(frozen=True)
class Batch:
    """Items of one plane that share one picture.

    Parameters
    ----------
    plane
        Which plane.
    items
        Items in it: a single whole plane, or regions only.
    window
        The part of the plane that is sent; `None` for all of it.
    """

    plane: Mapping[str, int]
    items: tuple[Item, ...]
    window: PixelBox | None = None

    def box_in_picture(self, item: Item) -> PixelBox:
        """Where a region lies in the picture that is sent."""
        box = item.box
        if box is None:
            raise ValueError("a whole plane has no box")
        if self.window is None:
            return box
        return replace(box, x=box.x - self.window.x, y=box.y - self.window.y)


def plane_text(plane: Mapping[str, int]) -> str:
    """Write a plane as the ``plane`` column does: ``T=4,Z=0``."""
    return ",".join(f"{axis}={index}" for axis, index in sorted(plane.items()))


def batch_items(
    items: Iterable[Item], source: PlaneSource, *, bytes_limit: int, items_limit: int
) -> Iterator[Batch]:
    """Join the items of a plane so that its pixels are sent as seldom as can be.

    One picture a plane, cut to what its regions need; more only where it would pass a limit.

    Parameters
    ----------
    items
        In any order; the planes come in the order of their first items. Those with a
        :attr:`Item.problem` are left out.
    source
        The image.
    bytes_limit
        Pixel bytes of one picture.
    items_limit
        Items of one request.
    """
    frame = source.frame
    regions: dict[tuple[tuple[str, int], ...], list[Item]] = {}
    for item in items:
        if item.problem:
            continue
        if item.box is None:
            yield Batch(item.plane, (item,))
        else:
            regions.setdefault(tuple(item.plane.items()), []).append(item)
    most = max(1, bytes_limit // max(1, source.pixel_bytes))
    for group in regions.values():
        for part in _split(group, frame, pixels=most, count=max(1, items_limit)):
            window = _window(part, frame)
            whole = 2 * window.width * window.height > frame.width * frame.height
            fits = frame.width * frame.height <= most
            yield Batch(part[0].plane, tuple(part), None if whole and fits else window)


def _window(items: Sequence[Item], frame: PixelBox) -> PixelBox:
    boxes = [item.box for item in items if item.box is not None]
    left = max(frame.x, min(box.x for box in boxes))
    top = max(frame.y, min(box.y for box in boxes))
    right = min(frame.x + frame.width, max(box.x + box.width for box in boxes))
    bottom = min(frame.y + frame.height, max(box.y + box.height for box in boxes))
    return PixelBox(left, top, right - left, bottom - top)


def _split(items: list[Item], frame: PixelBox, *, pixels: int, count: int) -> Iterator[list[Item]]:
    window = _window(items, frame)
    if len(items) == 1 or (len(items) <= count and window.width * window.height <= pixels):
        yield items
        return
    axis = 0 if window.height >= window.width else 1
    ordered = sorted(items, key=lambda item: item.box.center[axis] if item.box else 0.0)
    middle = len(ordered) // 2
    yield from _split(ordered[:middle], frame, pixels=pixels, count=count)
    yield from _split(ordered[middle:], frame, pixels=pixels, count=count)
