"""TIFF files of the kinds that microscopes and ImageJ write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from zoobridge.errors import ImageFormatError, LimitError
from zoobridge.imaging import ConversionKind, Picture, PictureLimits, decode

LIMITS = PictureLimits(1 << 22)


def written(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def read(data: bytes, **kwargs: Any) -> Picture:
    return decode(data, **({"limits": LIMITS} | kwargs))


def values(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        return (rng.random(shape) * 1000 - 500).astype(dtype)
    if dtype == "bool":
        return rng.random(shape) > 0.5
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32"]


@pytest.mark.parametrize(
    "dtype", [*(one for one in DTYPES if one != "bool"), "float16", "float32", "float64"]
)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_every_type_of_pixel_is_exact(dtype: str, byteorder: str) -> None:
    array = values((33, 21), dtype)
    result = read(written(array, byteorder=byteorder))
    assert result.axes == "YX"
    assert result.array.dtype == array.dtype
    assert result.array.dtype.isnative
    np.testing.assert_array_equal(result.array, array)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits", "zstd", "lzma"])
@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}, {"rowsperstrip": 5}])
@pytest.mark.parametrize("predictor", [False, True])
def test_every_layout_and_compression_is_exact(
    compression: str | None, layout: dict[str, Any], predictor: bool
) -> None:
    if predictor and compression in {None, "packbits"}:
        predictor = False
    array = values((40, 50, 3), "uint16")
    data = written(array, compression=compression, predictor=predictor, photometric="rgb", **layout)
    result = read(data)
    assert result.axes == "YXC"
    np.testing.assert_array_equal(result.array, array)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((3, 8, 9), "ZYX"), ((2, 3, 8, 9), "ZCYX"), ((2, 3, 4, 8, 9), "TZCYX"), ((4, 8, 9), "CYX")],
)
def test_axes_of_imagej_files_are_read(shape: tuple[int, ...], axes: str) -> None:
    array = values(shape, "uint16")
    result = read(written(array, imagej=True, metadata={"axes": axes}))
    assert result.axes == axes
    np.testing.assert_array_equal(result.array, array)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((3, 8, 9), "ZYX"), ((2, 3, 8, 9), "TCYX"), ((2, 3, 4, 8, 9), "TZCYX")],
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_axes_of_ome_files_are_read(shape: tuple[int, ...], axes: str, dtype: str) -> None:
    array = values(shape, dtype)
    result = read(written(array, ome=True, metadata={"axes": axes}, photometric="minisblack"))
    assert result.axes == axes
    np.testing.assert_array_equal(result.array, array)


def test_pages_that_say_nothing_are_an_axis_that_can_be_named() -> None:
    array = values((4, 8, 9), "uint8")
    buffer = io.BytesIO()
    Image.fromarray(array[0]).save(
        buffer, "TIFF", save_all=True, append_images=[Image.fromarray(page) for page in array[1:]]
    )
    result = read(buffer.getvalue())
    assert len(result.axes) == 3
    assert result.axes.endswith("YX")
    named = read(buffer.getvalue(), axes="CYX")
    assert named.axes == "CYX"
    np.testing.assert_array_equal(named.array, array)


def test_planar_colours_are_channels() -> None:
    array = values((3, 16, 17), "uint8")
    result = read(written(array, photometric="rgb", planarconfig="separate"))
    assert result.axes == "CYX"
    np.testing.assert_array_equal(result.array, array)


def test_jpeg_inside_a_tiff_is_rgb() -> None:
    y, x = np.mgrid[:64, :64]
    array = np.stack([y * 4, x * 4, (x + y) * 2], -1).astype(np.uint8)
    data = written(array, compression="jpeg", photometric="rgb", compressionargs={"level": 98})
    assert np.abs(read(data).array.astype(int) - array).max() < 12


def test_a_colour_table_is_resolved_and_noted() -> None:
    indexes = values((20, 22), "uint8")
    table = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    result = read(written(indexes, photometric="palette", colormap=table))
    assert result.axes == "YXC"
    np.testing.assert_array_equal(result.array, (table // 257).T[indexes])
    assert [note.kind for note in result.notes] == [ConversionKind.PALETTE_EXPANDED]


def test_a_look_up_table_of_imagej_is_only_a_way_of_showing_values() -> None:
    values_ = values((20, 22), "uint8")
    table = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    result = read(written(values_, imagej=True, photometric="palette", colormap=table))
    assert result.axes == "YX"
    np.testing.assert_array_equal(result.array, values_)


def test_channels_of_several_samples_need_a_word_from_the_caller() -> None:
    array = values((2, 8, 9, 3), "uint8")
    data = written(array, ome=True, photometric="rgb", metadata={"axes": "CYXS"})
    with pytest.raises(ImageFormatError, match="name the axes yourself"):
        read(data)
    assert read(data, axes="PYXC").axes == "PYXC"


def test_the_stated_size_counts_before_pixels_are_made() -> None:
    with pytest.raises(LimitError, match="more than the"):
        read(written(values((40, 50), "uint8")), limits=PictureLimits(1999))


def test_a_tile_larger_than_all_limits_is_refused() -> None:
    data = bytearray(written(values((16, 16), "uint8"), tile=(16, 16), compression="zlib"))
    for tag in (322, 323):
        at = (
            data.find(struct.pack("<HH", tag, 4))
            if struct.pack("<HH", tag, 4) in data
            else (data.find(struct.pack("<HH", tag, 3)))
        )
        data[at : at + 12] = struct.pack("<HHII", tag, 4, 1, 1 << 20)
    with pytest.raises(LimitError):
        read(bytes(data))


def tile_replaced(compression: str, payload: bytes) -> bytes:
    """Return a file of one tile of 16 × 16 that holds another compressed picture."""
    data = bytearray(written(np.zeros((16, 16), np.uint8), compression=compression, tile=(16, 16)))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tags = [file.pages[0].tags[number] for number in (324, 325)]  # type: ignore[union-attr]
    for tag, value in zip(tags, (len(data), len(payload)), strict=True):
        data[tag.offset : tag.offset + 12] = struct.pack("<HHII", tag.code, 4, 1, value)
    return bytes(data) + payload


def test_a_picture_inside_a_tile_has_no_size_of_its_own() -> None:
    big = np.zeros((4000, 4000), np.uint8)
    with pytest.raises(LimitError, match="4000 × 4000"):
        read(tile_replaced("jpeg", imagecodecs.jpeg8_encode(big)))
    with pytest.raises(ImageFormatError, match="compressed with PNG; save it with"):
        read(tile_replaced("png", imagecodecs.png_encode(big)))
    bomb = zlib.compress(bytes(1 << 26), 9)
    with pytest.raises(ImageFormatError, match="cannot be read"):
        read(tile_replaced("zlib", bomb))


def test_files_beside_the_picture_are_never_opened(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    secret = values((8, 9), "uint8")
    (tmp_path / "secret.tif").write_bytes(written(secret))
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="9" '
        'SizeY="8" SizeC="1" SizeZ="1" SizeT="2"><Channel ID="Channel:0" SamplesPerPixel="1"/>'
        '<TiffData IFD="0" FirstT="0" PlaneCount="1"><UUID FileName="a.tif">urn:uuid:1</UUID></TiffData>'
        '<TiffData IFD="0" FirstT="1" PlaneCount="1">'
        '<UUID FileName="secret.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    data = written(np.zeros((8, 9), np.uint8), description=xml, metadata=None)
    result = read(data)
    assert not result.array.any()


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("back", [0, 1, 5, 6])
def test_directories_that_lead_back_to_themselves_are_refused(bigtiff: bool, back: int) -> None:
    file = io.BytesIO()
    planes = np.zeros((7, 4, 4), np.uint8)
    with tifffile.TiffWriter(file, bigtiff=bigtiff) as writer:
        for plane in planes:
            writer.write(plane, photometric="minisblack", metadata=None, contiguous=False)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as written:
        form, offsets = written.tiff, [page.offset for page in written.pages]
    sound = file.getvalue()
    assert read(sound).array.shape == planes.shape
    looped = bytearray(sound)
    (tags,) = struct.unpack_from(form.tagnoformat, looped, offsets[-1])
    end = offsets[-1] + form.tagnosize + tags * form.tagsize
    struct.pack_into(form.offsetformat, looped, end, offsets[back])
    with pytest.raises(ImageFormatError, match="lead back to themselves"):
        read(bytes(looped))
