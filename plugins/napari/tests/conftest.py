import ctypes
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from onnx import TensorProto, helper

from napari_zoobridge._samples import textures
from napari_zoobridge.connection import Address, State
from napari_zoobridge.results import answered
from napari_zoobridge.targets import Item, ItemKind
from zoobridge.client import ClassScore, Model, ModelIdentity, ModelInput, Result, connect
from zoobridge.errors import ModelInputError

if sys.version_info < (3, 12):
    # PySide6 6.12.0 gives back one reference to None, True or False too many with each call that
    # returns one of them; where these are not immortal, the interpreter ends once it has none
    # left. 6.11 does not. This stock of references is never given back, not even at the end.
    _STOCK = (None,) * 3_000_000 + (True,) * 1_000_000 + (False,) * 1_000_000
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_STOCK))

LABELS = ("brick", "grass", "gravel")
COLORS = ("#ff0000", "#00ff00", "#0000ff")


@pytest.fixture
def model():
    return Model(
        id="textures",
        version="1",
        input=ModelInput("CYX", channel_names=("red", "green", "blue")),
        labels=LABELS,
        label_colors=COLORS,
    )


@pytest.fixture
def photo():
    """Give the demo's picture of textures."""
    return textures()[0][0]


@pytest.fixture
def viewer():
    """Make a viewer without a window; tests of widgets have one with."""
    return ViewerModel()


@pytest.fixture
def stack(viewer):
    """A time series of volumes, scaled and moved, shown at T = 1, Z = 3."""
    layer = viewer.add_image(
        np.zeros((2, 5, 60, 80), np.uint16),
        name="stack",
        scale=(1, 2, 0.5, 0.5),
        translate=(0, 10, 5, 0),
    )
    viewer.dims.set_point(0, 1)
    viewer.dims.set_point(1, 16)
    return layer


@pytest.fixture
def items_of():
    """Give the items of a plan, however long it takes."""
    return lambda plan: plan.items(lambda: None)


@pytest.fixture
def make_record():
    """Make the record of an item: of a class with its score, or of an error."""

    def make(kind, index, label="", score=None, *, plane=None, box=None, error="", scores=None):
        item = Item(ItemKind(kind), index, plane or {}, box)
        top = (ClassScore(LABELS.index(label), label, score),) if label else ()
        result = Result(
            image="sent",
            label=label,
            score=score,
            top=top,
            scores=scores,
            error=ModelInputError(error) if error else None,
            model=ModelIdentity("textures", "1", "abc", "onnx"),
        )
        return answered(item, "photo", result)

    return make


@pytest.fixture
def notices():
    """Give the notifications since the test began, as sentences."""
    from napari.utils.notifications import notification_manager

    start = len(notification_manager.records)
    return lambda: [str(one.message) for one in notification_manager.records[start:]]


@pytest.fixture(scope="session")
def served(zoobridge_server):
    """Serve the demo zoo."""
    zoo = Path(__file__).parents[3] / "examples" / "zoo"
    return zoobridge_server(zoo, arguments=("--classification-token", "a-readers"))


@pytest.fixture
def client(served):
    """Connect to it; a client of its own, since stopping a run closes it."""
    with connect(served.address, token=served.token) as client:
        yield client


@pytest.fixture(scope="session")
def stains(tmp_path_factory, zoobridge_server):
    """Serve a model that tells which of two channels is brighter, called DAPI and GFP."""
    folder = tmp_path_factory.mktemp("zoo") / "stains"
    folder.mkdir()
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["input"], ["output"], axes=[2, 3], keepdims=0)],
        "means",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 2, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 2])],
    )
    opset = [helper.make_opsetid("", 13)]
    weights = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    (folder / "weights.onnx").write_bytes(weights)
    (folder / "README.md").write_text("Which stain is brighter.", "utf-8")
    picture = np.zeros((1, 2, 8, 8), np.float32)
    picture[:, 1] = 1
    np.save(folder / "input.npy", picture)
    np.save(folder / "output.npy", np.array([[0, 1]], np.float32))

    def axes(names, *space):
        return [
            {"type": "batch"},
            {"type": "channel", "channel_names": names},
            *({"type": "space", "id": axis, "size": 8} for axis in space),
        ]

    description = {
        "type": "model",
        "format_version": "0.5.4",
        "id": "stains",
        "version": "1.0.0",
        "name": "Stains",
        "description": "Tells which of two stains is brighter.",
        "license": "CC0-1.0",
        "documentation": "README.md",
        "authors": [{"name": "Ada"}],
        "cite": [{"text": "Ada 1843", "doi": "10.1234/5678"}],
        "inputs": [
            {
                "id": "input",
                "axes": axes(["DAPI", "GFP"], "y", "x"),
                "data": {"type": "float32"},
                "test_tensor": {"source": "input.npy"},
            }
        ],
        "outputs": [
            {
                "id": "output",
                "axes": axes(["nucleus", "membrane"]),
                "data": {"type": "float32"},
                "test_tensor": {"source": "output.npy"},
            }
        ],
        "weights": {
            "onnx": {
                "source": "weights.onnx",
                "sha256": hashlib.sha256(weights).hexdigest(),
                "opset_version": 13,
            }
        },
    }
    # JSON is YAML too.
    (folder / "rdf.yaml").write_text(json.dumps(description), "utf-8")
    return zoobridge_server(folder.parent)


@pytest.fixture
def open_widget(qtbot, served):
    """Open a widget in a viewer, connected to the served demo zoo or to another server."""

    def work(viewer, name, server=served):
        _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", name)
        widget.link.open(Address(server.address, server.token))
        qtbot.waitUntil(lambda: widget.link.state is State.CONNECTED, timeout=30_000)
        return widget

    return work


@pytest.fixture
def finish(qtbot):
    """Press the widget's button and wait for the end."""

    def press(widget):
        assert widget.run_button.isEnabled()
        widget.run_button.click()
        assert widget.running
        assert not widget.run_button.isEnabled()
        assert widget.cancel_button.isEnabled()
        qtbot.waitUntil(lambda: not widget.running, timeout=240_000)

    return press


@pytest.fixture
def photograph_of(viewer, qtbot, tmp_path):
    """Take a picture of the whole window.

    It is kept in the folder that ``ZOOBRIDGE_SCREENSHOTS`` names: ``docs/images`` to renew those.
    """

    def shoot(name, widget=None):
        viewer.show()
        viewer.window.resize(1640, 1150)
        # The canvas has its new size only after the window system has answered.
        qtbot.wait(300)
        viewer.reset_view()
        if widget is not None:
            widget.ensureWidgetVisible(widget.export_button)
        qtbot.wait(300)
        path = Path(os.environ.get("ZOOBRIDGE_SCREENSHOTS", tmp_path)) / f"{name}.png"
        picture = viewer.screenshot(str(path), canvas_only=False, flash=False)
        # A window that was not drawn is a single colour.
        assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 100
        assert path.stat().st_size > 10_000

    return shoot
