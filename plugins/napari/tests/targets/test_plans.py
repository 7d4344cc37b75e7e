"""Planes, tiles and points become items."""

import numpy as np
import pytest

from napari_zoobridge.layers import PixelBox
from napari_zoobridge.targets import (
    EmptyTargetError,
    ItemKind,
    place_of,
    plan_grid,
    plan_planes,
    plan_points,
)


def test_the_displayed_plane_is_one_item(viewer, stack, items_of):
    plan = plan_planes(place_of(stack, "TZYX", viewer.dims.point))
    (item,) = items_of(plan)
    assert item.kind is ItemKind.PLANE
    assert item.plane == {"T": 1, "Z": 3}
    assert item.box is None
    assert item.region == ""


def test_all_planes_along_an_axis_keep_the_others_where_they_are(viewer, stack, items_of):
    plan = plan_planes(place_of(stack, "TZYX", viewer.dims.point), "Z")
    assert [item.plane for item in items_of(plan)] == [{"T": 1, "Z": z} for z in range(5)]


def test_a_channel_axis_is_no_stack(viewer, items_of):
    layer = viewer.add_image(np.zeros((4, 30, 40)))
    plan = plan_planes(place_of(layer, "CYX", viewer.dims.point))
    assert items_of(plan)[0].plane == {}
    assert plan.place.source.read({}).shape == (4, 30, 40)


def test_tiles_cover_everything_and_stay_inside(viewer, items_of):
    layer = viewer.add_image(np.zeros((50, 70)))
    plan = plan_grid(place_of(layer, "YX", viewer.dims.point), 32, 32)
    boxes = [item.box for item in items_of(plan)]
    assert len(boxes) == 2 * 3
    seen = np.zeros((50, 70), bool)
    for box in boxes:
        assert box.x >= 0
        assert box.y >= 0
        seen[box.y : box.y + box.height, box.x : box.x + box.width] = True
        assert (box.width, box.height) == (32, 32)
    assert seen.all()
    assert items_of(plan)[-1].region == "38,18,32,32"


def test_a_tile_larger_than_the_plane_is_the_plane(viewer, items_of):
    layer = viewer.add_image(np.zeros((20, 70)))
    plan = plan_grid(place_of(layer, "YX", viewer.dims.point), 32, 32)
    assert {(item.box.y, item.box.height) for item in items_of(plan)} == {(0, 20)}


def test_points_get_windows_around_them(viewer, stack, items_of):
    points = viewer.add_points(
        [[0, 2, 30, 40], [1, 4, 0, 0]], scale=stack.scale, translate=stack.translate
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    first, second = items_of(plan_points(place, points, 10, selected=False))
    assert first.box == PixelBox(35, 25, 10, 10)
    assert first.plane == {"T": 0, "Z": 2}
    # It leaves the image, and the server says what it did about it.
    assert second.box == PixelBox(-5, -5, 10, 10)
    assert not second.problem


def test_an_empty_points_layer_says_what_to_do(viewer, stack):
    place = place_of(stack, "TZYX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="add some first"):
        plan_points(place, viewer.add_points(), 10, selected=False)
    points = viewer.add_points([[0, 0, 0, 0]])
    points.selected_data = set()
    with pytest.raises(EmptyTargetError, match="no point is selected"):
        plan_points(place, points, 10, selected=True)
