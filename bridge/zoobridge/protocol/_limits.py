"""What a request may hold at most, unless the administrator says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from zoobridge.protocol.v1 import zoo_pb2

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits of a server; the defaults suit a laptop.

    Parameters
    ----------
    message_bytes
        Size of one message.
    image_pixels
        Pixels of one picture, all axes multiplied.
    items
        Items (planes times regions) of one request.
    queued_items
        Items waiting for one model.
    queued_bytes
        Bytes waiting for one model.
    """

    message_bytes: int = 256 << 20
    image_pixels: int = 1 << 30
    items: int = 100_000
    queued_items: int = 200_000
    queued_bytes: int = 1 << 30

    def to_message(self) -> zoo_pb2.Limits:
        """Return the limits as a message."""
        return zoo_pb2.Limits(
            message_bytes=self.message_bytes,
            image_pixels=self.image_pixels,
            items=self.items,
            queued_items=self.queued_items,
            queued_bytes=self.queued_bytes,
        )

    @classmethod
    def from_message(cls, message: zoo_pb2.Limits) -> Limits:
        """Return the limits that a message states."""
        return cls(
            message_bytes=message.message_bytes,
            image_pixels=message.image_pixels,
            items=message.items,
            queued_items=message.queued_items,
            queued_bytes=message.queued_bytes,
        )
