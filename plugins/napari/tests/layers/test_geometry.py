import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from napari.layers import Image, Points, Shapes
from skimage.draw import polygon2mask

from napari_zoobridge.layers import (
    PixelBox,
    box_of_outline,
    ellipse_outline,
    map_between,
    polygon_mask,
    stroke_mask,
)


def test_a_rectangle_from_10_to_20_covers_ten_pixels():
    assert box_of_outline(np.array([[10, 30], [20, 30], [20, 42], [10, 42]])) == PixelBox(
        30, 10, 12, 10
    )


def test_a_rectangle_around_pixel_edges_covers_the_same_pixels():
    outline = np.array([[9.5, 29.5], [19.5, 29.5], [19.5, 41.5], [9.5, 41.5]])
    assert box_of_outline(outline) == PixelBox(30, 10, 12, 10)


def test_an_outline_between_centres_takes_the_pixel_it_lies_in():
    assert box_of_outline(np.array([[4.2, 7.3], [4.3, 7.4]])) == PixelBox(7, 4, 1, 1)


def test_boxes_that_only_touch_do_not_overlap():
    box = PixelBox(0, 0, 10, 10)
    assert not box.overlaps(PixelBox(10, 0, 5, 5))
    assert box.overlaps(PixelBox(9, 9, 5, 5))
    assert box.grown(1).overlaps(PixelBox(10, 0, 5, 5))


# Coordinates between pixel centres, where "inside" does not depend on who owns the edge.
_off_centre = st.integers(0, 38).map(lambda value: value + 0.37)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_off_centre, _off_centre), min_size=3, max_size=9))
def test_polygon_masks_equal_scikit_image(vertices):
    outline = np.array(vertices)
    # scikit-image counts pixels on a horizontal edge in; an own shift per row keeps off it.
    outline[:, 0] += np.linspace(0, 0.2, len(outline))
    box = PixelBox(0, 0, 40, 40)
    expected = polygon2mask((40, 40), outline)
    difference = polygon_mask(outline, box) ^ expected
    assert difference.sum() == 0


def test_a_polygon_mask_is_looked_at_within_its_box():
    outline = np.array([[2.5, 2.5], [2.5, 8.5], [8.5, 8.5], [8.5, 2.5]])
    whole = polygon_mask(outline, PixelBox(0, 0, 12, 12))
    part = polygon_mask(outline, PixelBox(4, 1, 6, 5))
    np.testing.assert_array_equal(part, whole[1:6, 4:10])


def test_an_ellipse_covers_pi_r_squared():
    outline = ellipse_outline(np.array([[10, 10], [10, 210], [110, 210], [110, 10]]))
    mask = polygon_mask(outline, box_of_outline(outline))
    assert mask.sum() == pytest.approx(np.pi * 100 * 50, rel=0.01)


def test_a_stroke_covers_its_width():
    mask = stroke_mask(np.array([[10, 5], [10, 25]]), 4, PixelBox(0, 0, 31, 21))
    assert mask[8:13, 15].all()
    assert not mask[7, 15]
    assert not mask[10, 1]


def test_a_stroke_of_no_length_covers_its_point():
    assert stroke_mask(np.array([[3, 3], [3, 3]]), 1, PixelBox(0, 0, 7, 7))[3, 3]


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(float, (2, 2), elements=st.floats(0.5, 4)),
    hnp.arrays(float, (2, 2), elements=st.floats(-50, 50)),
    st.floats(-90, 90),
)
def test_maps_follow_the_layers_through_the_world(scales, shifts, angle):
    source = Points(np.zeros((1, 2)), scale=scales[0], translate=shifts[0], rotate=angle)
    target = Image(np.zeros((8, 8)), scale=scales[1], translate=shifts[1])
    mapping = map_between(source, target)
    points = np.array([[0.0, 0.0], [3.5, 1.25], [-7.0, 20.0]])
    expected = [target.world_to_data(source.data_to_world(point)) for point in points]
    np.testing.assert_allclose(mapping(points), expected, atol=1e-6)


def test_layers_of_fewer_axes_leave_the_leading_ones_free():
    mapping = map_between(Shapes(ndim=2), Image(np.zeros((5, 8, 8)), translate=(3, 0, 0)))
    assert mapping.free == 1
    assert mapping.matrix.shape == (3, 2)


def test_a_shift_by_whole_pixels_is_recognised():
    image = Image(np.zeros((8, 8)), scale=(2, 2))
    assert map_between(Points(ndim=2, scale=(2, 2), translate=(4, 2)), image).is_shift
    assert not map_between(Points(ndim=2, scale=(2, 2), translate=(3, 2)), image).is_shift
    assert not map_between(Points(ndim=2, scale=(1, 1)), image).is_shift
