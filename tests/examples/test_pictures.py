"""No picture beside the zoo was learnt from, and each is what its name says."""

import re

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from recipe.architecture import TEXTURES
from recipe.splits import (
    FIRST_HELD_OUT_COLUMN,
    FIRST_HELD_OUT_DIGIT,
    digits,
    photograph,
    split_digits,
)


def test_learnt_and_held_out_digits_are_apart():
    learnt, held_out = split_digits()
    places = [{place for (place,) in part.places} for part in (learnt, held_out)]
    assert places[0].isdisjoint(places[1])
    assert len(places[0] | places[1]) == len(digits())
    assert min(places[1]) == FIRST_HELD_OUT_DIGIT


def test_each_digit_is_the_held_out_one_that_its_name_says(pictures):
    every = digits()
    shown = sorted((pictures / "digits").glob("*/*.png"))
    assert len(shown) == 100
    for path in shown:
        index = int(re.fullmatch(r"digit-(\d+)", path.stem)[1])
        assert index >= FIRST_HELD_OUT_DIGIT
        assert every.classes[index] == int(path.parent.name)
        enlarged = np.kron(every.pictures[index], np.ones((8, 8), np.uint8))
        np.testing.assert_array_equal(np.asarray(Image.open(path)), enlarged)


@pytest.mark.parametrize("label", TEXTURES.labels)
def test_the_parts_of_a_photograph_make_up_the_whole(label):
    parts = [photograph(label, held_out=held_out) for held_out in (False, True)]
    assert parts[0].shape[1] == FIRST_HELD_OUT_COLUMN
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), getattr(data, label)())


@pytest.mark.parametrize("label", TEXTURES.labels)
def test_each_texture_lies_where_its_name_says_and_was_held_out(label, pictures):
    whole = getattr(data, label)()
    shown = sorted((pictures / "textures" / label).iterdir())
    assert {path.suffix for path in shown} == {".png", ".jpg", ".bmp", ".tif"}
    for path in shown:
        column, row = map(int, re.search(r"-x(\d+)-y(\d+)", path.stem).groups())
        assert column >= FIRST_HELD_OUT_COLUMN
        picture = tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))
        if "16bit" in path.stem:
            assert picture.dtype == np.uint16
            picture = picture // 257
        if picture.ndim == 3:
            picture = picture[..., 0]
        height, width = picture.shape
        crop = whole[row : row + height, column : column + width].astype(int)
        loss = 40 if path.suffix == ".jpg" else 0
        assert np.abs(crop - picture).max() <= loss


def test_the_stack_holds_a_plane_for_each_line_of_its_table(pictures):
    lines = (pictures / "stack" / "planes.csv").read_text("utf-8").splitlines()[1:]
    with tifffile.TiffFile(pictures / "stack" / "textures.tif") as stack:
        assert stack.series[0].axes == "ZYX"
        planes = stack.asarray()
    assert len(planes) == len(lines)
    for line, plane in zip(lines, planes, strict=True):
        part = photograph(line.split(",")[1], held_out=True)
        windows = np.lib.stride_tricks.sliding_window_view(part, plane.shape)
        assert (windows[:, 64] == plane).all(axis=(1, 2)).any()


def test_regions_lie_in_the_mosaic_and_do_not_overlap(pictures):
    taken = np.zeros((1024, 1024), bool)
    lines = (pictures / "mosaic" / "regions.csv").read_text("utf-8").splitlines()[1:]
    counts = dict.fromkeys(TEXTURES.labels, 0)
    for line in lines:
        _, x, y, width, height, label = line.split(",")
        box = np.s_[int(y) : int(y) + int(height), int(x) : int(x) + int(width)]
        assert taken[box].shape == (64, 64)
        assert not taken[box].any()
        taken[box] = True
        counts[label] += 1
    assert set(counts.values()) == {20}
