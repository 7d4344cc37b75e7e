"""Labelled objects become items; scikit-image is the oracle."""

import dask.array
import numpy as np
import pytest
from skimage.measure import regionprops

from napari_zoobridge.layers import PixelBox
from napari_zoobridge.targets import EmptyTargetError, place_of, plan_labels


def blobs(shape, seed=3):
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    for label in range(1, 9):
        y, x = random.integers(0, shape[-2] - 12), random.integers(0, shape[-1] - 12)
        labels[..., y : y + 4 + label, x : x + 12 - label] = label
    return labels


def test_labelled_objects_have_their_boxes_and_masks(viewer, items_of):
    image = viewer.add_image(np.zeros((80, 90)))
    labels = viewer.add_labels(blobs((80, 90)))
    place = place_of(image, "YX", viewer.dims.point)
    items = items_of(plan_labels(place, labels, selected=False, masked=True))
    expected = regionprops(labels.data)
    assert [item.index for item in items] == [one.label for one in expected]
    for item, one in zip(items, expected, strict=True):
        y0, x0, y1, x1 = one.bbox
        assert item.box == PixelBox(x0, y0, x1 - x0, y1 - y0)
        mask = np.ones_like(one.image) if item.mask is None else item.mask
        np.testing.assert_array_equal(mask, one.image)


def test_padding_grows_the_box_but_not_the_mask(viewer, items_of):
    image = viewer.add_image(np.zeros((80, 90)))
    labels = viewer.add_labels(blobs((80, 90)))
    place = place_of(image, "YX", viewer.dims.point)
    plain = items_of(plan_labels(place, labels, selected=False, masked=False))
    padded = items_of(plan_labels(place, labels, selected=False, masked=True, padding=5))
    for one, other in zip(plain, padded, strict=True):
        assert other.box == one.box.grown(5)
        assert other.mask.sum() == (labels.data == other.index).sum()


def test_labels_of_half_the_resolution_are_brought_to_the_image(viewer, items_of):
    image = viewer.add_image(np.zeros((80, 90)), scale=(0.5, 0.5), translate=(0.25, 0.25))
    coarse = blobs((40, 45))
    labels = viewer.add_labels(coarse, translate=(0.5, 0.5))
    fine = np.kron(coarse, np.ones((2, 2), int))
    place = place_of(image, "YX", viewer.dims.point)
    items = items_of(plan_labels(place, labels, selected=False, masked=True))
    for item, one in zip(items, regionprops(fine), strict=True):
        y0, x0, y1, x1 = one.bbox
        assert item.box == PixelBox(x0, y0, x1 - x0, y1 - y0)
        mask = np.ones_like(one.image) if item.mask is None else item.mask
        np.testing.assert_array_equal(mask, one.image)


def test_an_object_of_a_volume_is_seen_where_it_is_largest(viewer, items_of):
    volume = np.zeros((6, 50, 50), int)
    volume[1, 10:14, 10:14] = 7
    volume[2, 8:18, 8:18] = 7
    volume[4, 30:40, 30:40] = 9
    image = viewer.add_image(np.zeros((6, 50, 50)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "ZYX", viewer.dims.point)
    seven, nine = items_of(plan_labels(place, labels, selected=False, masked=True, along="Z"))
    assert (seven.index, seven.plane, seven.box) == (7, {"Z": 2}, PixelBox(8, 8, 10, 10))
    assert (nine.index, nine.plane) == (9, {"Z": 4})


def test_an_object_of_a_volume_is_seen_in_each_of_its_planes_if_wanted(viewer, items_of):
    volume = np.zeros((6, 50, 50), int)
    volume[4, 30:40, 30:40] = 2
    volume[1, 10:14, 10:14] = 7
    volume[2, 8:18, 8:18] = 7
    image = viewer.add_image(np.zeros((6, 50, 50)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "ZYX", viewer.dims.point)
    found = items_of(
        plan_labels(place, labels, selected=False, masked=True, along="Z", every_plane=True)
    )
    assert [(item.index, item.plane["Z"]) for item in found] == [(2, 4), (7, 1), (7, 2)]
    assert [item.order for item in found] == sorted(item.order for item in found)
    assert found[1].box == PixelBox(10, 10, 4, 4)


def test_without_axes_only_the_displayed_label_plane_is_read(viewer, items_of):
    read = []

    def block(block_id):
        read.append(block_id[0])
        plane = np.zeros((1, 40, 40), np.int32)
        plane[0, 5:9, 5:9] = block_id[0]
        return plane

    volume = dask.array.map_blocks(
        block, chunks=((1,) * 20, 40, 40), dtype=np.int32, meta=np.zeros((0, 0, 0), np.int32)
    )
    image = viewer.add_image(np.zeros((20, 40, 40)))
    labels = viewer.add_labels(volume)
    viewer.dims.set_point(0, 4)
    place = place_of(image, "ZYX", viewer.dims.point)
    plan = plan_labels(place, labels, selected=False, masked=False)
    read.clear()
    (item,) = items_of(plan)
    assert (item.index, item.plane) == (4, {"Z": 4})
    assert read == [4]


def test_a_long_search_for_objects_can_be_stopped(viewer):
    image = viewer.add_image(np.zeros((20, 40, 40)))
    labels = viewer.add_labels(np.ones((20, 40, 40), int))
    plan = plan_labels(
        place_of(image, "ZYX", viewer.dims.point), labels, selected=False, masked=False, along="Z"
    )
    planes = []

    class EnoughError(Exception):
        pass

    def keep_on():
        planes.append(1)
        if len(planes) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        plan.items(keep_on)
    assert len(planes) == 3


def test_labels_without_objects_say_so(viewer, items_of):
    image = viewer.add_image(np.zeros((20, 20)))
    labels = viewer.add_labels(np.zeros((20, 20), int))
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="has no objects"):
        items_of(plan_labels(place, labels, selected=False, masked=False))
    labels.selected_label = 5
    with pytest.raises(EmptyTargetError, match="label 5 has no pixels"):
        items_of(plan_labels(place, labels, selected=True, masked=False))


def test_labels_of_a_turned_view_follow_the_axes(viewer, items_of):
    volume = np.zeros((30, 6, 40), int)
    volume[10:15, 2, 20:26] = 3
    image = viewer.add_image(np.zeros((30, 6, 40)))
    labels = viewer.add_labels(volume)
    place = place_of(image, "XZY", viewer.dims.point)
    (item,) = items_of(plan_labels(place, labels, selected=False, masked=True, along="Z"))
    assert item.plane == {"Z": 2}
    assert item.box == PixelBox(10, 20, 5, 6)
