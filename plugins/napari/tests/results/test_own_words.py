"""A message of the server carries its subject; the widgets add the name of their control."""

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel, QLineEdit

from napari_zoobridge.results import _own_words, in_own_words
from napari_zoobridge.training import TrainWidget
from napari_zoobridge.widgets import ClassifyWidget
from zoobridge.errors import ImageFormatError, InvalidRequestError


def test_every_control_that_is_named_is_in_a_widget(viewer, qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ZOOBRIDGE_ADDRESS", raising=False)
    seen = set()
    for kind in (ClassifyWidget, TrainWidget):
        widget = kind(viewer)
        qtbot.addWidget(widget)
        qtbot.waitUntil(lambda shown=widget: "No server is running" in shown.link.sentence)
        seen |= {one.text() for one in widget.findChildren(QLabel)}
        seen |= {one.placeholderText() for one in widget.findChildren(QLineEdit)}
    named = {control.split("”")[0].strip("“") for control in _own_words._CONTROLS.values()}
    assert named <= seen


def test_errors_of_a_server_name_the_control(client):
    picture = np.zeros((2, 32, 32), np.uint8)
    (channels,) = client.classify("textures", picture, axes="CYX")
    assert in_own_words(channels.error) == f"{channels.error.message} (at “Axes”)"
    gray = np.zeros((32, 32), np.uint8)
    with pytest.raises(InvalidRequestError) as caught:
        client.classify("textures", gray, axes="YX", intensity="no_rule")
    assert in_own_words(caught.value).endswith(" (at “Intensities”)")


def test_other_messages_stay_as_they_are():
    assert in_own_words(ImageFormatError("the disk is full")) == "the disk is full"
    shown = "set another value at “Intensities”"
    assert in_own_words(InvalidRequestError(shown, field="options.intensity")) == shown
