"""Which layers are offered as channels, and what becomes of the choice."""

import numpy as np
import pytest

from napari_zoobridge.targets import EmptyTargetError
from napari_zoobridge.widgets._target_choice import Target, TargetChoice
from zoobridge.client import Model, ModelInput

TWO = Model(id="stains", version="1", input=ModelInput("CYX", channel_names=("DAPI", "GFP")))
ONE = Model(id="grey", version="1", input=ModelInput("CYX", channel_names=("grey",)))


@pytest.fixture
def target(viewer, qtbot):
    choice = TargetChoice(viewer)
    qtbot.addWidget(choice)
    return choice


def test_a_layer_for_each_channel_is_asked_for_where_there_are_several(viewer, target, qtbot):
    target.suit(TWO)
    assert target.channels.isHidden()
    first = viewer.add_image(np.zeros((3, 8, 8)), name="first")
    qtbot.waitUntil(lambda: target.image.value is first)
    assert target.channels.isHidden()
    second = viewer.add_image(np.zeros((3, 8, 8)), name="second")
    qtbot.waitUntil(lambda: not target.channels.isHidden())
    assert target.source().length("C") == 1

    target.channels.separate.value = True
    assert [combo.value for combo in target.channels.combos] == [first, second]
    assert target.image.native.isHidden()
    assert (target.source().name, target.source().axes) == ("first + second", "ZYXC")
    assert target.verdict.text() == ""
    target.target.value = Target.PLANES
    assert len(target.plan().items(lambda: None)) == 3

    # A layer that is gone is not replaced by another behind the user's back.
    viewer.add_image(np.zeros((3, 8, 8)), name="third")
    viewer.layers.remove(second)
    qtbot.waitUntil(lambda: target.channels.combos[1].value is None)
    assert target.channels.combos[0].value is first
    with pytest.raises(EmptyTargetError, match="channel GFP has no layer"):
        target.plan()
    assert target.verdict.text() == "✗ channel GFP has no layer; choose one at “Channels”"

    # A model of one channel takes the image again.
    target.suit(ONE)
    assert target.channels.isHidden()
    assert not target.image.native.isHidden()
    assert target.source().name == "first"


def test_objects_are_asked_for_by_plane_only_where_there_are_planes(viewer, target, qtbot):
    layer = viewer.add_image(np.zeros((3, 8, 8)))
    viewer.add_labels(np.ones((3, 8, 8), int))
    qtbot.waitUntil(lambda: target.image.value is layer)
    target.target.value = Target.LABELS
    assert target.objects.native.isHidden()
    assert len(target.plan().items(lambda: None)) == 1
    target.stack.tick(on=True)
    assert not target.objects.native.isHidden()
    assert len(target.plan().items(lambda: None)) == 1
    target.objects.value = "each"
    assert len(target.plan().items(lambda: None)) == 3
