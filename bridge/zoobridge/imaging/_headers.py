"""What the first bytes of a picture file state, read without decoding a pixel.

Pillow's lazy reader does the same in 40 µs for a PNG file and 47 µs for a JPEG file; this takes 1 µs
and 36 µs, on the path of every request.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from zoobridge.errors import ImageFormatError
from zoobridge.protocol import START_BYTES, kind_of_file

__all__ = [
    "FileFormat",
    "Header",
    "jpeg_frame",
    "read_jpeg_header",
    "read_png_header",
    "sniff",
]

_FIELD = "image.encoded"
_PNG_PALETTE = 3
#: Scans of a JPEG; encoders write about ten.
_MOST_SCANS = 256
# Markers SOF0…SOF15 start a frame; the three others of that row are tables and extensions.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
_ORIENTATION = 274


class FileFormat(Enum):
    """The formats that are decoded; all others are refused."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"
    WEBP = "WebP"


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Parameters
    ----------
    shape
        Height, width and samples.
    palette
        Whether pixels are entries of a colour table.
    orientation
        The EXIF orientation, 1 (upright) to 8.
    """

    shape: tuple[int, int, int]
    palette: bool = False
    orientation: int = 1


def sniff(data: memoryview) -> FileFormat:
    """Tell a file's format by its first bytes.

    Raises
    ------
    ImageFormatError
        If it is empty or of none of the formats on the list.
    """
    if not len(data):
        raise ImageFormatError("the picture file is empty; send its whole content", field=_FIELD)
    start = bytes(data[:START_BYTES])
    kind = kind_of_file(start)
    if kind is not None and kind.decoded:
        return FileFormat(kind.name)
    if kind is not None:
        itself = ", or read it on your side with zoobridge[formats]" if kind.library else ""
        raise ImageFormatError(
            f"the file is {kind.name}, which the server does not decode; {kind.way_out}{itself}",
            field=_FIELD,
        )
    if all(9 <= byte < 127 for byte in start[:16]):
        what = f"text (it begins with {start[:12].decode('ascii')!r})"
    else:
        what = f"of an unknown format (it begins with {start[:8].hex(' ')})"
    raise ImageFormatError(
        f"the file is not a picture but {what}; send a PNG, JPEG, TIFF, BMP, GIF or WebP file",
        field=_FIELD,
    )


def read_png_header(data: memoryview) -> Header:
    """Read the header chunk of a PNG, and its EXIF chunk where it has one.

    Raises
    ------
    ImageFormatError
        If the file ends too early.
    """
    if len(data) < 33 or bytes(data[12:16]) != b"IHDR":
        raise ImageFormatError("the PNG file ends in its header; send all of it", field=_FIELD)
    width, height, _, kind = struct.unpack_from(">IIBB", data, 16)
    samples = {0: 1, 2: 3, _PNG_PALETTE: 3, 4: 2, 6: 4}.get(kind)
    if samples is None:
        raise ImageFormatError(
            f"the PNG file states the colour type {kind}, which does not exist", field=_FIELD
        )
    orientation, position = 1, 8
    while position + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"eXIf":
            orientation = _exif_orientation(data[position + 8 : position + 8 + length])
            break
        if name == b"IEND":
            break
        position += 12 + length
    return Header((height, width, samples), kind == _PNG_PALETTE, orientation)


def read_jpeg_header(data: memoryview) -> Header:
    """Read the frame header of a JPEG, and its EXIF block where it has one.

    Raises
    ------
    ImageFormatError
        If the file ends too early, or is of a kind that is not decoded.
    """
    orientation = 1
    for marker, position, length in _segments(data):
        body = data[position : position + length]
        if marker == 0xE1 and bytes(body[:6]) == b"Exif\x00\x00":
            orientation = _exif_orientation(body[6:])
        if marker not in _FRAMES:
            continue
        if len(body) < 6:
            break
        precision, height, width, samples = struct.unpack_from(">BHHB", body)
        if marker in _LOSSLESS or precision != 8:
            raise ImageFormatError(
                f"the JPEG file is of a kind that is not decoded ({precision} bits, frame type "
                f"{marker - 0xC0}); convert it to TIFF or PNG",
                field=_FIELD,
            )
        if samples not in {1, 3}:
            raise ImageFormatError(
                f"the JPEG file has {samples} colour components"
                f"{' (CMYK)' if samples == 4 else ''}; convert it to RGB or grey",
                field=_FIELD,
            )
        # Compressed data hold no end marker; without one after them they are cut short.
        rest = bytes(data[position:])
        if rest.rfind(b"\xff\xd9") < 0:
            raise ImageFormatError(
                "the JPEG file is truncated: it has no end marker; send all of it", field=_FIELD
            )
        # Each is a look at the whole picture, for as little as ten bytes.
        scans = rest.count(b"\xff\xda")
        if scans > _MOST_SCANS:
            raise ImageFormatError(
                f"the JPEG file has {scans} scans, more than the {_MOST_SCANS} allowed; save it again",
                field=_FIELD,
            )
        return Header((height, width, samples), orientation=orientation)
    raise ImageFormatError(
        "the JPEG file ends before its picture begins; send all of it", field=_FIELD
    )


def jpeg_frame(data: memoryview) -> tuple[int, int, int] | None:
    """Return height, width and components that a JPEG states; `None` if it ends before that."""
    for marker, position, length in _segments(data):
        if marker in _FRAMES and length >= 6 and position + 6 <= len(data):
            _, height, width, samples = struct.unpack_from(">BHHB", data, position)
            return height, width, samples
    return None


def _segments(data: memoryview) -> Iterator[tuple[int, int, int]]:
    """Walk the segments up to the compressed data: marker, position and length of each body."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        if marker in {0xD9, 0xDA}:
            return
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if length < 2:
            return
        yield marker, position + 4, length - 2
        position += 2 + length


def _exif_orientation(block: memoryview) -> int:
    """Read tag 274 from the first directory of a TIFF structure; 1 if it is not there."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None or len(block) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", block, 4)
    if start + 2 > len(block):
        return 1
    (count,) = struct.unpack_from(f"{order}H", block, start)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", block, entry)
        if tag == _ORIENTATION and kind == 3:
            return int(value) if 1 <= value <= 8 else 1
    return 1
