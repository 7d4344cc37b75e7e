"""GIF and WebP: pictures whose frames are planes."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import GifImagePlugin, Image, WebPImagePlugin

from zoobridge.errors import ImageFormatError
from zoobridge.imaging._decoded import PALETTE, PILLOW_FAULTS, Decoded
from zoobridge.imaging._pictures import check_size
from zoobridge.imaging._types import PictureLimits

__all__ = ["decode_gif", "decode_webp"]


def decode_gif(data: memoryview, limits: PictureLimits) -> Decoded:
    """Decode all frames of a GIF, as RGB; several lie along T."""
    if len(data) < 10:
        raise _broken("GIF", "it ends in its header")
    width, height = struct.unpack_from("<HH", data, 6)
    return _frames(GifImagePlugin.GifImageFile, "GIF", data, (height, width), limits)


def decode_webp(data: memoryview, limits: PictureLimits) -> Decoded:
    """Decode all frames of a WebP file, as RGB or RGBA; several lie along T."""
    return _frames(WebPImagePlugin.WebPImageFile, "WebP", data, _webp_size(data), limits)


def _webp_size(data: memoryview) -> tuple[int, int]:
    """Read height and width: its decoder makes a canvas of them before anybody can look."""
    start = bytes(data[:30])
    if len(start) < 30:
        raise _broken("WebP", "it ends in its header")
    chunk = start[12:16]
    if chunk == b"VP8X":
        width, height = (
            int.from_bytes(start[place : place + 3], "little") + 1 for place in (24, 27)
        )
    elif chunk == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", start, 26))
    else:
        raise _broken("WebP", "its first part is of an unknown kind")
    return height, width


def _frames(
    plugin: Any, name: str, data: memoryview, stated: tuple[int, int], limits: PictureLimits
) -> Decoded:
    check_size((*stated, 4), limits)
    try:
        # The class itself, not Image.open: that has a limit of its own, in a global variable.
        picture: Image.Image = plugin(io.BytesIO(data))
        count = int(getattr(picture, "n_frames", 1))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        check_size((count, picture.height, picture.width, len(mode)), limits)
        frames = []
        for number in range(count):
            picture.seek(number)
            frames.append(np.asarray(picture.convert(mode)))
        array = frames[0].copy() if count == 1 else np.stack(frames)
    except PILLOW_FAULTS as error:
        raise _broken(name, str(error) or type(error).__name__) from None
    notes = (PALETTE,) if name == "GIF" else ()
    return Decoded(array, "YXS" if count == 1 else "TYXS", notes)


def _broken(name: str, why: str) -> ImageFormatError:
    return ImageFormatError(
        f"the {name} file cannot be decoded ({why}); it may be truncated or damaged",
        field="image.encoded",
    )
