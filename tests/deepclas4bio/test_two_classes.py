"""The original's measures of two classes, held against scikit-learn's."""

import csv

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics

from served import SIZE, write_package


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zoo")
    write_package(folder / "brightness", "brightness")
    return folder


@pytest.fixture
def plugin(plugin, zoo, zoobridge_server):
    """The scripts beside a server of a model with the classes bright and dark."""
    served = zoobridge_server(zoo, arguments=("--device", "cpu", "--threads", "1"))
    plugin.environment = served.environment
    return plugin


def test_each_measure_is_that_of_scikit_learn_for_the_second_class(plugin, tmp_path):
    # The answer is "dark" below 127.5, whatever the folder says.
    levels = {"bright": [250, 180, 140, 120, 90], "dark": [10, 40, 125, 130, 60, 20, 200]}
    truth, dark = [], []
    for label, values in levels.items():
        (tmp_path / "data" / label).mkdir(parents=True)
        for number, level in enumerate(values):
            picture = Image.fromarray(np.full((SIZE, SIZE), level, np.uint8))
            picture.save(tmp_path / "data" / label / f"{number}.png")
            truth.append(label == "dark")
            dark.append(255 - 2 * level)
    predicted = np.array(dark) > 0
    expected = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "precision": metrics.precision_score(truth, predicted),
        "recall": metrics.recall_score(truth, predicted),
        "f1": metrics.f1_score(truth, predicted),
        "jaccardIndex": metrics.jaccard_score(truth, predicted),
        "matthewsCorrelation": metrics.matthews_corrcoef(truth, predicted),
        "auroc": metrics.roc_auc_score(truth, dark),
    }
    config = plugin.config(
        readDataset="ReadDatasetFolders", pathDataset=str(tmp_path / "data"), pathLabels="",
        measures=[*expected, "rank5"], predictors=[{"framework": "ONNX", "model": "brightness"}],
    )  # fmt: skip
    called = plugin("evaluate", config)
    assert called.code == 0, called.errors
    assert list(called.document) == ["brightnessONNX"]
    assert called.document["brightnessONNX"] == pytest.approx(expected)
    assert "rank5 does not apply" in called.errors


def test_what_divides_by_nothing_is_0(plugin, tmp_path):
    for label in ("bright", "dark"):
        (tmp_path / "data" / label).mkdir(parents=True)
        picture = Image.fromarray(np.full((SIZE, SIZE), 200, np.uint8))
        picture.save(tmp_path / "data" / label / "one.png")
    config = plugin.config(
        readDataset="ReadDatasetFolders", pathDataset=str(tmp_path / "data"),
        measures=["precision", "recall", "f1", "jaccardIndex"],
        predictors=[{"framework": "ONNX", "model": "brightness"}],
    )  # fmt: skip
    called = plugin("evaluate", config)
    assert called.document == {
        "brightnessONNX": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "jaccardIndex": 0.0}
    }


def test_a_table_of_pictures_is_read_too(plugin, tmp_path):
    Image.fromarray(np.full((SIZE, SIZE), 200, np.uint8)).save(tmp_path / "one.png")
    (tmp_path / "torn.png").write_bytes(b"no picture")
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label"), ("one.png", "bright"), ("torn.png", "dark")])
    config = plugin.config(
        readDataset="ReadDatasetTable", pathDataset=str(tmp_path / "table.csv"), pathLabels="",
        measures=["accuracy"], predictors=[{"framework": "ONNX", "model": "brightness"}],
    )  # fmt: skip
    called = plugin("evaluate", config)
    assert called.document == {"brightnessONNX": {"accuracy": 1.0}}
    assert f"not answered: {tmp_path / 'torn.png'}" in called.errors
