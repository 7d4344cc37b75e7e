"""Choosing among the pictures of a file, in a viewer with napari's own reader."""

import numpy as np
import pytest
import tifffile

from napari_zoobridge.widgets._target_choice import TargetChoice

FULL = np.random.default_rng(3).integers(0, 255, (32, 32), np.uint8)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def target(viewer, qtbot):
    choice = TargetChoice(viewer)
    qtbot.addWidget(choice)
    return choice


@pytest.fixture
def thumbnail_first(tmp_path):
    path = tmp_path / "scan.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(FULL[::4, ::4], photometric="minisblack", subfiletype=1)
        file.write(FULL, photometric="minisblack")
    return path


def test_the_user_sees_which_picture_is_open_and_opens_another(
    viewer, target, qtbot, thumbnail_first
):
    (thumbnail,) = viewer.open(str(thumbnail_first), plugin="napari")
    assert thumbnail.data.shape == (8, 8)
    qtbot.waitUntil(lambda: target.picture.several)
    assert not target.picture.isHidden()
    assert target.picture.notice.text() == (
        "The file holds 2 pictures; this layer is picture 0 (8 × 8, reduced). "
        "Choose another to open it."
    )
    assert target.picture.combo.value == 0

    target.picture.combo.value = 1
    qtbot.waitUntil(lambda: target.image.value is not thumbnail)
    full = target.image.value
    np.testing.assert_array_equal(full.data, FULL)
    assert full.name == "scan [1]"
    assert "this layer is picture 1 (32 × 32)" in target.picture.notice.text()
    np.testing.assert_array_equal(target.source().read({}), FULL)

    # A layer that is there already is chosen, not opened again.
    target.picture.combo.value = 0
    assert target.image.value is thumbnail
    assert len(viewer.layers) == 2


def test_a_picture_that_cannot_be_read_leaves_the_choice_as_it_was(
    viewer, target, qtbot, thumbnail_first, notices
):
    (layer,) = viewer.open(str(thumbnail_first), plugin="napari")
    qtbot.waitUntil(lambda: target.picture.several)
    thumbnail_first.write_bytes(b"something else")
    target.picture.combo.value = 1
    qtbot.waitUntil(lambda: any("Picture 1 of scan.tif cannot be read" in one for one in notices()))
    assert target.picture.combo.value == 0
    assert target.image.value is layer


def test_an_image_without_a_file_offers_no_choice(viewer, target, qtbot):
    layer = viewer.add_image(FULL)
    qtbot.waitUntil(lambda: target.image.value is layer)
    assert target.picture.isHidden()
