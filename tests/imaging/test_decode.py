"""PNG, JPEG and BMP files become the pixels that were written, or an error in a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageOps

from zoobridge.errors import ImageFormatError, LimitError, ZooBridgeError
from zoobridge.imaging import (
    ConversionKind,
    Orientation,
    Picture,
    PictureLimits,
    decode,
)

LIMITS = PictureLimits(1 << 22)


def read(data: bytes, **kwargs: Any) -> Picture:
    return decode(data, **({"limits": LIMITS} | kwargs))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(height: int = 30, width: int = 40) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([y * 5, x * 5, (x + y) * 3], -1).astype(np.uint8))


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I4sI", 0, b"IEND", 0xAE426082)


@given(
    pixels=st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: st.tuples(
            st.integers(1, 9), st.integers(1, 9), st.sampled_from([0, 2, 3, 4])
        ).flatmap(lambda s: hnp.arrays(dtype, s[:2] if not s[2] else s))
    )
)
def test_png_of_eight_and_sixteen_bits_is_exact(pixels: np.ndarray) -> None:
    result = read(imagecodecs.png_encode(pixels))
    assert result.axes == ("YX" if pixels.ndim == 2 else "YXC")
    assert result.array.dtype == pixels.dtype
    np.testing.assert_array_equal(result.array, pixels)
    assert result.notes == ()
    assert not result.array.flags.writeable


@pytest.mark.parametrize("options", [{"quality": 90}, {"progressive": True}, {"subsampling": 2}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_equals_another_decoder(mode: str, options: dict[str, Any]) -> None:
    data = saved(scene().convert(mode), "JPEG", **options)
    result = read(data)
    assert result.axes == ("YX" if mode == "L" else "YXC")
    np.testing.assert_array_equal(result.array, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_bmp_is_exact(mode: str) -> None:
    data = saved(scene().convert(mode), "BMP")
    # The fourth byte of a common BMP means nothing; Pillow reads it as RGB too.
    np.testing.assert_array_equal(read(data).array, np.asarray(Image.open(io.BytesIO(data))))


def test_black_and_white_pixels_are_the_ends_of_a_byte() -> None:
    picture = scene().convert("1")
    for kind in ("PNG", "BMP"):
        result = read(saved(picture, kind))
        np.testing.assert_array_equal(result.array, np.asarray(picture.convert("L")))


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_a_colour_table_is_resolved_and_noted(kind: str) -> None:
    picture = scene().quantize(16)
    result = read(saved(picture, kind))
    assert result.axes == "YXC"
    np.testing.assert_array_equal(result.array, np.asarray(picture.convert("RGB")))
    assert [note.kind for note in result.notes] == [ConversionKind.PALETTE_EXPANDED]


def test_a_colour_table_with_transparency_has_four_channels() -> None:
    data = saved(scene().quantize(16), "PNG", transparency=3)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    np.testing.assert_array_equal(read(data).array, expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("tag", range(1, 9))
def test_an_orientation_is_noted_or_applied(kind: str, tag: int) -> None:
    picture = scene()
    exif = Image.Exif()
    exif[274] = tag
    data = saved(picture, kind, exif=exif)
    with Image.open(io.BytesIO(data)) as opened:
        stored = np.asarray(opened)
        upright = np.asarray(ImageOps.exif_transpose(opened))
    as_stored = read(data)
    applied = read(data, orientation=Orientation.APPLY)
    if kind == "TIFF":
        # Pillow turns TIFF files by itself.
        stored = np.asarray(picture)
    np.testing.assert_array_equal(as_stored.array, stored)
    np.testing.assert_array_equal(applied.array, upright)
    kinds = [] if tag == 1 else [ConversionKind.ORIENTATION]
    assert [note.kind for note in as_stored.notes] == kinds
    assert [note.kind for note in applied.notes] == kinds
    if tag != 1:
        assert "not applied" in as_stored.notes[0].detail
        assert applied.notes[0].detail == f"EXIF orientation {tag} applied"


def test_axes_of_the_caller_replace_those_of_the_file() -> None:
    data = saved(scene(), "PNG")
    assert read(data, axes="YXZ").axes == "YXZ"
    for axes, sentence in (
        ("ZYX C", "name 5 axes"),
        ("YX", "name 2 axes, the picture has 3"),
        ("YXX", "an axis twice"),
        ("yxc", "upper-case"),
        ("ZTC", "lack Y or X"),
    ):
        with pytest.raises(ImageFormatError, match=sentence) as caught:
            read(data, axes=axes)
        assert caught.value.field == "image.axes"


@pytest.mark.parametrize(
    "header",
    [
        png_header(60_000, 60_000),
        b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", 60_000, 60_000) + b"\x03" + bytes(9)
        + b"\xff\xd9",
        b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHH", 40, 60_000, 60_000, 1, 24)
        + bytes(24),
    ],
    ids=["png", "jpeg", "bmp"],
)  # fmt: skip
def test_a_picture_that_is_too_large_is_refused_by_its_header(header: bytes) -> None:
    with pytest.raises(LimitError, match=r"60000 × 60000.*more than the"):
        read(header)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"name,label\ncell,1\n", "not a picture but text"),
        (b"GIF89a" + bytes(9), "is empty"),
        (b"GIF89a", "GIF file cannot be decoded"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP file cannot be decoded"),
        (
            b"ZISRAWFILE" + bytes(20),
            r"is CZI \(Zeiss\), which the server does not decode; export it",
        ),
        (bytes(128) + b"DICM", "is DICOM, which the server does not decode"),
        (b"\0\0\0\x18ftypheic" + bytes(9), "is HEIC, .* save it as JPEG or PNG"),
        (b'<?xml version="1.0"?>\n<svg width="9">', "is SVG .* export it as PNG"),
        (b"\x00\x01\x02", "of an unknown format"),
        (b"\x89PNG\r\n\x1a\n", "ends in its header"),
        (png_header(3, 3), "cannot be decoded"),
        (b"\xff\xd8\xff", "ends before its picture begins"),
        (b"BM", "cannot be decoded"),
        (b"II*\x00", "cannot be read"),
        (b"\xff\xd8\xff\xc0\x00\x11\x08", "ends before its picture begins"),
    ],
)
def test_what_is_no_picture_is_answered_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ImageFormatError, match=sentence):
        read(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_file_is_an_error(kind: str, share: float) -> None:
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind, **options)
    with pytest.raises(ImageFormatError):
        read(data[: int(len(data) * share)])


def test_colours_that_are_not_rgb_are_an_error() -> None:
    with pytest.raises(ImageFormatError, match=r"CMYK.*convert it to RGB"):
        read(saved(scene().convert("CMYK"), "JPEG"))
    with pytest.raises(ImageFormatError, match="SEPARATED; convert it"):
        read(saved(scene().convert("CMYK"), "TIFF"))


def test_a_buffer_is_decoded_where_it_lies() -> None:
    data = bytearray(saved(scene(), "PNG"))
    np.testing.assert_array_equal(read(memoryview(data)).array, np.asarray(scene()))  # type: ignore[arg-type]


def _samples() -> list[bytes]:
    small = scene(12, 14)
    exif = Image.Exif()
    exif[274] = 6
    return [
        saved(small, "PNG", exif=exif),
        saved(small.quantize(8), "PNG"),
        saved(small, "JPEG", exif=exif),
        saved(small.quantize(8), "BMP"),
        saved(small, "BMP"),
        saved(small, "TIFF", compression="tiff_deflate"),
        saved(small, "TIFF", save_all=True, append_images=[small, small]),
    ]


@given(data=st.data())
def test_damaged_files_never_raise_anything_else(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(_samples())))
    for _ in range(data.draw(st.integers(1, 6))):
        sample[data.draw(st.integers(4, len(sample) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(sample)))
    for damaged in (bytes(sample), bytes(sample[:end])):
        try:
            result = read(damaged, limits=PictureLimits(1 << 16))
        except ZooBridgeError as error:
            assert error.message  # noqa: PT017 - either a picture or a typed error
        else:
            assert result.array.size <= 1 << 16
