"""The table of docs/intensities.md says what the function does: every row has its cases."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile

from zoobridge.errors import NonFiniteError
from zoobridge.imaging import (
    AxisSize,
    InputSpec,
    IntensityRule,
    Operation,
    PictureLimits,
    Preparation,
    Preparer,
    decode,
    picture_from_array,
    plan_items,
)

PAGE = (Path(__file__).parents[2] / "docs" / "intensities.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## Without a rule of yours")[2].partition("## A rule of yours")[0]
ROWS = [
    tuple(cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|"))
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| pixels"))
]
BYTES = (0.0, 255.0)

# The beginning of a row's first cells; pixels; the depth they state in bits; the model's range.
CASES = {
    ("any", "not stated"): [(np.array([0, 700], np.uint16), 0, None)],
    ("a depth that the file states", "any other"): [
        (np.array([0, 4095], np.uint16), 12, BYTES),
        (np.array([7, 9], np.uint16), 10, BYTES),
    ],
    ("bool", "other than 0…1"): [(np.array([False, True]), 0, BYTES)],
    ("integers whose type lies inside the range", "at most 8 times"): [
        (np.array([0, 3], np.uint8), 0, BYTES),
        (np.array([0, 3], np.uint8), 0, (0.0, 1000.0)),
    ],
    ("integers whose type lies inside the range", "wider"): [
        (np.array([0, 255], np.uint8), 0, (0.0, 4095.0)),
    ],
    ("integers whose type reaches beyond the range", "any"): [
        (np.array([0, 241], np.int16), 0, BYTES),
        (np.array([0, 4095], np.uint16), 0, BYTES),
        (np.array([0, 241], np.uint32), 0, BYTES),
        (np.array([-3, 9], np.int8), 0, BYTES),
    ],
    ("floats within 0…1", "more than 8 times"): [(np.array([0, 0.9], np.float32), 0, BYTES)],
    ("floats beyond the range", "any"): [
        (np.array([-3, 200], np.float32), 0, BYTES),
        (np.array([0, 4000], np.float64), 0, BYTES),
        (np.array([-1, 1], np.float16), 0, (0.0, 1.0)),
    ],
    ("floats within the range that fill less", "any"): [
        (np.array([90, 101], np.float32), 0, BYTES),
    ],
    ("other floats", "any"): [
        (np.array([0, 200], np.float32), 0, BYTES),
        (np.array([0, 0.5], np.float32), 0, (0.0, 1.0)),
    ],
}
# Rows that other functions than that of the range carry out.
ELSEWHERE = {("NaN or infinite", "any"), ("TIFF samples of 1, 2 or 4 bits", "any")}


def row_of(key):
    (found,) = [row for row in ROWS if row[0].startswith(key[0]) and row[1].startswith(key[1])]
    return found


def spec(span):
    steps = (Operation("ensure_dtype", {"dtype": "float32"}),)
    sizes = {"Y": AxisSize(1), "X": AxisSize(2)}
    return InputSpec("input", "NYX", "float32", sizes, preprocessing=steps, intensity_range=span)


def prepared(pixels, span, bits=0, **options):
    picture = picture_from_array(
        pixels[np.newaxis], "YX", limits=PictureLimits(), significant_bits=bits
    )
    items = plan_items(picture, spec(span), planes={}, regions=(), max_items=1)
    return Preparer(spec(span), Preparation(**options)).prepare(picture, items)


def test_every_row_has_cases():
    keys = [*CASES, *ELSEWHERE]
    assert sorted(map(row_of, keys)) == sorted(ROWS)
    assert len(keys) == len(ROWS)


@pytest.mark.parametrize(
    ("key", "pixels", "bits", "span"),
    [(key, *case) for key, cases in CASES.items() for case in cases],
)
def test_a_row_says_what_is_done_and_whether_there_is_a_notice(key, pixels, bits, span):
    _, _, done, notice = row_of(key)
    ((made,), _) = prepared(pixels, span, bits)
    (conversions,) = made.conversions
    mapped = [one for one in conversions if one.kind == "intensity_rescaled"]
    named = [rule for rule in IntensityRule if f"`{rule}`" in done]
    assert bool(mapped) == bool(named)
    assert all(f"({named[0]})" in one.detail for one in mapped)
    if not mapped:
        np.testing.assert_array_equal(made.array.ravel(), pixels.astype(np.float32))
    expected = bool(notice)
    if notice.startswith("where"):
        type_range = np.iinfo(pixels.dtype)
        share = (int(pixels.max()) - int(pixels.min())) / (type_range.max - type_range.min)
        expected = share < 1 / 8 and pixels.dtype != np.uint8
    assert any(one.notice for one in conversions) == expected


def test_what_is_no_number_is_an_error_of_its_item():
    made, (fault,) = prepared(np.array([0, np.nan], np.float32), BYTES)
    assert made == []
    assert isinstance(fault.error, NonFiniteError)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_samples_of_few_bits_are_spread_when_the_file_is_decoded(bits):
    top = 2**bits - 1
    file = io.BytesIO()
    tifffile.imwrite(file, np.array([[0, top] * 8], np.uint8), metadata=None)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tiff:
        page = tiff.pages.first
        place = page.tags["BitsPerSample"].valueoffset
        start = page.dataoffsets[0]
    data[place : place + 2] = bits.to_bytes(2, "little")
    packed = np.packbits(
        np.unpackbits(np.array([0, top] * 8, np.uint8)[:, None], axis=1)[:, -bits:]
    )
    data[start : start + len(packed)] = packed.tobytes()
    picture = decode(bytes(data), limits=PictureLimits())
    np.testing.assert_array_equal(picture.array, [[0, 255] * 8])


def test_planes_that_are_sent_one_by_one_are_treated_as_those_of_their_picture():
    plane = np.array([0, 0.9], np.float32)
    ((alone,), _) = prepared(plane, BYTES)
    ((part,), _) = prepared(plane, BYTES, values=(0.0, 200.0))
    assert alone.array.max() == pytest.approx(0.9 * 255)
    np.testing.assert_array_equal(part.array.ravel(), plane)
