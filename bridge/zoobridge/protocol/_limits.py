"""What a request may hold at most, unless the administrator says otherwise."""

from dataclasses import dataclass

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
