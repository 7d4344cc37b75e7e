"""The Compare widget in a real viewer, with a real server on the demo zoo."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from skimage import data

from napari_zoobridge._samples import textures
from napari_zoobridge.connection import State
from napari_zoobridge.widgets._target_choice import Target


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def compare(viewer, open_widget):
    return open_widget(viewer, "Compare")


CLASSES = ("brick", "grass", "gravel")


def tones_model():
    """Tell the textures by no more than the mean and the deviation of a patch: a naive Bayes.

    It has learnt from the parts of the photographs that the sample picture does not show.
    """
    known = [
        [
            getattr(data, name)()[y : y + 64, x : x + 64]
            for y in range(0, 449, 32)
            for x in (0, 96, 192)
        ]
        for name in CLASSES
    ]
    facts = np.array([[(one.mean(), one.std()) for one in patches] for patches in known])
    mean, deviation = facts.mean(axis=1), facts.std(axis=1)
    constants = {
        "mean": mean[None],
        "deviation": deviation[None],
        "half": np.array(-0.5),
        "offset": -np.log(deviation).sum(axis=1),
    }
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["m"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Sub", ["input", "m"], ["apart"]),
        helper.make_node("ReduceL2", ["apart"], ["length"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Div", ["length", "side"], ["d"]),
        helper.make_node("Concat", ["m", "d"], ["both"], axis=3),
        helper.make_node("Squeeze", ["both", "first"], ["facts"]),
        helper.make_node("Sub", ["facts", "mean"], ["off"]),
        helper.make_node("Div", ["off", "deviation"], ["z"]),
        helper.make_node("ReduceSumSquare", ["z"], ["distance"], axes=[2], keepdims=0),
        helper.make_node("Mul", ["distance", "half"], ["log"]),
        helper.make_node("Add", ["log", "offset"], ["likelihood"]),
        helper.make_node("Softmax", ["likelihood"], ["output"], axis=1),
    ]
    initial = [
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()
    ]
    initial.append(numpy_helper.from_array(np.array(64, np.float32), "side"))
    initial.append(numpy_helper.from_array(np.array([1]), "first"))
    graph = helper.make_graph(
        nodes,
        "tones",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 64, 64])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 3])],
        initial,
    )
    opset = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


@pytest.fixture
def rivals(tmp_path, served, zoobridge_server):
    """Serve the demo zoo, and beside its network a simpler model of the same classes."""
    save(tones_model(), tmp_path / "tones.onnx")
    words = ["tones.onnx", "--name", "Tones", "--labels", ",".join(CLASSES)]
    words += [
        "--description",
        "Tells textures apart by the mean and deviation of their grey values alone.",
    ]
    words += ["--license", "CC0-1.0", "--intensity-range", "0,255", "--zoo", "zoo"]
    subprocess.run(
        [sys.executable, "-m", "zoobridge", "add", *words],
        cwd=tmp_path,
        env=served.environment,
        check=True,
    )
    return zoobridge_server(Path(__file__).parents[4] / "examples" / "zoo", tmp_path / "zoo")


def test_tiles_on_which_two_models_differ_stand_out(
    viewer, qtbot, open_widget, rivals, finish, notices, photograph_of
):
    compare = open_widget(viewer, "Compare", rivals)
    (photo, options, _), _ = textures()
    layer = viewer.add_image(photo, **options)
    qtbot.waitUntil(lambda: compare.target.image.value is layer)
    compare.models.tick(["textures", "tones"])
    compare.models.choose("tones")
    compare.target.target.value = Target.GRID
    finish(compare)
    tiles = viewer.layers["comparison · tiles of textures"]
    network, simple = (tiles.features[f"class_{name}"] for name in ("textures", "tones"))
    differs = (network.astype(str) != simple.astype(str)).to_numpy()
    # The photograph shows three columns of tiles of each class.
    truth = np.array([CLASSES[column // 3] for _row in range(8) for column in range(9)])
    assert (network == truth).mean() > 0.9 > (simple == truth).mean()
    assert 0 < differs.sum() < len(differs) / 2
    assert f"All agree on {(~differs).sum()} of 72 items." in compare.summary.text()
    assert len({tuple(color) for color in tiles.face_color[differs]}) == 1
    assert len({tuple(color) for color in tiles.face_color[~differs]}) == 1
    assert (tiles.face_color[differs][0] != tiles.face_color[~differs][0]).any()
    compare.disagreements.value = True
    assert compare.table.grid.rowCount() == differs.sum()
    photograph_of("napari-compare", compare)
    assert notices() == []


def test_models_are_compared_on_the_same_shapes(viewer, qtbot, compare, finish, tmp_path, notices):
    image, shapes = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: compare.target.image.value is image)
    compare.target.target.value = Target.SHAPES
    compare.models.tick(["textures"])
    compare.run_button.click()
    assert len(notices()) == 1
    assert notices()[0].startswith("A comparison needs two models")

    # Two models that know different classes never agree.
    compare.models.tick(["textures", "digits"])
    names = [model.reference for model in compare.models.ticked]
    assert len(names) == 2
    finish(compare)
    rows = compare.table.texts()
    assert len(rows) == 6
    assert [row[-1] for row in rows] == ["no"] * 6
    assert "All agree on 0 of 6 items." in compare.summary.text()
    assert compare.table.grid.cell(0, 1).alarming
    columns = [name for name in shapes.features if name.startswith("class_")]
    assert len(columns) == 2
    compare.table.choose_row(3)
    assert shapes.selected_data == {3}

    # One model in every framework always does.
    compare.models.tick(["textures"])
    compare.by_framework.value = True
    frameworks = compare.models.ticked[0].frameworks
    assert len(frameworks) > 1
    finish(compare)
    assert "All agree on 6 of 6 items." in compare.summary.text()
    assert compare.table.grid.columnCount() == 3 + len(frameworks)
    compare.disagreements.value = True
    assert compare.table.grid.rowCount() == 0
    compare.disagreements.value = False
    compare.export(tmp_path / "comparison.csv")
    frame = pd.read_csv(tmp_path / "comparison.csv")
    assert len(frame) == 6 * len(frameworks)
    assert frame["digest"].nunique() == len(frameworks)
    assert len(notices()) == 2


def test_a_comparison_can_be_cancelled_and_begun_again(viewer, qtbot, compare, finish, notices):
    viewer.open_sample("napari-zoobridge", "digits")
    qtbot.waitUntil(lambda: compare.target.image.value is not None)
    compare.target.target.value = Target.LABELS
    compare.models.tick(["digits"])
    compare.by_framework.value = True
    compare.run_button.click()
    compare.cancel_button.click()
    qtbot.waitUntil(lambda: not compare.running, timeout=60_000)
    qtbot.waitUntil(lambda: compare.link.state is State.CONNECTED, timeout=30_000)
    finish(compare)
    assert compare.table.grid.rowCount() == 60
    assert notices() == []


def test_planes_and_tiles_that_are_compared_get_a_layer_with_every_models_class(
    viewer, qtbot, compare, finish, notices
):
    (photo, _, _), _ = textures()
    layer = viewer.add_image(np.stack([photo[:64, :64], photo[:64, 400:464]]), name="stack")
    qtbot.waitUntil(lambda: compare.target.axes.value == "ZYX")
    compare.models.tick(["textures", "digits"])
    compare.target.target.value = Target.PLANES
    finish(compare)
    planes = viewer.layers["comparison · planes of stack"]
    assert planes.features["class_textures"].tolist() == ["brick", "gravel"]
    assert set(planes.features["class_digits"]) <= set("0123456789")
    assert planes.text.values[0] == f"{planes.features['class_digits'][0]} / brick"
    compare.target.target.value = Target.GRID
    compare.target.tile.value = 32
    finish(compare)
    tiles = viewer.layers["comparison · tiles of stack"]
    assert len(tiles.data) == len(tiles.features) == 4
    red = tiles.face_color[0]
    # Other classes are disagreements; one model in two frameworks agrees.
    compare.models.tick(["textures"])
    compare.by_framework.value = True
    finish(compare)
    (tiles,) = [one for one in viewer.layers if one.name == "comparison · tiles of stack"]
    assert {"class_textures_onnx", "class_textures_pytorch"} <= set(tiles.features)
    assert (tiles.face_color[0] != red).any()
    compare.remove_button.click()
    assert list(viewer.layers) == [layer]
    assert compare.table.grid.rowCount() == 0
    assert not compare.export_button.isEnabled()
    assert notices() == []
