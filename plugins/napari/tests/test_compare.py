"""The Compare widget in a real viewer, with a real server on the demo zoo."""

import numpy as np
import pandas as pd
import pytest

from napari_zoobridge._link import State
from napari_zoobridge._samples import textures
from napari_zoobridge._target_choice import Target


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def compare(viewer, open_widget):
    return open_widget(viewer, "Compare")


def test_models_are_compared_on_the_same_shapes(
    viewer, qtbot, compare, finish, tmp_path, notices, photograph_of
):
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
    photograph_of("napari-compare", compare)
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
