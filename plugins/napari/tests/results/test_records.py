import numpy as np
import pandas as pd

from napari_zoobridge.layers import PixelBox
from napari_zoobridge.results import of_objects, refused, write_csv
from napari_zoobridge.targets import Item, ItemKind

COLUMNS = ["image", "plane", "region", "label", "score", "model", "version", "digest", "error"]


def test_the_table_has_the_columns_of_every_client(make_record, tmp_path):
    records = [
        make_record("shape", 3, "brick", 0.75, plane={"Z": 4, "T": 0}),
        make_record("tile", 0, "grass", 0.5, box=PixelBox(1, 2, 3, 4)),
    ]
    path = tmp_path / "mit Umlaut ä.csv"
    write_csv(records, path)
    frame = pd.read_csv(path, keep_default_na=False)
    assert list(frame) == COLUMNS
    assert frame["image"].tolist() == ["photo", "photo"]
    assert frame["plane"].tolist() == ["T=0,Z=4", ""]
    assert frame["region"].tolist() == ["shape 3", "1,2,3,4"]
    assert frame["label"].tolist() == ["brick", "grass"]


def test_errors_stand_in_their_rows(make_record, tmp_path):
    item = Item(ItemKind.SHAPE, 1, {}, PixelBox(0, 0, 1, 1), problem="shape 1, it lies outside")
    write_csv([make_record("shape", 0, "brick", 0.75), refused(item, "photo")], tmp_path / "a.csv")
    frame = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
    assert frame["error"].tolist() == ["", "shape 1, it lies outside"]
    assert frame["region"].tolist() == ["shape 0", "shape 1"]


def test_all_scores_have_columns_where_they_were_asked_for(make_record, tmp_path):
    labels = ("brick", "grass", "gravel")
    scores = np.array([0.25, 0.5, 0.25], np.float32)
    item = Item(ItemKind.SHAPE, 1, {}, PixelBox(0, 0, 1, 1), problem="outside")
    records = [make_record("shape", 0, "grass", 0.5, scores=scores), refused(item, "photo")]
    write_csv(records, tmp_path / "a.csv", labels)
    frame = pd.read_csv(tmp_path / "a.csv")
    np.testing.assert_allclose(
        frame.loc[0, [f"score:{label}" for label in labels]].tolist(), scores
    )
    assert frame.loc[1, "score:grass"] != frame.loc[1, "score:grass"]


def test_an_object_of_several_planes_has_the_class_that_most_of_them_name(make_record):
    planes = [
        make_record("label", 7, "brick", 0.99, plane={"Z": 0}),
        make_record("label", 7, "grass", 0.6, plane={"Z": 1}),
        make_record("label", 7, "grass", 0.8, plane={"Z": 2}),
        make_record("label", 9, "brick", 0.5, plane={"Z": 0}),
        make_record("label", 9, "gravel", 0.7, plane={"Z": 1}),
        make_record("label", 9, error="cut it", plane={"Z": 2}),
        make_record("label", 11, error="cut it", plane={"Z": 2}),
    ]
    assert of_objects(planes) == [planes[2], planes[4], planes[6]]
    assert of_objects(planes[::3]) == [planes[0], planes[3], planes[6]]
