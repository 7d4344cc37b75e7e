"""A TIFF file that holds less than it states: what is there is read, and the rest is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile

from zoobridge.errors import ImageFormatError
from zoobridge.imaging import (
    Box,
    ItemFault,
    Orientation,
    Picture,
    PictureLimits,
    Region,
    decode,
    plan_items,
)

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


def lone_and_cut(**options: Any) -> bytes:
    """Return a file of one plane that ends in its ninth row, or its third strip or tile of four."""
    directory_last = written(STACK[0], metadata=None, **options)
    with tifffile.TiffFile(io.BytesIO(directory_last)) as file:
        page = file.pages.first
        segments = len(page.dataoffsets)
        place = page.dataoffsets[segments // 2]
        end = place + (8 * 12 + 6 if segments == 1 else page.databytecounts[segments // 2] - 1)
    return directory_last[:end]


@pytest.mark.parametrize(
    ("options", "sound", "lost"),
    [
        ({}, Box(0, 0, 12, 8), Box(0, 8, 12, 1)),
        ({"rowsperstrip": 4}, Box(2, 0, 10, 8), Box(0, 11, 1, 1)),
        ({"rowsperstrip": 4, "compression": "zlib"}, Box(0, 0, 12, 8), Box(3, 7, 2, 2)),
        ({"tile": (16, 16)}, None, Box(0, 0, 2, 2)),
    ],
    ids=["one strip", "strips", "compressed strips", "one tile"],
)
def test_a_region_in_what_is_there_of_a_cut_plane_is_answered(
    options: dict[str, Any], sound: Box | None, lost: Box, spec: Maker
) -> None:
    data = lone_and_cut(**options)
    if sound is None:
        with pytest.raises(ImageFormatError, match="no plane of the TIFF file can be read"):
            read(data)
        return
    picture = read(data)
    items = planned(picture, spec, (Region("sound", sound), Region("lost", lost)))
    assert [isinstance(item, ItemFault) for item in items] == [False, True]
    inside = np.s_[sound.y : sound.y + sound.height, sound.x : sound.x + sound.width]
    np.testing.assert_array_equal(picture.array[inside], STACK[0][inside])
    assert "region 'lost' of the picture cannot be classified" in str(items[1].error)
    (whole,) = planned(picture, spec)
    assert "the picture cannot be classified: the file ends before it does" in str(whole.error)


def test_tiles_that_are_there_are_answered_in_any_place(spec: Maker) -> None:
    picture = np.random.default_rng(5).integers(1, 255, (64, 48), np.uint8)
    data = bytearray(written(picture, tile=(16, 16), compression="zlib", metadata=None))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        start = file.pages.first.dataoffsets[4]  # The tile in the middle of the second row.
    data[start : start + 6] = bytes(6)
    read_back = read(bytes(data))
    boxes = [Box(x, y, 16, 16) for y in range(0, 64, 16) for x in range(0, 48, 16)]
    regions = tuple(Region(str(number), box) for number, box in enumerate(boxes))
    items = planned(read_back, spec, regions)
    assert [item.region_id for item in items if isinstance(item, ItemFault)] == ["4"]
    across = planned(read_back, spec, (Region("across", Box(8, 8, 12, 12)),))
    assert isinstance(across[0], ItemFault)


def test_the_plane_in_which_a_stack_ends_keeps_its_first_rows(spec: Maker) -> None:
    whole = imagej_behind_one_directory(2)
    items = planned(
        read(whole + STACK[2].tobytes()[7:100]),
        spec,
        (Region("top", Box(0, 0, 12, 8)), Region("below", Box(0, 6, 12, 4))),
    )
    faults = [isinstance(item, ItemFault) for item in items]
    assert faults == [False, False] * 2 + [False, True] + [True, True] * 2


def test_what_is_missing_does_not_change_the_range_of_the_values() -> None:
    picture = read(imagej_behind_one_directory(2))
    there = STACK.reshape(-1)[: 2 * STACK[0].size]
    assert picture.values[0] >= there.min() > 0
    assert picture.values[1] <= 255


def test_a_missing_channel_that_is_not_looked_at_is_no_fault(spec: Maker) -> None:
    stack = STACK[:4].reshape(2, 2, 16, 12)
    whole = written(stack, imagej=True, metadata={"axes": "ZCYX"}, truncate=True)
    picture = read(whole[: -STACK[0].nbytes])

    def faults(*channels: int) -> list[bool]:
        items = plan_items(
            picture, spec("NYX"), planes={}, regions=(), max_items=9, channels=channels
        )
        return [isinstance(item, ItemFault) for item in items]

    assert faults(0) == [False, False]
    assert faults(1) == faults(0, 1) == faults() == [False, True]


def test_a_picture_that_is_turned_loses_its_cut_plane_as_a_whole(spec: Maker) -> None:
    tags = [(274, "H", 1, 6, False)]
    data = written(STACK[0], metadata=None, rowsperstrip=4, extratags=tags)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        data = data[: file.pages.first.dataoffsets[3]]
    top = (Region("top", Box(0, 0, 4, 4)),)
    stored = planned(read(data), spec, top)
    turned = planned(read(data, orientation=Orientation.APPLY), spec, top)
    assert [isinstance(item, ItemFault) for item in (*stored, *turned)] == [False, True]


def test_axes_that_the_caller_names_serve_for_missing_planes_too(spec: Maker) -> None:
    items = planned(read(ome_of_five_with_three(), axes="TYX"), spec)
    assert [item.plane for item in items if isinstance(item, ItemFault)] == [{"T": 3}, {"T": 4}]


def test_a_stack_of_imagej_that_states_more_than_is_allowed_is_refused_before_it_is_made() -> None:
    data = imagej_behind_one_directory(2)
    huge = data.replace(b"images=5", b"images=9").replace(b"slices=5", b"slices=9")
    with pytest.raises(Exception, match="more than the 1,000 allowed"):
        decode(huge, limits=PictureLimits(pixels=1000))
