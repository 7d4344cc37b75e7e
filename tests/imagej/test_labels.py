"""Label images as target: each object an item, by label and frame, and as a coloured map."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from skimage.draw import disk

from screen import RESULTS
from zoobridge.client import Region
from zoobridge.imagej import ImageJError


def nuclei(shape: tuple[int, int], step: int, radius: int) -> np.ndarray:
    """A label image with a grid of discs, as StarDist makes them."""
    labels = np.zeros(shape, np.uint16)
    number = 0
    for y in range(step // 2, shape[0] - radius, step):
        for x in range(step // 2, shape[1] - radius, step):
            number += 1
            labels[disk((y, x), radius, shape=shape)] = number
    return labels


@pytest.fixture
def field(tmp_path):
    """A picture and its label image, saved as ImageJ does."""
    pixels = np.random.default_rng(2).integers(0, 255, (120, 160), dtype=np.uint8)
    labels = nuclei(pixels.shape, 40, 15)
    labels[labels == 5] = 4  # an object in two pieces
    tifffile.imwrite(tmp_path / "cells.tif", pixels, imagej=True)
    tifffile.imwrite(tmp_path / "nuclei.tif", labels, imagej=True)
    return tmp_path, pixels, labels


def boxes(labels: np.ndarray) -> dict[int, Region]:
    found = {}
    for number in np.unique(labels[labels > 0]):
        rows, columns = np.nonzero(labels == number)
        y, x = rows.min(), columns.min()
        box = labels[y : rows.max() + 1, x : columns.max() + 1] == number
        found[int(number)] = Region(int(x), int(y), box.shape[1], box.shape[0], mask=box)
    return found


def test_each_object_is_classified_by_its_own_pixels(imagej, served, field):
    folder, pixels, labels = field
    imagej.open(folder / "nuclei.tif")
    imagej.open(folder / "cells.tif")
    imagej.run("Classify...", "model=textures target=[Label image] labels=nuclei.tif top=2")
    table = imagej.table(RESULTS)
    regions = boxes(labels)
    expected = served.client.classify(
        "textures", pixels, regions=list(regions.values()), top_k=2
    ).to_pandas()
    assert [int(number) for number in table["Object"]] == list(regions)
    assert list(table["label"]) == list(expected["label"])
    assert list(table["score"]) == list(expected["score"])
    assert list(table["region"])[:2] == ["label 1", "label 2"]
    assert (table["X"][0], table["Width"][0]) == (regions[1].x, regions[1].width)


def test_labels_alone_make_the_label_image_the_target(imagej, field):
    folder, _, labels = field
    imagej.open(folder / "nuclei.tif")
    imagej.open(folder / "cells.tif")
    imagej.run("Classify...", "model=textures labels=nuclei.tif overlay class_map")
    counted = len(np.unique(labels)) - 1
    assert len(imagej.table(RESULTS)) == counted
    assert "Classes of cells.tif" in imagej.images()


def map_pixels(imagej, title: str) -> np.ndarray:
    image = imagej.jvm.ij.WindowManager.getImage(title)
    processor = image.getProcessor()
    shape = (image.getHeight(), image.getWidth())
    if image.getBitDepth() == 8:
        return np.frombuffer(processor.getPixels(), np.uint8).reshape(shape)
    block = imagej.jvm.java.nio.ByteBuffer.allocate(4 * shape[0] * shape[1])
    block.asFloatBuffer().put(processor.getPixels())
    return np.frombuffer(block.array(), ">f4").reshape(shape).astype("f4")


def test_the_class_map_colours_each_object_by_its_class(imagej, served, field):
    folder, _, labels = field
    imagej.open(folder / "nuclei.tif")
    imagej.open(folder / "cells.tif")
    imagej.macro('run("Set Scale...", "distance=4 known=1 unit=um");')
    imagej.run("Classify...", "model=textures labels=nuclei.tif class_map probability_maps")
    model = served.client.model("textures")
    painted = map_pixels(imagej, "Classes of cells.tif")
    assert (painted[labels == 0] == 0).all()
    for _, row in imagej.table(RESULTS).iterrows():
        inside = painted[labels == int(row["Object"])]
        assert (inside == model.labels.index(row["label"]) + 1).all()
    image = imagej.jvm.ij.WindowManager.getImage("Classes of cells.tif")
    assert image.getCalibration().getX(1.0) == 0.25
    colors = image.getProcessor().getColorModel()
    for index, color in enumerate(model.label_colors):
        assert f"#{colors.getRGB(index + 1) & 0xFFFFFF:06x}" == color.lower()
    scores = imagej.jvm.ij.WindowManager.getImage("Scores of cells.tif")
    names = [scores.getStack().getSliceLabel(i + 1) for i in range(scores.getStackSize())]
    assert names == list(model.labels)
    shown = map_pixels(imagej, "Scores of cells.tif")
    assert np.isnan(shown[labels == 0]).all()
    assert (shown[labels > 0] <= 1).all()


def test_a_stack_of_labels_is_classified_frame_by_frame(imagej, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 255, (3, 80, 80), dtype=np.uint8)
    labels = np.stack([nuclei((80, 80), 40, 12)] * 3)
    labels[2, labels[2] == 4] = 0
    for name, data in (("movie", pixels), ("tracks", labels)):
        tifffile.imwrite(tmp_path / f"{name}.tif", data, imagej=True, metadata={"axes": "TYX"})
    imagej.open(tmp_path / "tracks.tif")
    imagej.open(tmp_path / "movie.tif")
    imagej.run("Classify...", "model=textures labels=tracks.tif class_map")
    table = imagej.table(RESULTS)
    found = [(int(row["Frame"]), int(row["Object"])) for _, row in table.iterrows()]
    assert found == [(frame, label) for frame in (1, 2) for label in (1, 2, 3, 4)] + [
        (3, label) for label in (1, 2, 3)
    ]
    assert imagej.jvm.ij.WindowManager.getImage("Classes of movie.tif").getNFrames() == 3


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        ('newImage("labels", "16-bit black", 50, 50, 1);', "is 50 x 50"),
        ('newImage("labels", "RGB black", 64, 64, 1);', "is an RGB image"),
        ('newImage("labels", "32-bit ramp", 64, 64, 1);', "whole numbers"),
        ('newImage("labels", "16-bit black", 64, 64, 1);', "holds no label"),
        ('newImage("labels", "16-bit black", 64, 64, 3);', "has 3 slices"),
        ("", 'No image "labels" is open'),
    ],
)
def test_what_cannot_be_a_label_image_is_refused_with_the_reason(imagej, make, sentence):
    imagej.macro(make + 'newImage("a", "8-bit ramp", 64, 64, 1);')
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Classify...", "model=textures labels=labels")


def test_tiles_become_maps_of_one_pixel_a_tile(imagej, served):
    imagej.macro(
        'newImage("slide", "8-bit ramp", 300, 200, 1);'
        'run("Set Scale...", "distance=2 known=1 unit=um");'
    )
    imagej.run("Classify...", "model=textures target=Tiles tile_size=64 class_map probability_maps")
    model = served.client.model("textures")
    table = imagej.table(RESULTS)
    expected = [model.labels.index(label) + 1 for label in table["label"]]
    assert map_pixels(imagej, "Classes of slide").ravel().tolist() == expected
    scores = imagej.jvm.ij.WindowManager.getImage("Scores of slide")
    assert (scores.getWidth(), scores.getHeight(), scores.getStackSize()) == (5, 4, 3)
    assert scores.getCalibration().getX(1.0) == 32
    assert (scores.getDisplayRangeMin(), scores.getDisplayRangeMax()) == (0, 1)


def test_maps_of_a_whole_image_are_refused(imagej):
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1);')
    with pytest.raises(ImageJError, match="Maps are made of tiles and label images"):
        imagej.run("Classify...", "model=textures class_map")
