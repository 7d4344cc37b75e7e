"""Reading a request without copying its picture, which is nearly all of it.

The fields of a message are looked at as they lie on the wire (protobuf's encoding: a tag, then a
number or a length and as many bytes); only the picture's bytes are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from zoobridge.protocol._varints import BYTES, field_tag, varint
from zoobridge.protocol.v1 import classification_pb2, image_pb2

__all__ = [
    "ClassifyParts",
    "StreamParts",
    "before_picture",
    "before_request",
    "divide_request",
    "divide_stream_request",
    "field_at",
    "join_requests",
    "join_responses",
    "region_starts",
    "split_picture",
    "with_response",
]

_VARINT, _FIXED64, _FIXED32 = 0, 1, 5
_IMAGE: Final = classification_pb2.ClassifyRequest.IMAGE_FIELD_NUMBER
_ENCODED: Final = image_pb2.Image.ENCODED_FIELD_NUMBER
_PIXELS: Final = image_pb2.Image.PIXELS_FIELD_NUMBER
_DATA: Final = image_pb2.Pixels.DATA_FIELD_NUMBER
_REGION: Final = field_tag(classification_pb2.ClassifyRequest.REGIONS_FIELD_NUMBER)[0]
_REQUEST: Final = classification_pb2.ClassifyStreamRequest.REQUEST_FIELD_NUMBER

_JOINED: Final = classification_pb2.ClassifyStreamRequest.JOINED_FIELD_NUMBER
_MAX_JOINED: Final = 1024
_SHORT: Final = 0x80

# Below this, a plain parse that copies is as fast.
_WORTH_BYTES: Final = 256 << 10


@dataclass(frozen=True)
class ClassifyParts:
    """A request, and its picture's bytes where they lie.

    Parameters
    ----------
    request
        The request; `image.encoded` and `image.pixels.data` are empty if `picture` is given.
    picture
        A view of these bytes; `None` if they are in `request`.
    """

    request: classification_pb2.ClassifyRequest
    picture: memoryview | None


def divide_request(data: bytes | memoryview) -> ClassifyParts:
    """Parse a ``ClassifyRequest``, leaving a large picture where it lies.

    Parameters
    ----------
    data
        The serialized message; must not change while the picture is used.

    Raises
    ------
    google.protobuf.message.DecodeError
        If it is not one.
    """
    rest, picture = split_picture(data)
    return ClassifyParts(classification_pb2.ClassifyRequest.FromString(rest), picture)


def split_picture(data: bytes | memoryview) -> tuple[bytes, memoryview | None]:
    """Return a serialized ``ClassifyRequest`` without its picture, and a view of that.

    A picture that is not large, or that only a parser can find, stays in the message.
    """
    divided = _divided(memoryview(data)) if len(data) >= _WORTH_BYTES else None
    return (bytes(data), None) if divided is None else divided


def region_starts(data: bytes | memoryview, begin: int, end: int) -> list[int]:
    """Return where regions begin that stand in a row in a serialized ``ClassifyRequest``.

    Parameters
    ----------
    data
        The message.
    begin, end
        Where the first one may stand, and where the message ends.

    Returns
    -------
    list
        The place of each, and where the last one ends; `begin` alone where none stands there. The row
        ends before a region of 128 bytes or more.
    """
    starts = [begin]
    add = starts.append
    place = begin
    while place + 1 < end and data[place] == _REGION and (size := data[place + 1]) < _SHORT:
        place += size + 2
        add(place)
    if place > end:
        starts.pop()
    return starts


@dataclass(frozen=True)
class StreamParts:
    """A message of a stream, and its request's bytes where they lie.

    Parameters
    ----------
    id
        The caller's name for it.
    request
        The request; a large picture is left out.
    data
        The serialized request, picture and all.
    """

    id: str
    request: classification_pb2.ClassifyRequest
    data: bytes | memoryview


def divide_stream_request(data: bytes) -> list[StreamParts]:
    """Parse a ``ClassifyStreamRequest``, leaving a large picture where it lies.

    Returns
    -------
    list of StreamParts
        The request, and those that are joined to it.

    Raises
    ------
    google.protobuf.message.DecodeError
        If it is not one, or joins too many.
    """
    return [_stream_parts(part) for part in _separated(memoryview(data))]


def _separated(data: memoryview) -> list[memoryview]:
    """Return a message without those that are joined to it, and these."""
    own: list[memoryview] = []
    joined: list[memoryview] = []
    try:
        for field in _fields(data, 0, len(data)):
            if field.number != _JOINED or field.kind != BYTES:
                own.append(data[field.begin : field.end])
            elif len(joined) < _MAX_JOINED:
                joined.append(data[field.value : field.end])
            else:
                raise DecodeError(f"a message joins more than {_MAX_JOINED} requests")
    except (IndexError, ValueError):
        return [data]
    return [memoryview(b"".join(own)), *joined] if joined else [data]


def _stream_parts(view: memoryview) -> StreamParts:
    if len(view) >= _WORTH_BYTES:
        try:
            field = _only(view, 0, len(view), _REQUEST)
        except (IndexError, ValueError):
            field = None
        if field is not None:
            inner = view[field.value : field.end]
            rest = _single(bytes(view[: field.begin]) + bytes(view[field.end :]))
            return StreamParts(rest.id, divide_request(inner).request, inner)
    message = _single(bytes(view))
    return StreamParts(message.id, message.request, message.request.SerializeToString())


def _single(data: bytes) -> classification_pb2.ClassifyStreamRequest:
    message = classification_pb2.ClassifyStreamRequest.FromString(data)
    if message.joined:
        raise DecodeError("a request that is joined to another joins others")
    return message


def join_requests(requests: Sequence[bytes]) -> bytes:
    """Return serialized ``ClassifyStreamRequest`` messages as one, at least one."""
    return _join(_JOINED_REQUEST, requests)


def join_responses(responses: Sequence[bytes]) -> bytes:
    """Return serialized ``ClassifyStreamResponse`` messages as one, at least one."""
    return _join(_JOINED_RESPONSE, responses)


def _join(tag: bytes, messages: Sequence[bytes]) -> bytes:
    if len(messages) == 1:
        return messages[0]
    chunks = [messages[0]]
    for message in messages[1:]:
        chunks += (tag, varint(len(message)), message)
    return b"".join(chunks)


def before_picture(
    request: classification_pb2.ClassifyRequest, image: image_pb2.Image, size: int
) -> bytes:
    """Return what stands before a picture's bytes in a serialized ``ClassifyRequest``.

    Parameters
    ----------
    request
        All else; without an image.
    image
        What the bytes are: those of a file, or elements where it has `pixels`; without them.
    size
        Their number, which are to follow.
    """
    rest = image_pb2.Image()
    rest.CopyFrom(image)
    rest.ClearField("source")
    source = field_tag(_ENCODED) + varint(size)
    if image.HasField("pixels"):
        inner = image.pixels.SerializeToString() + field_tag(_DATA) + varint(size)
        source = field_tag(_PIXELS) + varint(len(inner) + size) + inner
    before = rest.SerializeToString() + source
    return request.SerializeToString() + field_tag(_IMAGE) + varint(len(before) + size) + before


def before_request(name: str, size: int) -> bytes:
    """Return what stands before a request in a serialized ``ClassifyStreamRequest``.

    Parameters
    ----------
    name
        The caller's name for it.
    size
        The length of the serialized ``ClassifyRequest``, which is to follow.
    """
    head = classification_pb2.ClassifyStreamRequest(id=name)
    return head.SerializeToString() + field_tag(_REQUEST) + varint(size)


def with_response(head: classification_pb2.ClassifyStreamResponse, response: bytes) -> bytes:
    """Return a serialized part of a stream's answer.

    Parameters
    ----------
    head
        All else; without an outcome.
    response
        A serialized ``ClassifyResponse``.
    """
    return b"".join([head.SerializeToString(), _RESPONSE, varint(len(response)), response])


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    kind: int
    begin: int
    value: int
    end: int


def _divided(data: memoryview) -> tuple[bytes, memoryview] | None:
    """Return the message without the picture's bytes, and these; `None` where a parser must look."""
    try:
        image = next((field for field in _outer_fields(data, 0) if field.number == _IMAGE), None)
        if image is None or image.kind != BYTES:
            return None
        # Another image would be merged into the first.
        if any(field.number == _IMAGE for field in _outer_fields(data, image.end)):
            return None
        encoded = _only(data, image.value, image.end, _ENCODED)
        pixels = _only(data, image.value, image.end, _PIXELS)
        if encoded is not None and pixels is None:
            picture, outer = encoded, [image]
        elif pixels is not None and encoded is None:
            inner = _only(data, pixels.value, pixels.end, _DATA)
            if inner is None:
                return None
            picture, outer = inner, [image, pixels]
        else:
            return None
    except (IndexError, ValueError):
        return None
    # An empty field stays in its place, so that the message still says which kind of source it is.
    rest = field_tag(picture.number) + b"\0" + bytes(data[picture.end : outer[-1].end])
    begin = picture.begin
    for field in reversed(outer):
        inside = bytes(data[field.value : begin]) + rest
        after = data[field.end : _end_around(field, outer, len(data))]
        rest = field_tag(field.number) + varint(len(inside)) + inside + bytes(after)
        begin = field.begin
    return bytes(data[:begin]) + rest, data[picture.value : picture.end]


def _end_around(field: _Field, outer: list[_Field], length: int) -> int:
    """Return where the message ends that holds a field."""
    place = outer.index(field)
    return outer[place - 1].end if place else length


def _only(data: memoryview, begin: int, end: int, number: int) -> _Field | None:
    """Return the field of a number if it stands there once, as bytes.

    Raises
    ------
    ValueError
        If it stands there more than once, or what stands there is not a message.
    """
    found = None
    for field in _fields(data, begin, end):
        if field.number == number:
            if found is not None or field.kind != BYTES:
                raise ValueError(f"field {number} is not there just once, as bytes")
            found = field
    return found


def field_at(data: bytes | memoryview, place: int, end: int) -> _Field:
    """Return the field that begins at a place.

    Raises
    ------
    IndexError, ValueError
        If what stands there is none.
    """
    return next(_fields(data, place, end))


def _outer_fields(data: memoryview, begin: int) -> Iterator[_Field]:
    """Yield the fields of a request from a place on, but for rows of regions, which may be thousands."""
    end = len(data)
    place = region_starts(data, begin, end)[-1]
    while place < end:
        field = field_at(data, place, end)
        yield field
        place = region_starts(data, field.end, end)[-1]


def _fields(data: bytes | memoryview, begin: int, end: int) -> Iterator[_Field]:
    place = begin
    while place < end:
        start = place
        tag, place = _read_varint(data, place)
        kind = tag & 7
        value = place
        if kind == BYTES:
            length, value = _read_varint(data, place)
            place = value + length
        elif kind == _VARINT:
            _, place = _read_varint(data, place)
        elif kind in (_FIXED64, _FIXED32):
            place += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} is not one of this contract")
        if place > end:
            raise ValueError("a field ends behind its message")
        yield _Field(tag >> 3, kind, start, value, place)


def _read_varint(data: bytes | memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number has more than ten bytes")


_RESPONSE: Final = field_tag(classification_pb2.ClassifyStreamResponse.RESPONSE_FIELD_NUMBER)
_JOINED_REQUEST: Final = field_tag(_JOINED)
_JOINED_RESPONSE: Final = field_tag(classification_pb2.ClassifyStreamResponse.JOINED_FIELD_NUMBER)
