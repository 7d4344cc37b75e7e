import ctypes
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_zoobridge._items import Item, ItemKind
from napari_zoobridge._link import Address, State
from napari_zoobridge._records import answered
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
    return zoobridge_server(Path(__file__).parents[3] / "examples" / "zoo")


@pytest.fixture
def client(served):
    """Connect to it; a client of its own, since stopping a run closes it."""
    with connect(served.address, token=served.token) as client:
        yield client


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
        qtbot.waitUntil(lambda: not widget.running, timeout=120_000)

    return press


@pytest.fixture
def photograph_of(viewer, qtbot, tmp_path):
    """Take a picture of the whole window.

    It is kept in the folder that ``ZOOBRIDGE_SCREENSHOTS`` names: ``docs/images`` to renew those.
    """

    def shoot(name, widget=None):
        viewer.window.resize(1440, 1180)
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
