"""A chosen model is loaded while the user still looks, on a real server."""

import logging

import pytest

from napari_zoobridge.connection import Address, State


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def unloaded(served):
    """Free the model; the function tells whether it has been loaded since then."""
    served.client.unload("textures")
    return lambda: bool(served.client.model("textures").loaded)


def test_a_model_that_was_picked_is_loaded_before_the_click(viewer, qtbot, open_widget, unloaded):
    widget = open_widget(viewer, "Classify")
    viewer.open_sample("napari-zoobridge", "textures")
    widget.models.choose("textures")
    qtbot.waitUntil(unloaded, timeout=60_000)
    assert not widget.running
    assert widget.records == []


def test_a_model_that_only_stands_first_in_the_list_is_nobodys_choice(viewer, open_widget):
    widget = open_widget(viewer, "Classify")
    assert widget.models.model.id == "digits"
    assert not widget.models.picked
    # The only one that a search has left is meant.
    widget.models.search.setText("gravel")
    assert widget.models.model.id == "textures"
    assert widget.models.picked
    widget.models.search.setText("")
    assert widget.models.model.id == "textures"
    assert widget.models.picked


def test_who_may_not_load_models_hears_nothing_of_it_and_classifies_all_the_same(
    viewer, qtbot, served, unloaded, finish, notices, caplog
):
    caplog.set_level(logging.INFO, "napari_zoobridge")
    _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Classify")
    widget.link.open(Address(served.address, token="a-readers"))
    qtbot.waitUntil(lambda: widget.link.state is State.CONNECTED, timeout=30_000)
    image, _ = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: widget.target.image.value is image)
    widget.models.choose("textures")
    qtbot.waitUntil(lambda: "textures@1.0.0 was not loaded beforehand" in caplog.text)
    assert "managing token" in caplog.text
    assert not unloaded()
    finish(widget)
    assert widget.records[0].label
    assert notices() == []
