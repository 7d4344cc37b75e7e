"""Reading objects: a label image, and a table of what each object is."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import read_dataset


@pytest.fixture
def labels():
    image = np.zeros((20, 30), np.uint16)
    image[2:6, 3:9] = 1
    image[3, 4] = 0  # a hole
    image[10:12, 20:30] = 70  # sparse numbers, as tracking leaves them
    image[15:18, 0:4] = 300
    return image


@pytest.fixture
def table(tmp_path, labels):
    tifffile.imwrite(tmp_path / "mask.tif", labels)
    path = tmp_path / "cells.csv"
    path.write_text(
        "image,mask,object,label\n"
        "a.png,mask.tif,1,dead\na.png,mask.tif,70.0,alive\na.png,mask.tif,9,alive\n"
    )
    return path


def test_each_object_has_its_box_and_its_mask(table, labels, tmp_path):
    dataset = read_dataset(table)
    first, second = dataset.items
    assert (first.path, first.labels, first.region.id) == (tmp_path / "a.png", ("dead",), "1")
    assert first.name.endswith("a.png object 1")
    for item, number in ((first, 1), (second, 70)):
        region = item.region
        again = np.zeros_like(labels, bool)
        again[region.y : region.y + region.height, region.x : region.x + region.width] = region.mask
        assert (again == (labels == number)).all()


def test_objects_that_are_not_taken_are_told(table):
    told = dict(read_dataset(table).left_out)
    reasons = {name.split(" object ")[1]: reason for name, reason in told.items()}
    assert reasons == {
        "300": "the table has no row for it",
        "9": "the label image mask.tif has no pixel of it",
    }
    table.write_text(table.read_text().replace("1,dead", "1,"))
    assert ("the table names no class for it") in dict(read_dataset(table).left_out).values()


def test_one_picture_and_mask_may_be_named_for_all_rows(tmp_path, labels):
    Image.fromarray(labels).save(tmp_path / "mask.png")
    table = tmp_path / "t.csv"
    table.write_text("object,label\n1,x\n70,y\n300,x\n")
    options = {"image": str(tmp_path / "a.tif"), "mask": str(tmp_path / "mask.png")}
    dataset = read_dataset(table, options=options)
    assert [item.labels for item in dataset.items] == [("x",), ("y",), ("x",)]
    assert dataset.left_out == ()
    with pytest.raises(InvalidRequestError, match="lacks the column image, mask"):
        read_dataset(table)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.png,mask.tif,1,x\na.png,mask.tif,1,y\n", "row 2: object 1 is there twice"),
        ("a.png,mask.tif,zero,x\n", "'zero' is not an object"),
        ("a.png,mask.tif,0,x\n", "'0' is not an object"),
        ("a.png,mask.tif,nan,x\n", "'nan' is not an object"),
        (",mask.tif,1,x\n", "row 1: image is empty"),
        ("a.png,gone.tif,1,x\n", "gone.tif cannot be read"),
        ("a.png,stack.tif,1,x\n", "objects are read from single planes"),
        ("a.png,float.npy,1,x\n", "its pixels must be whole numbers"),
        ("a.png,colour.png,1,x\n", "is not a label image"),
        ("a.png,mask.tif,5,x\n", "names no object"),
    ],
)
def test_a_table_of_objects_that_is_not_one_is_refused(tmp_path, labels, row, message):
    tifffile.imwrite(tmp_path / "mask.tif", labels)
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([labels, labels]))
    np.save(tmp_path / "float.npy", labels.astype("float32"))
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "colour.png")
    table = tmp_path / "t.csv"
    table.write_text("image,mask,object,label\n" + row)
    with pytest.raises(InvalidRequestError, match=message):
        read_dataset(table)
