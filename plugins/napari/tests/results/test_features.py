from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels, Points, Shapes

from napari_zoobridge.results import add_features, column_name
from napari_zoobridge.results._features import METADATA_KEY, remove_features
from napari_zoobridge.widgets._result_table import record_rows
from zoobridge.client import Novelty, PredictionSet

LABELS = ("brick", "grass", "gravel")


def three_shapes(features=None):
    corners = np.array([[0, 0], [0, 5], [5, 5], [5, 0]])
    return Shapes([corners + 10 * i for i in range(3)], features=features)


def test_classes_become_a_categorical_with_all_labels(make_record):
    layer = three_shapes()
    records = [make_record("shape", 0, "grass", 0.9), make_record("shape", 2, "brick", 0.6)]
    names = add_features(layer, records, LABELS)
    assert names == {"class": "class", "score": "score"}
    column = layer.features["class"]
    assert list(column.cat.categories) == list(LABELS)
    assert column.tolist()[0::2] == ["grass", "brick"]
    assert column.isna().tolist() == [False, True, False]
    np.testing.assert_allclose(layer.features["score"], [0.9, np.nan, 0.6])


def test_how_far_to_rely_on_a_class_stands_beside_it(make_record):
    layer = three_shapes()
    records = [
        replace(
            record,
            result=replace(
                record.result,
                novelty=Novelty(value, 0.2),
                prediction_set=PredictionSet(0.9, ("grass", "brick")),
            ),
        )
        for value, record in (
            (0.1, make_record("shape", 0, "grass", 0.9)),
            (0.4, make_record("shape", 2, "brick", 0.6)),
        )
    ]
    assert [record.unlike_training for record in records] == [False, True]
    names = add_features(layer, records, LABELS, name="class_other")
    assert names["novelty"] == "novelty_other"
    assert layer.features["unlike_training_other"].tolist()[0::2] == [False, True]
    assert layer.features["prediction_set_other"].tolist()[0::2] == ["grass|brick"] * 2
    np.testing.assert_allclose(layer.features["novelty_other"], [0.1, np.nan, 0.4])
    rows = list(record_rows(records, 1, lambda _: "#000000"))
    assert [row[2].text for row in rows] == ["grass", "⚠ brick"]
    assert rows[1][2].alarming
    assert "warns above 0.200" in rows[1][2].hint
    assert "among: grass, brick" in rows[0][2].hint


def test_one_column_for_each_class_when_asked(make_record):
    layer = three_shapes()
    scores = np.array([0.1, 0.7, 0.2], np.float32)
    records = [make_record("shape", 1, "grass", 0.7, scores=scores)]
    add_features(layer, records, LABELS, all_scores=True)
    row = layer.features.loc[1, [f"score_{label}" for label in LABELS]]
    np.testing.assert_allclose(row.to_numpy(float), scores)


def test_the_users_columns_stay_and_keep_their_names(make_record):
    mine = pd.DataFrame({"class": ["a", "b", "c"], "area": [1, 2, 3]})
    layer = three_shapes(mine)
    names = add_features(layer, [make_record("shape", 0, "grass", 0.9)], LABELS)
    assert names["class"] == "class_2"
    pd.testing.assert_frame_equal(layer.features[["class", "area"]], mine)
    again = add_features(layer, [make_record("shape", 1, "brick", 0.8)], LABELS)
    assert again == names
    assert layer.features["class_2"].tolist()[1] == "brick"
    assert layer.features["class_2"].isna().tolist() == [True, False, True]
    remove_features(layer)
    pd.testing.assert_frame_equal(layer.features, mine)
    assert METADATA_KEY not in layer.metadata


def test_several_models_have_columns_of_their_own(make_record):
    layer = Points(np.zeros((2, 2)))
    add_features(layer, [make_record("point", 0, "grass", 0.9)], LABELS, name="class_a")
    add_features(layer, [make_record("point", 0, "brick", 0.8)], LABELS, name="class_b")
    assert list(layer.features) == ["class_a", "score_a", "class_b", "score_b"]
    remove_features(layer)
    assert layer.features.shape[1] == 0


def test_labels_without_a_table_get_one_by_index(make_record):
    layer = Labels(np.array([[0, 3], [8, 8]]))
    records = [make_record("label", 3, "grass", 0.9), make_record("label", 8, "brick", 0.6)]
    add_features(layer, records, LABELS)
    assert layer.features["index"].tolist() == [3, 8]
    assert layer.features["class"].tolist() == ["grass", "brick"]
    assert "class: brick" in layer.get_status((1, 0), world=True)["coordinates"]
    remove_features(layer)
    assert layer.features.shape[1] == 0


def test_labels_with_a_table_by_index_are_joined_by_it(make_record):
    mine = pd.DataFrame({"index": [8, 3], "area": [20, 10]})
    layer = Labels(np.array([[0, 3], [8, 5]]), features=mine)
    records = [
        make_record("label", label, name, 0.5)
        for label, name in ((3, "grass"), (5, "gravel"), (8, "brick"))
    ]
    add_features(layer, records, LABELS)
    table = layer.features.set_index("index")
    assert table["class"].to_dict() == {8: "brick", 3: "grass", 5: "gravel"}
    assert table.loc[[8, 3], "area"].tolist() == [20, 10]
    remove_features(layer)
    pd.testing.assert_frame_equal(layer.features, mine)


def test_labels_with_a_table_by_row_number_stay_by_row_number(make_record):
    mine = pd.DataFrame({"area": [0, 10, 20]})
    layer = Labels(np.array([[0, 1], [2, 5]]), features=mine)
    records = [make_record("label", 1, "grass", 0.5), make_record("label", 5, "brick", 0.5)]
    add_features(layer, records, LABELS)
    assert len(layer.features) == 6
    assert layer.features.loc[1, "class"] == "grass"
    assert layer.features.loc[5, "class"] == "brick"
    assert "index" not in layer.features
    remove_features(layer)
    pd.testing.assert_frame_equal(layer.features, mine)


def test_what_the_user_writes_into_new_rows_is_kept(make_record):
    layer = Labels(np.array([[0, 1], [2, 5]]), features=pd.DataFrame({"index": [1], "note": ["x"]}))
    add_features(layer, [make_record("label", 5, "brick", 0.5)], LABELS)
    table = layer.features.copy()
    table.loc[1, "note"] = "mine"
    layer.features = table
    remove_features(layer)
    assert layer.features["index"].tolist() == [1, 5]
    assert layer.features["note"].tolist() == ["x", "mine"]


def test_removing_from_an_untouched_layer_changes_nothing():
    mine = pd.DataFrame({"area": [1, 2, 3]})
    layer = three_shapes(mine)
    remove_features(layer)
    pd.testing.assert_frame_equal(layer.features, mine)


@pytest.mark.parametrize(
    ("text", "name"), [("my-model@1.0", "my_model_1_0"), ("weiß", "weiß"), ("%", "_")]
)
def test_column_names_can_stand_in_text_templates(text, name):
    assert column_name(text) == name
    assert f"{{{name}}}".format(**{name: "x"}) == "x"
