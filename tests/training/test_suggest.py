"""Suggestions: unsure ones, far from what is known and from each other."""

import numpy as np

from zoobridge.training.suggest import farthest_first, margin_then_farthest


def circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_farthest_from_what_is_known_comes_first():
    assert farthest_first(circle(0, 10, 90, 170), circle(0), 2) == [3, 2]


def test_without_anything_known_the_most_typical_comes_first():
    assert farthest_first(circle(0, 70, 80, 90, 150), circle(), 3) == [2, 0, 4]


def test_of_unsure_ones_the_far_are_chosen_and_sure_ones_are_not():
    embeddings = circle(*range(0, 60, 2))
    probabilities = np.full((30, 2), (0.95, 0.05))
    unsure = [3, 4, 5, 20, *range(21, 27)]
    probabilities[unsure] = (0.55, 0.45)
    chosen = margin_then_farthest(embeddings, probabilities, circle(0), 1)
    assert chosen == [26]


def test_no_more_are_suggested_than_there_are():
    assert len(farthest_first(circle(0, 90), circle(5), 10)) == 2
    assert farthest_first(circle(), circle(5), 10) == []
