"""Pictures as the calls of ``TrainingService`` carry them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from zoobridge.client._images import sources
from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from zoobridge.client._images import ImageLike
    from zoobridge.protocol.v1 import image_pb2

__all__ = ["image_message", "with_pixels"]


def image_message(picture: ImageLike, axes: str, name: str) -> image_pb2.Image:
    """Return a picture as a message with its pixels; see :meth:`Client.classify` for what it may be.

    Raises
    ------
    InvalidRequestError
        If it is a folder, a list or nothing, instead of a single picture.
    """
    sent, _ = sources({name: picture} if name else picture, axes=axes)
    found = list(itertools.islice(sent, 2))
    if len(found) != 1:
        raise InvalidRequestError("give a single picture, not a folder or a list", field="image")
    return with_pixels(*found[0].read())


def with_pixels(image: image_pb2.Image, data: bytes | memoryview) -> image_pb2.Image:
    """Return a message with its pixels, or the bytes of its file, put into it."""
    if image.HasField("pixels"):
        image.pixels.data = bytes(data)
    else:
        image.encoded = bytes(data)
    return image
