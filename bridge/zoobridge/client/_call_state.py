"""Which pictures of a call are on their way, and what came of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from zoobridge.client._own_words import error_of
from zoobridge.client._result import ModelIdentity, Result, results_from_response
from zoobridge.client._transport import concerns_one_image
from zoobridge.errors import LimitError, ServerError, ZooBridgeError
from zoobridge.protocol import ClientHints, before_picture, before_request
from zoobridge.protocol.v1 import classification_pb2 as pb

if TYPE_CHECKING:
    from zoobridge.client._packing import ImageGroup

__all__ = [
    "CallState",
    "ImageResults",
    "OnProgress",
    "Progress",
    "build",
]


@dataclass(frozen=True)
class Progress:
    """How far a call is.

    Parameters
    ----------
    images
        Pictures that are answered.
    total
        Pictures there are; `None` where that is not known, as for a generator.
    items
        Items (planes, regions) that are answered.
    failed
        Items among them that failed.
    """

    images: int
    total: int | None
    items: int
    failed: int


#: Called whenever something was answered.
OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True)
class ImageResults:
    """Results of one picture that came together.

    Parameters
    ----------
    image_index
        Position of the picture among those given.
    results
        The results.
    last
        Whether the picture has no others.
    """

    image_index: int
    results: list[Result]
    last: bool


@dataclass(frozen=True)
class _Open:
    group: ImageGroup
    index: int
    size: int
    left: list[int]


def build(
    group: ImageGroup,
    base: pb.ClassifyRequest,
    *,
    index: int | None = None,
    limit: Callable[[], int],
) -> bytes:
    """Read pictures and make their request: a serialized message, since bytes are copied once.

    Parameters
    ----------
    group
        The pictures.
    base
        The request without it.
    index
        The first picture's place among others, for a ``ClassifyStreamRequest``; `None` for a
        ``ClassifyRequest``.
    limit
        Returns the largest message that the server takes, in bytes; asked for large ones only.

    Raises
    ------
    ImageFormatError
        If the picture cannot be read.
    LimitError
        If the request is greater than the server takes.
    """
    image, data = group.read()
    head = before_picture(base, image, len(data))
    if index is not None:
        head = before_request(_id(index), len(head) + len(data)) + head
    size = len(head) + len(data)
    if size > 1 << 20 and size > limit():
        raise LimitError(
            f"{group.name} takes {size / 2**20:.0f} MiB, and the server takes messages of up to "
            f"{limit() / 2**20:.0f} MiB; send a part of it, or raise the server's limit",
            field="image",
        )
    return b"".join((head, data))


def _noted(results: list[Result], group: ImageGroup) -> list[Result]:
    """Return the results of a picture with what reading it found out."""
    notes = group.sources[0].notes
    if not notes:
        return results
    return [
        replace(one, conversions=(*notes, *one.conversions)) if one.error is None else one
        for one in results
    ]


def _id(index: int) -> str:
    """Return what a picture is known by among others."""
    return str(index)


class CallState:
    """Keeps the account of one call's pictures.

    Parameters
    ----------
    model
        What was asked for.
    total
        Number of pictures; `None` where it is not known.
    on_progress
        Called whenever something was answered.
    hints
        How far to send ahead.
    """

    def __init__(
        self,
        model: str,
        total: int | None,
        on_progress: OnProgress | None,
        hints: ClientHints | None = None,
    ) -> None:
        name, _, version = model.partition("@")
        self._identity = ModelIdentity(name, version)
        self._total = total
        self._on_progress = on_progress
        self.hints = hints or ClientHints()
        self._open: dict[str, _Open] = {}
        self._bytes = 0
        self._images = self._items = self._failed = 0

    @property
    def open(self) -> int:
        """Number of messages that are on their way."""
        return len(self._open)

    def has_room(self, loading: int) -> bool:
        """Return whether another message may be sent while `loading` are being read."""
        return (
            len(self._open) + loading < self.hints.window_messages
            and self._bytes < self.hints.window_bytes
        )

    def send(self, group: ImageGroup, index: int, size: int) -> None:
        """Enter pictures as sent; `size` is their message's length in bytes."""
        left = [group.items_each] * len(group.sources)
        self._open[_id(index)] = _Open(group, index, size, left)
        self._bytes += size

    def fail(self, group: ImageGroup, index: int, error: ZooBridgeError) -> list[ImageResults]:
        """Return the results of pictures that could not be sent.

        Raises
        ------
        ZooBridgeError
            The error itself, where all other pictures would meet it too.
        """
        if not concerns_one_image(error):
            raise error
        return [
            self._count(
                index + place, [self._failure(source.name, index + place, error)], last=True
            )
            for place, source in enumerate(group.sources)
        ]

    def unary(self, group: ImageGroup, response: pb.ClassifyResponse) -> ImageResults:
        """Return the results of a picture that was sent by itself."""
        results = results_from_response(response, image=group.name, image_index=0)
        return self._count(0, _noted(results, group), last=True)

    def answer(self, response: pb.ClassifyStreamResponse) -> list[ImageResults]:
        """Return the results that a part of an answer holds.

        Raises
        ------
        ZooBridgeError
            If the server refuses what all pictures have in common.
        """
        known = self._open.get(response.id)
        if response.WhichOneof("outcome") == "error":
            error = error_of(response.error)
            if known is None or not concerns_one_image(error):
                raise error
            self._close(response.id)
            return self.fail(known.group, known.index, error)
        if known is None:
            raise ServerError(f"the server answered a request '{response.id}' that was not sent")
        if response.last:
            self._close(response.id)
        results = results_from_response(
            response.response, image=known.group.name, image_index=known.index
        )
        if len(known.group.sources) == 1:
            results = _noted(results, known.group)
            return [self._count(known.index, results, last=response.last)]
        return self._unpacked(known, results)

    def _unpacked(self, known: _Open, results: list[Result]) -> list[ImageResults]:
        """Return the results of pictures that were sent as planes of one, for each picture."""
        by_place: dict[int, list[Result]] = {}
        for result in results:
            place, item = divmod(result.item_index, known.group.items_each)
            by_place.setdefault(place, []).append(
                replace(
                    result,
                    image=known.group.sources[place].name,
                    image_index=known.index + place,
                    item_index=item,
                    plane="",
                    indexes={},
                )
            )
        parts = []
        for place, found in by_place.items():
            known.left[place] -= len(found)
            parts.append(self._count(known.index + place, found, last=not known.left[place]))
        return parts

    def _close(self, name: str) -> None:
        self._bytes -= self._open.pop(name).size

    def _failure(self, name: str, index: int, error: ZooBridgeError) -> Result:
        return Result(image=name, image_index=index, error=error, model=self._identity)

    def _count(self, index: int, results: list[Result], *, last: bool) -> ImageResults:
        self._images += last
        self._items += len(results)
        self._failed += sum(result.error is not None for result in results)
        if self._on_progress is not None:
            self._on_progress(Progress(self._images, self._total, self._items, self._failed))
        return ImageResults(index, results, last)
