"""Small messages of the contract, made and read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from zoobridge.protocol.v1 import image_pb2
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["class_counts", "item_message"]


def item_message(picture: str, region: str, name: str, region_id: str) -> pb.TrainingItem:
    """Return an item.

    Parameters
    ----------
    picture
        SHA-256 of its file.
    region
        ``x,y,width,height``, or empty.
    name, region_id
        What the caller calls its picture and its place.
    """
    item = pb.TrainingItem(picture=picture, name=name, region_id=region_id)
    if region:
        x, y, width, height = map(int, region.split(","))
        item.box.CopyFrom(image_pb2.Box(x=x, y=y, width=width, height=height))
    return item


def class_counts(labels: Iterable[tuple[str, str]]) -> list[pb.ClassCount]:
    """Return the classes by name, each with its number of items.

    Parameters
    ----------
    labels
        Items and classes given to them; two annotators of an item that agree count once.
    """
    found = Counter(label for _, label in set(labels))
    return [pb.ClassCount(label=label, items=count) for label, count in sorted(found.items())]
