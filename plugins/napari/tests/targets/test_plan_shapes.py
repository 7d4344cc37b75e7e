"""Shapes become items: their boxes, masks and planes."""

import numpy as np
import pytest

from napari_zoobridge.layers import PixelBox
from napari_zoobridge.targets import EmptyTargetError, place_of, plan_shapes


def rectangle(y0, x0, y1, x1, *leading):
    return np.array([[*leading, y, x] for y, x in ((y0, x0), (y0, x1), (y1, x1), (y1, x0))])


def test_shapes_of_every_kind_become_boxes_and_masks(viewer, items_of):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes()
    shapes.add_rectangles(rectangle(10, 20, 30, 50))
    shapes.add_ellipses(rectangle(40, 20, 60, 60))
    shapes.add_polygons(np.array([[70, 10], [70, 30], [90, 10]]))
    shapes.add_lines(np.array([[5, 60], [5, 90]]), edge_width=4)
    shapes.add_paths(np.array([[20, 70], [40, 70], [40, 90]]), edge_width=2)
    place = place_of(image, "YX", viewer.dims.point)
    box, ellipse, triangle, line, path = items_of(
        plan_shapes(place, shapes, selected=False, masked=True)
    )
    assert box.box == PixelBox(20, 10, 30, 20)
    assert box.mask is None
    assert ellipse.box == PixelBox(20, 40, 40, 20)
    assert ellipse.mask.mean() == pytest.approx(np.pi / 4, abs=0.03)
    assert triangle.mask.mean() == pytest.approx(0.5, abs=0.04)
    assert line.box.height == 4
    assert path.mask[1, 1]
    assert not path.mask[0, -1]
    assert [item.region for item in (box, path)] == ["shape 0", "shape 4"]


def test_without_masks_the_box_is_all(viewer, items_of):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes(rectangle(40, 20, 60, 60), shape_type="ellipse")
    place = place_of(image, "YX", viewer.dims.point)
    assert items_of(plan_shapes(place, shapes, selected=False, masked=False))[0].mask is None


def test_shapes_of_another_scale_are_mapped_to_the_image(viewer, items_of):
    image = viewer.add_image(np.zeros((100, 100)), scale=(0.5, 0.5), translate=(10, 0))
    shapes = viewer.add_shapes(rectangle(1, 2, 2, 4), scale=(10, 5), shape_type="rectangle")
    place = place_of(image, "YX", viewer.dims.point)
    (item,) = items_of(plan_shapes(place, shapes, selected=False, masked=True))
    # World rows 10 … 20 are image rows 0 … 20, world columns 10 … 20 image columns 20 … 40.
    assert item.box == PixelBox(20, 0, 20, 20)


def test_a_shape_lies_in_the_plane_it_was_drawn_in(viewer, stack, items_of):
    shapes = viewer.add_shapes(
        [rectangle(0, 0, 10, 10, 0, 2), rectangle(0, 0, 10, 10, 1, 4)],
        ndim=4,
        scale=stack.scale,
        translate=stack.translate,
        shape_type="rectangle",
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    items = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert [item.plane for item in items] == [{"T": 0, "Z": 2}, {"T": 1, "Z": 4}]


def test_a_flat_shape_over_a_stack_lies_in_the_displayed_plane(viewer, stack, items_of):
    shapes = viewer.add_shapes(rectangle(10, 10, 20, 20), shape_type="rectangle")
    place = place_of(stack, "TZYX", viewer.dims.point)
    (item,) = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert item.plane == {"T": 1, "Z": 3}
    assert item.box == PixelBox(20, 10, 20, 20)


def test_a_shape_beyond_the_image_says_so_itself(viewer, stack, items_of):
    shapes = viewer.add_shapes(
        [rectangle(0, 0, 10, 10, 0, 7), rectangle(500, 0, 510, 10, 0, 1)],
        scale=stack.scale,
        translate=stack.translate,
        shape_type="rectangle",
    )
    place = place_of(stack, "TZYX", viewer.dims.point)
    deep, far = items_of(plan_shapes(place, shapes, selected=False, masked=False))
    assert deep.problem == "shape 0 lies at Z = 7; the image has Z = 0 … 4"
    assert far.problem == "shape 1 lies outside the image, which has 80 × 60 pixels"


def test_only_selected_shapes_when_asked(viewer, items_of):
    image = viewer.add_image(np.zeros((100, 100)))
    shapes = viewer.add_shapes([rectangle(0, 0, 9, 9), rectangle(20, 0, 30, 9)])
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="no shape is selected"):
        plan_shapes(place, shapes, selected=True, masked=True)
    shapes.selected_data = {1}
    (item,) = items_of(plan_shapes(place, shapes, selected=True, masked=True))
    assert item.index == 1


def test_an_empty_shapes_layer_says_what_to_do(viewer):
    image = viewer.add_image(np.zeros((100, 100)))
    place = place_of(image, "YX", viewer.dims.point)
    with pytest.raises(EmptyTargetError, match="add some first"):
        plan_shapes(place, viewer.add_shapes(), selected=False, masked=True)
