"""The widgets in a real viewer, without a server."""

import sys

import dask.array
import numpy as np
import pytest
from napari._app_model import get_app_model

from napari_zoobridge.connection import Address, State, can_start_server
from napari_zoobridge.widgets import ClassifyWidget, CompareWidget
from napari_zoobridge.widgets._target_choice import Target


@pytest.fixture(autouse=True)
def nobody_home(monkeypatch, tmp_path):
    """Make sure that no server of the developer's is found."""
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.delenv("ZOOBRIDGE_ADDRESS", raising=False)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def widget(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Classify")
    qtbot.waitUntil(lambda: "No server is running" in widget.link.sentence)
    return widget


def test_without_a_server_the_widget_says_so_and_offers_a_start(
    widget, qtbot, monkeypatch, notices
):
    assert isinstance(widget, ClassifyWidget)
    assert widget.link.state is State.LOST
    assert widget.server.light.toolTip() == "lost"
    assert not widget.server.start.isHidden()
    assert not widget.run_button.isEnabled()
    assert notices() == []

    # A server that is named and not there is told once.
    widget.link.open(Address("127.0.0.1:1"), quiet=False)
    qtbot.waitUntil(lambda: len(notices()) == 1)
    assert "no server answers at 127.0.0.1:1" in widget.link.sentence
    assert notices() == [f"{widget.link.sentence[:1].upper()}{widget.link.sentence[1:]}"]

    # Beside the light client alone no server can be started.
    assert can_start_server()
    monkeypatch.setitem(sys.modules, "bioimageio", None)
    assert not can_start_server()
    widget.link.changed.emit()
    assert not widget.server.start.isEnabled()
    assert "pip install" in widget.server.start.toolTip()


def test_images_are_offered_as_they_come_and_go(widget, viewer, qtbot):
    assert "no image" in widget.target.verdict.text()
    first = viewer.add_image(np.zeros((5, 40, 40)), name="first")
    qtbot.waitUntil(lambda: widget.target.image.value is first)
    assert widget.target.axes.value == "ZYX"
    viewer.add_image(np.zeros((40, 40, 3), np.uint8), name="second")
    qtbot.waitUntil(lambda: len(widget.target.image.choices) == 3)
    assert widget.target.image.value is first
    viewer.layers.remove(first)
    qtbot.waitUntil(lambda: widget.target.axes.value == "YXC")
    viewer.layers[0].name = "renamed"
    qtbot.waitUntil(lambda: widget.target.image.current_choice == "renamed")


def test_sample_data_open_with_something_to_classify(viewer, notices):
    for name in ("textures", "digits"):
        layers = viewer.open_sample("napari-zoobridge", name)
        kinds = {type(layer).__name__ for layer in layers}
        assert "Image" in kinds
        assert len(kinds) > 1

    # Removing results can be commanded without a widget.
    viewer.add_points([[1, 1]], metadata={"zoobridge": {"made": True}})
    get_app_model().commands.execute_command("napari-zoobridge.remove_results").result()
    assert len(viewer.layers) == 4
    assert notices() == ["Removed classification results of 1 layer"]


def test_axes_follow_the_view_until_the_user_types_others(widget, viewer, qtbot):
    viewer.add_image(np.zeros((5, 6, 7)))
    qtbot.waitUntil(lambda: widget.target.axes.value == "ZYX")
    viewer.dims.order = (1, 0, 2)
    assert widget.target.axes.value == "YZX"
    widget.target.axes.value = "ZZX"
    assert (
        widget.target.verdict.text()
        == "✗ axes 'ZZX' name an axis twice; every letter may appear once"
    )
    widget.target.axes.value = "CYX"
    assert widget.target.verdict.text() == ""
    widget.target.axes.value = "TYX"
    viewer.add_points([[0, 0, 0]])
    qtbot.wait(50)
    viewer.dims.order = (0, 1, 2)
    assert widget.target.axes.value == "TYX"


def test_each_target_asks_for_what_it_needs_only(widget, viewer, qtbot):
    viewer.add_image(np.zeros((5, 40, 40)))
    qtbot.waitUntil(lambda: widget.target.axes.value == "ZYX")
    expected = {
        Target.PLANE: set(),
        Target.PLANES: {"along"},
        Target.SHAPES: {"layer", "selected", "outside"},
        Target.LABELS: {"along", "layer", "selected", "outside", "padding"},
        Target.POINTS: {"layer", "selected", "window"},
        Target.GRID: {"along", "tile", "step"},
    }
    for target, rows in expected.items():
        widget.target.target.value = target
        shown = {name for name, row in widget.target._rows.items() if not row.isHidden()}
        assert shown - {"image", "axes", "verdict", "target"} == rows
    widget.target.target.value = Target.PLANES
    assert widget.target.along == "Z"

    # And offers the layers of the right kind.
    shapes = viewer.add_shapes(name="mine")
    labels = viewer.add_labels(np.zeros((40, 40), int))
    widget.target.target.value = Target.SHAPES
    assert widget.target.layer.value is shapes
    widget.target.target.value = Target.LABELS
    assert widget.target.layer.value is labels


def test_opening_the_widget_on_a_large_stack_reads_nothing(viewer, qtbot):
    read = []

    def block(block_id):
        read.append(block_id)
        return np.zeros((1, 64, 64), np.uint16)

    stack = dask.array.map_blocks(
        block, chunks=((1,) * 500, 64, 64), dtype=np.uint16, meta=np.zeros((0, 0, 0), np.uint16)
    )
    viewer.add_image(stack, contrast_limits=(0, 1))
    _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Compare")
    assert isinstance(widget, CompareWidget)
    qtbot.waitUntil(lambda: widget.target.axes.value == "ZYX")
    widget.target.target.value = Target.PLANES
    widget.target.plan()
    assert len({block_id[0] for block_id in read}) < 5
