"""A small writer of Nikon's ND2 files, version 3.0: named chunks, and a map of them at the end."""

from __future__ import annotations

import struct
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["write_nd2"]

_MAGIC = 0x0ABECEDA
# Pixels lie 4,096 bytes behind the beginning of their chunk: header, name and a time.
_FRAME_NAME = 4072


def write_nd2(path: Path, stack: np.ndarray, *, bits: int, absent: Collection[int] = ()) -> None:
    """Write a stack of axes ZCYX; frames that are absent are stated, but not in the file."""
    depth, channels, height, width = stack.shape
    size = stack.dtype.itemsize
    attributes = {
        "uiWidth": width,
        "uiWidthBytes": width * size * channels,
        "uiHeight": height,
        "uiComp": channels,
        "uiBpcInMemory": 8 * size,
        "uiBpcSignificant": bits,
        "uiSequenceCount": depth,
        "eCompression": 2,
    }
    planes = {f"a{number}": {"sDescription": f"c{number}"} for number in range(channels)}
    picture = {
        "bCalibrated": True,
        "dCalibration": 0.5,
        "sPicturePlanes": {"uiCount": channels, "sPlaneNew": planes},
    }
    loop = {"eType": 4, "uLoopPars": {"uiCount": depth, "dZStep": 1.0}}
    signature = b"ND2 FILE SIGNATURE CHUNK NAME01!"
    out = bytearray(struct.pack("<IIQ32s64s", _MAGIC, 32, 64, signature, b"Ver3.0"))
    table = b""
    chunks = [
        (b"ImageAttributesLV!", _item("SLxImageAttributes", attributes), 64),
        (b"ImageMetadataSeqLV|0!", _item("SLxPictureMetadata", picture), 64),
        (b"ImageMetadataLV!", _item("SLxExperiment", loop), 64),
    ]
    for number, frame in enumerate(stack):
        if number not in absent:
            data = struct.pack("<d", number) + np.moveaxis(frame, 0, -1).tobytes()
            chunks.append((f"ImageDataSeq|{number}!".encode(), data, _FRAME_NAME))
    for name, data, reserved in chunks:
        table += name + struct.pack("<QQ", len(out), len(data))
        out += struct.pack("<IIQ", _MAGIC, reserved, len(data)) + name.ljust(reserved, b"\0") + data
    end = b"ND2 CHUNK MAP SIGNATURE 0000001!"
    place = len(out)
    table += end + bytes(16)
    out += struct.pack("<IIQ", _MAGIC, 32, len(table)) + b"ND2 FILEMAP SIGNATURE NAME 0001!"
    path.write_bytes(bytes(out) + table + end + struct.pack("<Q", place))


def _item(name: str, value: Any) -> bytes:
    """Write a named value: a kind, the name in UTF-16, and the value; levels hold others."""
    text = name.encode("utf-16-le") + b"\0\0"
    if isinstance(value, dict):
        inner = b"".join(_item(key, one) for key, one in value.items())
        head = bytes([11, len(text) // 2]) + text
        length = len(head) + 12 + len(inner)
        return head + struct.pack("<IQ", len(value), length) + inner + bytes(8 * len(value))
    if isinstance(value, str):
        return bytes([8, len(text) // 2]) + text + value.encode("utf-16-le") + b"\0\0"
    kind, form = {bool: (1, "<?"), int: (3, "<I"), float: (6, "<d")}[type(value)]
    return bytes([kind, len(text) // 2]) + text + struct.pack(form, value)
