"""The Classify widget in a real viewer, with a real server on the demo zoo."""

from pathlib import Path

import dask.array
import numpy as np
import pandas as pd
import pytest
from napari.utils import progress

from napari_zoobridge._samples import textures
from napari_zoobridge.connection import State
from napari_zoobridge.results._present import camera_of
from napari_zoobridge.widgets._target_choice import Target
from zoobridge.client import connect


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def classify(viewer, open_widget):
    return open_widget(viewer, "Classify")


def test_shapes_in_the_sample_picture_get_classes_and_give_them_back(
    viewer, qtbot, classify, finish, served, tmp_path, notices, photograph_of
):
    image, shapes = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: classify.target.image.value is image)
    edges = shapes.edge_color.copy()
    classify.models.search.setText("gravel")
    assert classify.models.list.count() == 1
    classify.models.choose("textures")
    assert "Classes:" in classify.models.details.toPlainText()
    qtbot.waitUntil(lambda: classify.target.verdict.text().startswith("✓ Fits"))
    classify.target.target.value = Target.SHAPES
    classify.text.value = "{class} {score:.0%}"
    finish(classify)
    model = connect(served.address).model("textures")
    column = shapes.features["class"]
    assert list(column.cat.categories) == list(model.labels)
    assert column.tolist() == ["brick", "brick", "grass", "grass", "gravel", "gravel"]
    assert shapes.text.values[0].startswith("brick ")
    assert "brick&nbsp;(2)" in classify.legend.text()
    photograph_of("napari-classify-shapes", classify)

    classify.table.choose_row(4)
    assert shapes.selected_data == {4}
    assert camera_of(viewer).center[-2:] == pytest.approx((92, 452), abs=1)

    classify.export(tmp_path / "results.csv")
    frame = pd.read_csv(tmp_path / "results.csv")
    assert list(frame)[:5] == ["image", "plane", "region", "label", "score"]
    assert frame["label"].tolist() == column.tolist()
    assert frame["digest"].nunique() == 1
    assert notices() == [f"Wrote 6 results to {tmp_path / 'results.csv'}"]
    classify.export(tmp_path / "nowhere" / "results.csv")
    assert notices()[1].startswith("Cannot write")

    classify.remove()
    np.testing.assert_allclose(shapes.edge_color, edges)
    assert shapes.features.shape[1] == 0
    assert classify.table.grid.rowCount() == 0


def test_what_an_answer_rests_on_is_a_layer_with_its_scale(
    viewer, qtbot, classify, finish, photograph_of
):
    image, shapes = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: classify.target.image.value is image)
    classify.models.choose("textures")
    classify.target.target.value = Target.SHAPES
    finish(classify)
    classify.table.choose_row(0)
    before = len(viewer.layers)
    classify.explain_button.click()
    qtbot.waitUntil(lambda: len(viewer.layers) > before, timeout=240_000)
    heat = viewer.layers[-1]
    assert heat.name.startswith("what “brick” rests on · shape 0")
    low, high = heat.contrast_limits
    assert high == pytest.approx(np.abs(heat.data).max())
    assert low == -high
    # It lies over the shape.
    corner, expected = heat.data_to_world((0, 0)), shapes.data[0].min(axis=0)
    np.testing.assert_allclose(corner, shapes.data_to_world(expected), atol=1.5)
    if hasattr(heat, "colorbar"):
        assert heat.colorbar.visible
    photograph_of("napari-explain", classify)
    classify.remove()
    assert heat not in viewer.layers


def test_labelled_digits_are_read_and_coloured(
    viewer, qtbot, classify, finish, served, photograph_of
):
    sheet, labels = viewer.open_sample("napari-zoobridge", "digits")
    qtbot.waitUntil(lambda: classify.target.image.value is sheet)
    colormap = labels.colormap
    classify.models.choose("digits")
    classify.target.target.value = Target.LABELS
    classify.all_scores.value = True
    finish(classify)
    table = labels.features
    assert {"index", "written", "class", "score", "score_0", "score_9"} <= set(table)
    right = (table["class"].astype(str) == table["written"].astype(str)).mean()
    assert right >= 0.9
    photograph_of("napari-classify-labels", classify)
    classify.remove()
    assert labels.colormap is colormap
    assert list(labels.features) == ["index", "written"]


def test_a_stack_of_16_bit_planes_is_named_plane_by_plane(
    viewer, qtbot, classify, finish, served, photograph_of
):
    (photo, _, _), _ = textures()
    planes = [photo[:128, x : x + 128].astype(np.uint16) * 257 for x in (0, 200, 400, 30)]
    stack = dask.array.from_array(np.stack(planes), chunks=(1, 128, 128))
    layer = viewer.add_image(stack, name="stack", scale=(3, 0.5, 0.5), axis_labels=("t", "y", "x"))
    qtbot.waitUntil(lambda: classify.target.axes.value == "TYX")
    classify.models.choose("textures")
    classify.target.target.value = Target.PLANES
    classify.top_k.value = 2
    finish(classify)
    with connect(served.address) as client:
        expected = client.classify("textures", {"stack": np.stack(planes)}, axes="TYX", top_k=2)
    shown = sorted(classify.table.texts())
    assert [row[0] for row in shown] == ["T=0", "T=1", "T=2", "T=3"]
    assert [row[2] for row in shown] == [result.label for result in expected]
    assert [row[3] for row in shown] == [f"{result.score:.4f}" for result in expected]
    named = viewer.layers["textures · planes of stack"]
    assert named.features["class"].tolist() == list(expected.labels)
    assert len(layer.metadata["zoobridge"]["results"]) == 4
    classify.table.choose_row(2)
    place = classify.records[2].item.plane["T"]
    assert viewer.dims.point[0] == 3 * place
    photograph_of("napari-classify-planes", classify)

    # A grid over the displayed plane becomes shapes over the image.
    classify.target.target.value = Target.GRID
    classify.target.tile.value = 64
    finish(classify)
    tiles = viewer.layers["textures · tiles of stack"]
    assert len(tiles.data) == 4
    classify.remove()
    assert [one.name for one in viewer.layers] == ["stack"]
    assert "zoobridge" not in layer.metadata


def test_every_failure_is_one_notification_and_the_widget_goes_on(
    viewer, qtbot, classify, finish, notices
):
    classify.run_button.click()
    assert notices() == ["No image to classify; open one first"]
    image, shapes = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: classify.target.image.value is image)
    classify.models.choose("textures")

    classify.target.target.value = Target.SHAPES
    classify.target.selected.value = True
    classify.run_button.click()
    assert notices()[1:] == ["No shape is selected; select some, or classify all of them"]
    classify.target.selected.value = False

    # A layer that vanishes while it is classified: its results stay in the table.
    classify.run_button.click()
    viewer.layers.remove(shapes)
    qtbot.waitUntil(lambda: not classify.running, timeout=60_000)
    assert notices()[2:] == ["The layer was removed during the run; the results are in the table."]
    assert classify.table.grid.rowCount() == 6
    classify.run_button.click()
    assert notices()[3:] == ["No Shapes layer to classify; add one, or choose another target"]

    five = viewer.add_image(np.zeros((5, 64, 64), np.uint8), name="five")
    qtbot.waitUntil(lambda: five in classify.target.image.choices)
    classify.target.image.value = five
    classify.target.target.value = Target.PLANE
    classify.target.axes.value = "CYX"
    qtbot.waitUntil(lambda: classify.target.verdict.text().startswith("✗"))
    finish(classify)
    assert len(notices()) == 5
    assert "channel" in notices()[4]
    assert classify.summary.text() == "1 item, 1 failed"

    # And the same widget still works.
    classify.target.image.value = image
    finish(classify)
    assert len(notices()) == 5
    assert classify.records[0].label


def test_cancel_stops_the_call_and_the_next_run_works(viewer, qtbot, classify, finish, notices):
    (photo, _, _), _ = textures()
    stack = np.broadcast_to(photo[:64, :64], (20_000, 64, 64))
    layer = viewer.add_image(stack, name="many")
    qtbot.waitUntil(lambda: classify.target.image.value is layer)
    classify.models.choose("textures")
    classify.target.target.value = Target.PLANES
    classify.run_button.click()
    qtbot.waitUntil(lambda: len(classify.records) > 0, timeout=60_000)
    qtbot.waitUntil(lambda: len(progress._all_instances) > 0, timeout=60_000)
    (shown,) = progress._all_instances
    assert shown.desc.startswith("textures on many")
    # While results come, the bar follows them, and is never ahead.
    seen = shown.n
    qtbot.waitUntil(lambda: shown.n > seen, timeout=60_000)
    assert shown.total == 20_000
    assert shown.n <= len(classify.records)
    classify.cancel_button.click()
    qtbot.waitUntil(lambda: not classify.running, timeout=30_000)
    assert len(progress._all_instances) == 0
    assert 0 < len(classify.records) < 20_000
    assert classify.summary.text().endswith("stopped")
    qtbot.waitUntil(lambda: classify.link.state is State.CONNECTED, timeout=30_000)
    classify.target.target.value = Target.PLANE
    finish(classify)
    assert len(classify.records) == 1

    # Closing the widget ends what it has under way.
    classify.target.target.value = Target.PLANES
    classify.run_button.click()
    run = classify._work
    viewer.window.remove_dock_widget(classify)
    qtbot.waitUntil(lambda: run.stopped, timeout=30_000)
    viewer.layers.remove(layer)
    qtbot.wait(300)
    assert len(progress._all_instances) == 0
    assert notices() == []
    viewer.window.add_dock_widget(classify)
    qtbot.waitUntil(lambda: classify.link.state is State.CONNECTED, timeout=30_000)


def test_a_server_that_ends_in_the_middle_is_told_once(
    viewer, qtbot, zoobridge_server, open_widget, notices
):
    zoo = Path(__file__).parents[4] / "examples" / "zoo"
    mortal = zoobridge_server(zoo, arguments=("--log-level", "warning"))
    widget = open_widget(viewer, "Classify", mortal)
    layer = viewer.add_image(np.broadcast_to(np.uint8(7), (3000, 64, 64)), name="many")
    qtbot.waitUntil(lambda: widget.target.image.value is layer)
    widget.models.choose("textures")
    widget.target.target.value = Target.PLANES
    widget.run_button.click()
    qtbot.waitUntil(lambda: len(widget.records) > 0, timeout=60_000)
    mortal.process.kill()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert len(notices()) == 1
    assert "server" in notices()[0]
    widget.link.refresh()
    qtbot.waitUntil(lambda: widget.link.state is State.LOST, timeout=30_000)
    widget.run_button.click()
    assert len(notices()) == 2


def test_a_model_that_somebody_unloads_is_loaded_again(viewer, qtbot, classify, finish, served):
    image, _ = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: classify.target.image.value is image)
    classify.models.choose("textures")
    classify.target.target.value = Target.PLANE
    finish(classify)
    first = classify.records[0]
    assert served.client.unload("textures") >= 1
    finish(classify)
    assert classify.records[0].result.score == pytest.approx(first.result.score)


def test_channels_that_were_opened_as_layers_are_joined_in_the_models_order(
    viewer, qtbot, open_widget, stains, finish, notices
):
    widget = open_widget(viewer, "Classify", stains)
    random = np.random.default_rng(5)
    gfp = random.integers(0, 900, (3, 8, 8), dtype=np.uint16)
    dapi = random.integers(0, 900, (3, 8, 8), dtype=np.uint16)
    dapi[1] += 3000
    alone = viewer.add_image(gfp, name="GFP", scale=(2, 1, 1))
    qtbot.waitUntil(lambda: widget.target.image.value is alone)
    widget.models.choose("stains")
    channels = widget.target.channels
    # One layer cannot be two channels, and says so.
    assert channels.isHidden()
    refusal = "✗ the model wants 2 channels (DAPI, GFP); the image has 1"
    qtbot.waitUntil(lambda: widget.target.verdict.text().startswith(refusal))
    viewer.add_image(dapi, name="DAPI", scale=(2, 1, 1))
    qtbot.waitUntil(lambda: not channels.isHidden())
    channels.separate.value = True
    first, second = channels.combos
    first.value, second.value = viewer.layers["DAPI"], viewer.layers["GFP"]
    qtbot.waitUntil(lambda: widget.target.verdict.text().startswith("✓ Fits"))
    assert widget.target.axes.value == "ZYX"
    widget.target.target.value = Target.PLANES
    finish(widget)
    assert notices() == []
    assert [record.result.image for record in widget.records] == ["DAPI + GFP"] * 3
    with connect(stains.address) as client:
        expected = client.classify("stains", list(np.stack([dapi, gfp], axis=1)), axes="CYX")
    assert [record.label for record in widget.records] == list(expected.labels)
    assert widget.records[1].label == "nucleus"
    for record, result in zip(widget.records, expected, strict=True):
        assert record.score == pytest.approx(result.score)

    # The other way round the model sees the other thing.
    first.value, second.value = viewer.layers["GFP"], viewer.layers["DAPI"]
    finish(widget)
    assert widget.records[1].label == "membrane"

    # Layers that do not lie on each other are refused, in the widget and once when clicked.
    viewer.layers["GFP"].scale = (1, 1, 1)
    widget.run_button.click()
    assert len(notices()) == 1
    assert "give both the same scale and translation" in notices()[0]
    viewer.layers.remove("DAPI")
    qtbot.waitUntil(lambda: second.value is None)
    widget.run_button.click()
    assert notices()[1:] == ["Channel GFP has no layer; choose one at “Channels”"]


def test_objects_of_a_volume_are_answered_in_each_of_their_planes(
    viewer, qtbot, classify, finish, tmp_path
):
    (photo, _, _), _ = textures()
    volume = np.stack([photo[:64, x : x + 64] for x in (0, 200, 220, 400)])
    objects = np.zeros(volume.shape, int)
    objects[:3] = 4
    objects[3] = 6
    viewer.add_image(volume, name="volume")
    labels = viewer.add_labels(objects, name="objects")
    qtbot.waitUntil(lambda: classify.target.axes.value == "ZYX")
    classify.models.choose("textures")
    classify.target.target.value = Target.LABELS
    assert classify.target.objects.native.isHidden()
    classify.target.stack.tick(on=True)
    assert not classify.target.objects.native.isHidden()
    finish(classify)
    assert [row[:2] for row in classify.table.texts()] == [["Z=0", "label 4"], ["Z=3", "label 6"]]
    classify.target.objects.value = "each"
    finish(classify)
    rows = classify.table.texts()
    assert [row[0] for row in rows] == ["Z=0", "Z=1", "Z=2", "Z=3"]
    assert [row[2] for row in rows] == ["brick", "grass", "grass", "gravel"]
    assert labels.features["index"].tolist() == [4, 6]
    assert labels.features["class"].tolist() == ["grass", "gravel"]
    classify.export(tmp_path / "planes.csv")
    assert pd.read_csv(tmp_path / "planes.csv")["plane"].tolist() == ["Z=0", "Z=1", "Z=2", "Z=3"]
    classify.table.choose_row(2)
    assert viewer.dims.point[0] == 2
    assert labels.selected_label == 4
