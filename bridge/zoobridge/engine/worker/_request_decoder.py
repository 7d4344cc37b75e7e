"""From the bytes of a request to a picture and its items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from zoobridge.errors import InvalidRequestError, RegionError
from zoobridge.imaging import (
    Box,
    MissingPlane,
    Orientation,
    Picture,
    PictureLimits,
    Preparer,
    Region,
    decode,
    picture_from_array,
    plan_items,
    preparation_of,
)
from zoobridge.protocol import pixels_array, read_boxes, split_picture, to_enum, unpack_mask
from zoobridge.protocol.v1 import classification_pb2 as messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zoobridge.imaging import InputSpec, Item, ItemFault
    from zoobridge.protocol.v1 import image_pb2

__all__ = ["DecodedRequest", "RequestDecoder"]

_PREPARERS = 64
# So many are read one by one as fast.
_FEW_REGIONS = 16


@dataclass(frozen=True)
class DecodedRequest:
    """A request whose picture was decoded.

    Parameters
    ----------
    options
        What the caller asks of the answer.
    picture
        The picture; it may lie in the memory that the request came in.
    preparer
        Makes the network's inputs of it.
    items
        What to classify in it.
    """

    options: messages.ClassificationOptions
    picture: Picture
    preparer: Preparer
    items: Sequence[Item | ItemFault]


class RequestDecoder:
    """Decodes requests for one model; remembers how pictures are prepared for the options it saw.

    Parameters
    ----------
    spec
        The network's input.
    limits
        Bounds of a picture.
    max_items
        Items of one request.
    byte_input
        Whether bytes are left unchanged where a table states what becomes of them.
    """

    def __init__(
        self, spec: InputSpec, *, limits: PictureLimits, max_items: int, byte_input: bool = False
    ) -> None:
        self._spec = spec
        self._limits = limits
        self._max_items = max_items
        self._byte_input = byte_input
        self._preparers: dict[bytes, Preparer] = {}

    def decode(self, data: memoryview, check: Callable[[], None]) -> DecodedRequest:
        """Parse a serialized ``ClassifyRequest``, decode its picture and plan its items.

        Parameters
        ----------
        data
            The request.
        check
            Raises where nobody waits for it any more.

        Raises
        ------
        ZooBridgeError
            If it is not sound as a whole.
        """
        rest, bytes_of_picture = split_picture(data)
        try:
            request = messages.ClassifyRequest.FromString(rest)
        except DecodeError as error:
            raise InvalidRequestError(f"the request is not a ClassifyRequest: {error}") from None
        picture = _picture(request, bytes_of_picture, replace(self._limits, check=check))
        boxes = read_boxes(rest) if len(request.regions) > _FEW_REGIONS else None
        items = plan_items(
            picture,
            self._spec,
            planes=_selection_of(request) if request.planes else {},
            regions=_regions_of(request) if boxes is None else boxes,
            max_items=self._max_items,
            channels=request.options.channels,
        )
        return DecodedRequest(request.options, picture, self._preparer(request.options), items)

    def _preparer(self, options: messages.ClassificationOptions) -> Preparer:
        key = options.SerializeToString(deterministic=True)
        preparer = self._preparers.get(key)
        if preparer is None:
            preparer = Preparer(self._spec, preparation_of(options), byte_input=self._byte_input)
            if len(self._preparers) >= _PREPARERS:
                self._preparers.clear()
            self._preparers[key] = preparer
        return preparer


def _picture(
    request: messages.ClassifyRequest, data: memoryview | None, limits: PictureLimits
) -> Picture:
    image = request.image
    source = image.WhichOneof("source")
    if source == "encoded":
        orientation = to_enum(
            Orientation,
            messages.Orientation,
            request.options.orientation,
            field="options.orientation",
        )
        return decode(
            image.encoded if data is None else data,
            axes=image.axes,
            limits=limits,
            orientation=orientation or Orientation.AS_STORED,
            series=image.series if image.HasField("series") else None,
        )
    if source == "pixels":
        pixels = image.pixels
        array = pixels_array(
            pixels.data if data is None else data,
            pixels.data_type,
            tuple(pixels.shape),
            pixels.axes,
        )
        return picture_from_array(
            array,
            pixels.axes,
            limits=limits,
            significant_bits=pixels.significant_bits,
            missing={tuple(one.indexes): MissingPlane(one.reason) for one in pixels.missing},
        )
    raise InvalidRequestError(
        "the request holds no picture; set image.encoded or image.pixels", field="image"
    )


def _selection_of(request: messages.ClassifyRequest) -> Mapping[str, Sequence[int]]:
    """Return the chosen indexes by axis letter."""
    selection: dict[str, Sequence[int]] = {}
    for chosen in request.planes:
        if chosen.axis in selection:
            raise InvalidRequestError(
                f"axis {chosen.axis!r} is selected twice; name all its indexes in one selection",
                field="planes",
            )
        selection[chosen.axis] = tuple(chosen.indexes)
    return selection


def _regions_of(request: messages.ClassifyRequest) -> list[Region]:
    """Return the regions, their masks unpacked; one whose mask is wrong carries its error."""
    return [_region(region) for region in request.regions]


def _region(region: image_pb2.Region) -> Region:
    # Each look at a message within a message makes an object.
    sent = region.box
    box = Box(sent.x, sent.y, sent.width, sent.height)
    plane = dict(region.plane.indexes) if region.HasField("plane") else None
    if not region.mask:
        return Region(region.id, box, None, plane)
    try:
        mask = unpack_mask(region.mask, box.width, box.height)
    except RegionError as error:
        return Region(region.id, box, None, plane, error)
    return Region(region.id, box, mask, plane)
