"""What a request may hold at most, and how clients are best to send it; the defaults."""

from dataclasses import dataclass

__all__ = ["NO_HINTS", "ClientHints", "Limits"]


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


@dataclass(frozen=True)
class ClientHints:
    """How clients get the most out of a server.

    Parameters
    ----------
    window_messages, window_bytes
        Messages, and bytes, to send ahead of their answers in a stream, at most.
    unary_items
        Up to this many items in a request, a unary call answers sooner than a stream.
    packed_images, packed_items, packed_bytes
        Small pictures of the same type, shape and axes to send as planes of one, and the items and
        bytes of such a message, at most.
    joined_requests
        Other requests of a stream to send in one message of `packed_bytes`, at most.
    """

    window_messages: int = 64
    window_bytes: int = 128 << 20
    unary_items: int = 64
    packed_images: int = 32
    packed_items: int = 1024
    packed_bytes: int = 4 << 20
    joined_requests: int = 32


#: What to assume of a server that gives no hints: it may not know joined requests.
NO_HINTS = ClientHints(joined_requests=1)
