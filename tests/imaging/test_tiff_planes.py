"""A TIFF file that holds less than it states: what is there is read, and the rest is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile

from zoobridge.errors import ImageFormatError
from zoobridge.imaging import Box, ItemFault, Picture, PictureLimits, Region, decode, plan_items

Maker = Callable[..., Any]

STACK = np.random.default_rng(3).integers(1, 255, (5, 16, 12), np.uint8)


def written(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def read(data: bytes, **options: Any) -> Picture:
    return decode(data, limits=PictureLimits(), **options)


def planned(picture: Picture, spec: Maker, regions: tuple[Region, ...] = ()) -> list[Any]:
    return plan_items(picture, spec("NYX"), planes={}, regions=regions, max_items=100)


def ome_of_five_with_three() -> bytes:
    document = written(STACK, ome=True, photometric="minisblack", metadata={"axes": "ZYX"})
    with tifffile.TiffFile(io.BytesIO(document)) as file:
        description = file.ome_metadata
    assert description is not None
    return written(STACK[:3], description=description, metadata=None, photometric="minisblack")


def imagej_behind_one_directory(planes: int) -> bytes:
    whole = written(STACK, imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        assert len(file.pages) == 1
        start = file.pages.first.dataoffsets[0]
    return whole[: start + planes * STACK[0].nbytes + 7]


def shaped_and_cut(planes: int) -> bytes:
    whole = written(STACK, metadata={"axes": "ZYX"}, truncate=True)
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        start = file.pages.first.dataoffsets[0]
    return whole[: start + planes * STACK[0].nbytes + 7]


def pages_cut(planes: int, **options: Any) -> bytes:
    """Return pages of which the last ones lack their last bytes."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for plane in STACK:
            writer.write(plane, contiguous=False, metadata=None, **options)
    whole = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(whole))) as pages:
        for page in pages.pages[planes:]:
            # A strip that lies beyond the end, as in a file whose copy was broken off.
            tag = page.tags["StripOffsets"]
            place = tag.offset + 8
            whole[place : place + 4] = (len(whole) + 9).to_bytes(4, "little")
    return bytes(whole)


@pytest.mark.parametrize(
    ("data", "there", "why"),
    [
        (ome_of_five_with_three(), 3, "the file does not hold it"),
        (imagej_behind_one_directory(2), 2, "the file states 5 planes and holds 2"),
        (shaped_and_cut(4), 4, "the file states 5 planes and holds 4"),
        (pages_cut(3, rowsperstrip=16), 3, "the file ends before it does"),
        (pages_cut(3, rowsperstrip=16, compression="zlib"), 3, "the file ends before it does"),
    ],
    ids=["ome", "imagej", "shaped", "pages", "compressed pages"],
)
def test_what_is_there_is_read_and_what_is_missing_is_an_error_of_its_own(
    data: bytes, there: int, why: str, spec: Maker
) -> None:
    picture = read(data)
    assert picture.array.shape == STACK.shape
    np.testing.assert_array_equal(picture.array[:there], STACK[:there])
    items = planned(picture, spec)
    assert [isinstance(item, ItemFault) for item in items] == [False] * there + [True] * (5 - there)
    for index, item in enumerate(items[there:], there):
        letter = picture.axes[0]
        assert item.plane == {letter: index}
        assert isinstance(item.error, ImageFormatError)
        assert str(item.error) == f"plane {letter}={index} cannot be classified: {why}"


def test_regions_in_a_missing_plane_keep_their_names(spec: Maker) -> None:
    places = (Region("a", Box(0, 0, 4, 4)), Region("b", Box(2, 2, 4, 4)))
    items = planned(read(ome_of_five_with_three()), spec, places)
    assert [item.region_id for item in items] == ["a", "b"] * 5
    assert [isinstance(item, ItemFault) for item in items] == [False] * 6 + [True] * 4


def test_a_missing_channel_is_a_fault_of_the_plane_that_has_it(spec: Maker) -> None:
    stack = STACK[:4].reshape(2, 2, 16, 12)
    whole = written(stack, imagej=True, metadata={"axes": "ZCYX"}, truncate=True)
    picture = read(whole[: -STACK[0].nbytes])
    assert picture.axes == "ZCYX"
    items = plan_items(picture, spec("NCYX", C=2), planes={}, regions=(), max_items=9)
    assert [isinstance(item, ItemFault) for item in items] == [False, True]
    assert "Z=1 cannot be classified: its part C=1 is missing" in str(items[1].error)


def test_a_broken_page_leaves_the_others_alone(spec: Maker) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for plane in STACK:
            writer.write(plane, contiguous=False, metadata=None, compression="zlib")
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as pages:
        start = pages.pages[1].dataoffsets[0]
    data[start : start + 8] = bytes(8)
    items = planned(read(bytes(data)), spec)
    assert [isinstance(item, ItemFault) for item in items] == [False, True, False, False, False]
    assert "I=1 cannot be classified: it cannot be decoded" in str(items[1].error)


def test_a_file_that_ends_between_two_pages_says_that_one_is_missing(spec: Maker) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for plane in STACK:
            writer.write(plane, contiguous=False, metadata=None)
    with tifffile.TiffFile(io.BytesIO(file.getvalue())) as pages:
        end = pages.pages[3].offset
    picture = read(file.getvalue()[:end])
    np.testing.assert_array_equal(picture.array[:3], STACK[:3])
    items = planned(picture, spec)
    assert [isinstance(item, ItemFault) for item in items] == [False] * 3 + [True]
    assert "the file ends after page 2, and states at least one more" in str(items[3].error)


def test_strips_that_were_never_written_make_a_plane_missing(spec: Maker) -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for plane in STACK[:2]:
            writer.write(plane, contiguous=False, metadata=None, rowsperstrip=4)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as pages:
        for name in ("StripOffsets", "StripByteCounts"):
            tag = pages.pages[1].tags[name]
            size = tag.valuebytecount // 4
            data[tag.valueoffset + 3 * size : tag.valueoffset + 4 * size] = bytes(size)
    items = planned(read(bytes(data)), spec)
    assert [isinstance(item, ItemFault) for item in items] == [False, True]
    assert "1 of its 4 strips or tiles are not in the file" in str(items[1].error)


def test_a_lone_plane_that_is_cut_is_an_error_of_the_picture() -> None:
    whole = written(STACK[0], metadata=None)
    with pytest.raises(ImageFormatError, match=r"ends within|ends before it does|cannot be read"):
        read(whole[:-20])


def test_axes_that_the_caller_names_serve_for_missing_planes_too(spec: Maker) -> None:
    items = planned(read(ome_of_five_with_three(), axes="TYX"), spec)
    assert [item.plane for item in items if isinstance(item, ItemFault)] == [{"T": 3}, {"T": 4}]


def test_a_stack_of_imagej_that_states_more_than_is_allowed_is_refused_before_it_is_made() -> None:
    data = imagej_behind_one_directory(2)
    huge = data.replace(b"images=5", b"images=9").replace(b"slices=5", b"slices=9")
    with pytest.raises(Exception, match="more than the 1,000 allowed"):
        decode(huge, limits=PictureLimits(pixels=1000))
