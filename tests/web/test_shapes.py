"""Drawn shapes as masks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from zoobridge.web._shapes import paint_away, polygon_mask

CORNER = st.tuples(st.floats(-5, 25), st.floats(-5, 25)).map(
    # Where an edge passes through a centre either answer is right.
    lambda corner: (round(corner[0], 2) + 0.0031, round(corner[1], 2) + 0.0017)
)


def test_a_box_is_its_pixels():
    mask = polygon_mask([(2, 1), (5, 1), (5, 4), (2, 4)], 8, 6)
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:5] = True
    assert (mask == expected).all()


@given(st.lists(CORNER, min_size=3, max_size=3))
def test_a_triangle_is_scikit_images(corners):
    mask = polygon_mask(corners, 20, 16)
    rows, columns = np.mgrid[:16, :20] + 0.5
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    expected = points_in_poly(points, corners).reshape(16, 20)
    assert (mask != expected).sum() <= 1


def test_a_hole_where_a_line_crosses_itself_is_outside():
    star = [(10, 0), (16, 19), (0, 7), (20, 7), (4, 19)]
    mask = polygon_mask(star, 20, 20)
    assert not mask[10, 10]
    assert mask[3, 10]


def test_strokes_are_discs_cut_at_the_edge():
    mask = np.ones((10, 10), bool)
    paint_away(mask, [(0, 0, 3), (5, 5, 0.6), (100, 100, 5)])
    rows, columns = np.mgrid[:10, :10] + 0.5
    away = np.hypot(rows, columns) <= 3
    away |= np.hypot(rows - 5, columns - 5) <= 0.6
    assert (mask == ~away).all()
