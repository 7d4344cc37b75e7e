"""Small messages of the contract, made and read."""

from __future__ import annotations

from zoobridge.protocol.v1 import image_pb2
from zoobridge.protocol.v1 import training_pb2 as pb

__all__ = ["item_message"]


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
