"""Several small pictures as planes of one, so that each costs less than a separate message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.protocol.v1 import image_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zoobridge.client._images import ImageSource
    from zoobridge.protocol import ClientHints
    from zoobridge.protocol.v1 import classification_pb2 as pb

__all__ = ["ImageGroup", "grouped"]

#: The axis along which pictures lie in a message.
_POSITION = "P"


@dataclass(frozen=True)
class ImageGroup:
    """Pictures that one request carries.

    Parameters
    ----------
    sources
        The pictures; more than one only if all are arrays of the same type, shape and axes.
    items_each
        Number of items in each picture of a group of several.
    """

    sources: tuple[ImageSource, ...]
    items_each: int = 1

    @property
    def name(self) -> str:
        """What messages call them."""
        first = self.sources[0].name
        return first if len(self.sources) == 1 else f"{first} to {self.sources[-1].name}"

    def read(self) -> tuple[image_pb2.Image, bytes | memoryview]:
        """Return the message without its bytes, and these; see :attr:`ImageSource.read`."""
        if len(self.sources) == 1:
            return self.sources[0].read()
        parts = [source.read() for source in self.sources]
        first = parts[0][0].pixels
        pixels = image_pb2.Pixels(
            data_type=first.data_type,
            shape=[len(parts), *first.shape],
            axes=_POSITION + first.axes,
        )
        return image_pb2.Image(name=self.name, pixels=pixels), b"".join(data for _, data in parts)


def grouped(
    sources: Iterable[ImageSource], base: pb.ClassifyRequest, hints: ClientHints, total: int | None
) -> Iterator[ImageGroup]:
    """Yield pictures in their order, small arrays of the same layout together.

    Only 8-bit arrays of a single plane are packed: for other types the server chooses how to treat
    the intensities by the values of the whole picture, which would then be several.

    Parameters
    ----------
    sources
        The pictures.
    base
        The request without a picture. One that names planes is never packed.
    hints
        What the server says is worth while.
    total
        Number of pictures. Where it is not known, none waits for another, since the next may be
        long in coming.
    """
    items = max(1, len(base.regions))
    apart = (
        total is None
        or bool(base.planes)
        or any(region.HasField("plane") for region in base.regions)
    )
    most = 1 if apart else max(1, min(hints.packed_images, hints.packed_items // items))
    held: list[ImageSource] = []
    for source in sources:
        layout = source.layout
        if held and (
            layout != held[0].layout
            or len(held) >= most
            or (len(held) + 1) * source.size > hints.packed_bytes
        ):
            yield ImageGroup(tuple(held), items)
            held = []
        held.append(source)
        if layout is None or most == 1:
            yield ImageGroup(tuple(held), items)
            held = []
    if held:
        yield ImageGroup(tuple(held), items)
