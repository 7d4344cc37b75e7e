"""The Train widget in a real window: label, fit, look, publish, and go on tomorrow."""

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import skimage.io
from qtpy.QtCore import Qt

from napari_zoobridge.connection import Address, State
from napari_zoobridge.targets import ItemKind
from zoobridge.client import connect

#: Two photographs of each texture, each of which is a separate group.
TEXTURES = ("brick", "grass", "gravel")
SIDE = 96
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def training_server(tmp_path_factory, zoobridge_server):
    """A server with an empty zoo, and a folder for projects of its own."""
    zoo = tmp_path_factory.mktemp("zoo")
    kept = tmp_path_factory.mktemp("projects")
    return zoobridge_server(zoo, arguments=("--training-folder", os.fspath(kept)))


@pytest.fixture
def viewer(make_napari_viewer):
    """A viewer with a window, and four images that each show parts of three textures."""
    shown = make_napari_viewer()
    for number in range(4):
        parts = [
            getattr(skimage.data, name)()[number * 128 : number * 128 + 2 * SIDE][:SIDE, : 2 * SIDE]
            for name in TEXTURES
        ]
        shown.add_image(np.concatenate(parts), name=f"sheet {number}")
    return shown


@pytest.fixture
def widget(viewer, qtbot, training_server):
    _, opened = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Train")
    opened.link.open(Address(training_server.address, training_server.token))
    qtbot.waitUntil(lambda: opened.link.state is State.CONNECTED, timeout=60_000)
    return opened


@pytest.fixture
def photograph_train(viewer, qtbot, tmp_path):
    """Take a picture of the whole window; see ``photograph_of``."""

    def shoot(name, widget):
        viewer.show()
        viewer.window.resize(1640, 1400)
        qtbot.wait(500)
        shown = widget.tile if hasattr(widget, "tile") else widget.export_button
        widget.ensureWidgetVisible(shown)
        qtbot.wait(500)
        folder = Path(os.environ.get("ZOOBRIDGE_SCREENSHOTS", tmp_path))
        path = folder / f"{name}.png"
        viewer.window.screenshot(os.fspath(path), canvas_only=False, flash=False)
        assert path.stat().st_size > 10_000

    return shoot


def idle(qtbot, widget):
    qtbot.waitUntil(lambda: not widget.running, timeout=400_000)


def add_tiles(qtbot, viewer, widget, names):
    from napari_zoobridge.widgets._target_choice import Target

    widget.target.target.value = Target.GRID
    widget.target.tile.value = SIDE
    for name in names:
        widget.target.image.value = viewer.layers[name]
        widget.add_button.click()
        idle(qtbot, widget)


def truth(known):
    """The texture that a tile shows: sheets have one below the other."""
    return TEXTURES[known.item.box.y // SIDE]


def test_a_model_is_labelled_by_keys_fitted_looked_at_and_published(
    viewer, widget, qtbot, training_server, open_widget, finish, photograph_train, notices, tmp_path
):
    stages = []
    widget._calls.advanced.connect(lambda stage, *_: stages.append(stage))
    widget.name.setText("My textures")
    names = [layer.name for layer in viewer.layers]
    add_tiles(qtbot, viewer, widget, names[:3])
    assert len(widget.session.items) == 18
    assert widget.counted.text() == "0 of 18 items labelled"
    assert set(stages) == {"items"}
    assert widget.current is not None
    assert not widget.tile.pixmap().isNull()
    for name in TEXTURES:
        widget.classes.name.setText(name)
        qtbot.keyClick(widget.classes.name, Qt.Key.Key_Return)
    assert widget.classes.labels == TEXTURES

    for _ in range(10):
        widget.classes.choose(TEXTURES.index(truth(widget.current)) + 1)
    idle(qtbot, widget)
    assert widget.session.labelled == 10
    skipped = widget.current
    widget.skip_button.click()
    assert widget.current is not skipped
    widget.suggest_button.click()
    idle(qtbot, widget)
    assert widget.current.suggested
    while widget.current is not None:
        widget.classes.buttons[TEXTURES.index(truth(widget.current))].click()
    idle(qtbot, widget)
    assert widget.session.labelled == 18
    assert widget.counted.text() == "18 of 18 items labelled"
    widget.fit_button.click()
    idle(qtbot, widget)
    assert {"features", "cross-validation"} < set(stages)
    assert widget.figures is not None, widget.figure.text()
    assert "95 % interval" in widget.figure.text()
    assert "chance is 0.33" in widget.figure.text()
    report = widget.tabs.report.toPlainText()
    assert "brick: 6 items in 3 groups" in report
    assert "Tested items of each class (row) by the class that was answered" in report
    widget.save_report(tmp_path / "report")
    idle(qtbot, widget)
    assert "brick" in (tmp_path / "report" / "annotations.csv").read_text("utf-8")

    # Stopped work leaves what was there.
    fitted = widget.figures
    widget.fit_button.click()
    assert not widget.progress.isHidden()
    widget.progress.cancel_button.click()
    idle(qtbot, widget)
    assert widget.figure.text() == "Stopped; what was computed is kept."
    assert widget.figures is fitted
    assert widget.progress.isHidden()

    # A wrong label, and back.
    wrong = widget.session.items[next(iter(widget.session.items))]
    widget.tabs.picked.emit(wrong.sent.picture)
    assert widget.current is wrong
    widget.give(TEXTURES[(TEXTURES.index(truth(wrong)) + 1) % 3])
    idle(qtbot, widget)
    widget.fit_button.click()
    idle(qtbot, widget)
    texts = [widget.tabs.tabText(place) for place in range(4)]
    assert texts[0].startswith("Mistakes (")
    assert texts[3] == "Report"
    photograph_train("napari-train", widget)
    widget.undo_button.click()
    idle(qtbot, widget)
    assert widget.current is wrong
    assert wrong.label == truth(wrong)

    widget.author.setText("Ada Lovelace")
    widget.publish_button.click()
    idle(qtbot, widget)
    assert any("my-textures@1.0.0 is in the zoo" in one for one in notices()), notices()
    with connect(training_server.address, token=training_server.token) as client:
        fresh = viewer.layers[names[3]].data[:SIDE, :SIDE]
        assert client.classify("my-textures", fresh)[0].label == "brick"

    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE), np.uint8)
    layer = viewer.add_image(noise, name="noise")
    classify = open_widget(viewer, "Classify", training_server)
    qtbot.waitUntil(lambda: classify.target.image.value is layer)
    qtbot.waitUntil(lambda: any(one.id == "my-textures" for one in classify.link.models))
    classify.models.choose("my-textures")
    finish(classify)
    assert "1 item is unlike the pictures" in classify.summary.text()
    assert any("do not rely on the class" in one for one in notices())
    (row,) = classify.table.texts()
    assert row[2].startswith("⚠ ")
    (named,) = [one for one in viewer.layers if one.name.startswith("my-textures · ")]
    assert named.features["unlike_training"].tolist() == [True]
    assert named.features["novelty"][0] > 0
    assert "prediction_set" in named.features
    photograph_train("napari-unlike", classify)


def test_labels_are_there_again_tomorrow(viewer, widget, qtbot):
    widget.name.setText("Tomorrow")
    add_tiles(qtbot, viewer, widget, ["sheet 0"])
    widget.classes.added.emit("brick")
    widget.classes.added.emit("other")
    for _ in range(3):
        widget.give("brick" if truth(widget.current) == "brick" else "other")
    idle(qtbot, widget)
    before = {one.sent.picture: one.label for one in widget.session.items.values()}
    assert sum(map(bool, before.values())) == 3
    viewer.window.remove_dock_widget("all")
    _, again = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Train")
    again.link.open(widget.link._address)
    qtbot.waitUntil(lambda: again.link.state is State.CONNECTED, timeout=60_000)
    qtbot.waitUntil(lambda: "Tomorrow" in again.name.known, timeout=30_000)
    again.name.setText("Tomorrow")
    add_tiles(qtbot, viewer, again, ["sheet 0"])
    assert {one.sent.picture: one.label for one in again.session.items.values()} == before
    assert again.session.labelled == 3
    assert again.current.label == ""

    # A class gets another name, and joins another.
    again.classes.renamed.emit("other", "no brick")
    idle(qtbot, again)
    after = {key: "no brick" if label == "other" else label for key, label in before.items()}
    assert {one.sent.picture: one.label for one in again.session.items.values()} == after
    assert set(again.classes.labels) <= {"brick", "no brick"}
    again.classes.renamed.emit("brick", "no brick")
    idle(qtbot, again)
    assert again.classes.labels == ("no brick",)
    assert again.session.labelled == 3


def is_closed(client):
    try:
        client.info()
    except ValueError as error:
        return "closed channel" in str(error)
    return False


def test_what_a_dropped_project_answers_does_not_come_back(viewer, widget, qtbot, monkeypatch):
    opened, connect_again = [], widget.link.separate

    def separate():
        opened.append(connect_again())
        return opened[-1]

    monkeypatch.setattr(widget.link, "separate", separate)
    widget.name.setText("Old name")
    widget.target.image.value = viewer.layers["sheet 0"]
    widget.add_button.click()
    assert not widget.name.isEnabled()
    # A script is not kept from it.
    widget.name.setText("New name")
    widget.name.textEdited.emit("New name")
    assert not widget.running
    assert widget.name.isEnabled()
    qtbot.waitUntil(lambda: len(opened) == 1 and is_closed(opened[0]), timeout=60_000)
    assert widget.session is None
    assert "Name the model" in widget.tile.text()

    add_tiles(qtbot, viewer, widget, ["sheet 0"])
    assert widget.session.project.name == "New name"
    widget.give("brick")
    widget.fit()
    widget.name.textEdited.emit("Newer name")
    assert widget.session is None
    qtbot.wait(300)
    assert widget.figure.text() == ""
    assert "Name the model" in widget.tile.text()
    assert is_closed(opened[1])


def test_a_widget_that_is_docked_again_works_again(viewer, widget, qtbot):
    widget.name.setText("Docked")
    add_tiles(qtbot, viewer, widget, ["sheet 0"])
    for label in ("brick", "grass", "brick", "grass"):
        widget.give(label)
    idle(qtbot, widget)
    # The dock is closed while a fit is on its way.
    widget.fit()
    viewer.window.remove_dock_widget(widget)
    qtbot.waitUntil(lambda: widget.link.connected is None)
    assert widget.session is None
    viewer.window.add_dock_widget(widget)
    qtbot.waitUntil(lambda: widget.link.connected is not None, timeout=60_000)
    assert widget.current is None
    assert not widget.fit_button.isEnabled()

    add_tiles(qtbot, viewer, widget, ["sheet 0"])
    assert widget.session.labelled == 4
    widget.give("gravel")
    idle(qtbot, widget)
    assert widget.session.labelled == 5
    widget.fit_button.click()
    idle(qtbot, widget)
    assert "No figure yet" in widget.figure.text()


def test_points_shapes_and_labelled_objects_are_items_too(viewer, widget, qtbot, tmp_path):
    from napari_zoobridge.widgets._target_choice import Target

    labels = np.zeros((3 * SIDE, 2 * SIDE), int)
    labels[10:60, 10:60], labels[120:160, 20:70] = 1, 2
    viewer.add_points([[40, 40], [130, 60]], name="points")
    viewer.add_shapes([[[5, 5], [5, 60], [60, 60], [60, 5]]], shape_type="ellipse", name="shapes")
    viewer.add_labels(labels, name="objects")
    widget.name.setText("Objects")
    for target, count in ((Target.POINTS, 2), (Target.SHAPES, 3), (Target.LABELS, 5)):
        widget.target.image.value = viewer.layers["sheet 0"]
        widget.target.target.value = target
        widget.add_button.click()
        idle(qtbot, widget)
        assert len(widget.session.items) == count, target
    assert widget.session.next_item() is not None

    # What is kept together: nothing, then the folder of the file.
    widget.give("one")
    idle(qtbot, widget)
    widget.groups.setCurrentText("nothing (flatters)")
    widget.target.target.value = Target.GRID
    widget.target.tile.value = SIDE
    widget.add_button.click()
    idle(qtbot, widget)
    tiles = [one for one in widget.session.items.values() if one.item.kind is ItemKind.TILE]
    for one in tiles[:2]:
        widget._show(one)
        widget.give("one")
    folder = tmp_path / "plate 7"
    folder.mkdir()
    skimage.io.imsave(folder / "well.png", skimage.data.coins()[:SIDE, :SIDE])
    (layer,) = viewer.open(os.fspath(folder / "well.png"), plugin="napari")
    qtbot.waitUntil(lambda: layer in widget.target.image.choices)
    widget.target.image.value = layer
    widget.groups.setCurrentText("folders of images")
    widget.add_button.click()
    idle(qtbot, widget)
    of_file = [one for one in widget.session.items.values() if one.plan.place.layer is layer]
    widget._show(of_file[0])
    widget.give("two")
    idle(qtbot, widget)
    groups = [one.group for one in widget.session.project.annotations]
    assert groups[-1] == os.fspath(folder)
    assert len(set(groups)) == 4


def test_what_is_missing_is_said(widget, qtbot, notices):
    widget.add_button.click()
    assert any("type a name for the model" in one.lower() for one in notices())
    assert not widget.publish_button.isEnabled()
    assert not widget.suggest_button.isEnabled()
    # The keys belong to napari until an item is shown.
    assert not any(shortcut.isEnabled() for shortcut in widget.classes._keys)
