"""Which pictures of a call are on their way, and what came of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from google.rpc import status_pb2

from zoobridge.client._result import ModelIdentity, Result, results_from_response
from zoobridge.client._transport import concerns_one_image
from zoobridge.errors import LimitError, ServerError, ZooBridgeError
from zoobridge.protocol import before_picture, before_request, error_from_status
from zoobridge.protocol.v1 import classification_pb2 as pb

if TYPE_CHECKING:
    from zoobridge.client._images import ImageSource

__all__ = [
    "UNARY_REGIONS",
    "WINDOW_BYTES",
    "WINDOW_IMAGES",
    "CallState",
    "ImageResults",
    "OnProgress",
    "Progress",
    "build",
]

#: Beyond this many regions the answer of a lone picture is worth having in parts.
UNARY_REGIONS = 256

#: Pictures, and bytes, that are sent ahead of the answers at most.
WINDOW_IMAGES = 64
WINDOW_BYTES = 128 << 20


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
    name: str
    index: int
    size: int


def build(
    source: ImageSource,
    base: pb.ClassifyRequest,
    *,
    index: int | None = None,
    limit: Callable[[], int],
) -> bytes:
    """Read a picture and make its request: a serialized message, since bytes are copied once.

    Parameters
    ----------
    source
        The picture.
    base
        The request without it.
    index
        The picture's place among others, for a ``ClassifyStreamRequest``; `None` for a
        ``ClassifyRequest``.
    limit
        Tells the greatest message that the server takes, in bytes; asked for large ones only.

    Raises
    ------
    ImageFormatError
        If the picture cannot be read.
    LimitError
        If the request is greater than the server takes.
    """
    image, data = source.read()
    head = before_picture(base, image, len(data))
    if index is not None:
        head = before_request(_id(index), len(head) + len(data)) + head
    size = len(head) + len(data)
    if size > 1 << 20 and size > limit():
        raise LimitError(
            f"{source.name} takes {size / 2**20:.0f} MiB, and the server takes messages of up to "
            f"{limit() / 2**20:.0f} MiB; send a part of it, or raise the server's limit",
            field="image",
        )
    return b"".join((head, data))


def _id(index: int) -> str:
    """Return what a picture is known by among others."""
    return str(index)


class CallState:
    """Keeps the account of one call's pictures."""

    def __init__(self, model: str, total: int | None, on_progress: OnProgress | None) -> None:
        name, _, version = model.partition("@")
        self._identity = ModelIdentity(name, version)
        self._total = total
        self._on_progress = on_progress
        self._open: dict[str, _Open] = {}
        self._bytes = 0
        self._images = self._items = self._failed = 0

    @property
    def open(self) -> int:
        """Number of pictures that are on their way."""
        return len(self._open)

    def has_room(self, loading: int) -> bool:
        """Tell whether another picture may be sent while `loading` are being read."""
        return len(self._open) + loading < WINDOW_IMAGES and self._bytes < WINDOW_BYTES

    def send(self, source: ImageSource, index: int, size: int) -> None:
        """Enter a picture as sent; `size` is its message's length in bytes."""
        self._open[_id(index)] = _Open(source.name, index, size)
        self._bytes += size

    def fail(self, source: ImageSource, index: int, error: ZooBridgeError) -> ImageResults:
        """Return the result of a picture that could not be sent.

        Raises
        ------
        ZooBridgeError
            The error itself, where all other pictures would meet it too.
        """
        if not concerns_one_image(error):
            raise error
        return self._count(index, [self._failure(source.name, index, error)], last=True)

    def unary(self, source: ImageSource, response: pb.ClassifyResponse) -> ImageResults:
        """Return the results of a picture that was sent by itself."""
        results = results_from_response(response, image=source.name, image_index=0)
        return self._count(0, results, last=True)

    def answer(self, response: pb.ClassifyStreamResponse) -> ImageResults:
        """Return the results that a part of an answer holds.

        Raises
        ------
        ZooBridgeError
            If the server refuses what all pictures have in common.
        """
        known = self._open.get(response.id)
        if response.WhichOneof("outcome") == "error":
            return self._refusal(response.error, response.id, known)
        if known is None:
            raise ServerError(f"the server answered a request '{response.id}' that was not sent")
        if response.last:
            self._close(response.id)
        results = results_from_response(
            response.response, image=known.name, image_index=known.index
        )
        return self._count(known.index, results, last=response.last)

    def _refusal(self, status: status_pb2.Status, name: str, known: _Open | None) -> ImageResults:
        error = error_from_status(status)
        if known is None or not concerns_one_image(error):
            raise error
        self._close(name)
        failure = self._failure(known.name, known.index, error)
        return self._count(known.index, [failure], last=True)

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
