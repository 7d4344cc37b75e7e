"""Outputs of classifiers become one row of scores an item; other outputs are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging import Operation, OutputSpec, scores_of


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("NC", (4, 3)),
        ("CN", (3, 4)),
        ("NCYX", (4, 3, 1, 1)),
        ("NYXC", (4, 1, 1, 3)),
        ("NI", (4, 3)),
    ],
)
def test_scores_are_one_row_an_item(axes: str, shape: tuple[int, ...]) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    output = rows.T if axes == "CN" else rows.reshape(shape)
    np.testing.assert_array_equal(scores_of(output, OutputSpec("out", axes, "float32")), rows)


def test_postprocessing_makes_probabilities() -> None:
    spec = OutputSpec("out", "NC", "float32", (Operation("softmax", {"axis": "channel"}),))
    scores = scores_of(np.array([[0, 0], [1, 3]], np.float32), spec)
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(scores[0], 0.5)


def test_an_arg_max_has_one_column() -> None:
    scores = scores_of(np.array([2, 0, 1]), OutputSpec("out", "N", "int64"))
    np.testing.assert_array_equal(scores, [[2], [0], [1]])
    assert scores_of(np.zeros((3, 1, 1)), OutputSpec("out", "NYX", "int64")).shape == (3, 1)


def test_an_output_without_a_batch_is_given_one() -> None:
    assert scores_of(np.zeros((1, 5)), OutputSpec("out", "C", "float32")).shape == (1, 5)


def test_an_output_that_is_a_picture_is_no_classifiers() -> None:
    with pytest.raises(
        BrokenPackageError, match=r"not a classifier.*'mask' extends over Y \(8\), X \(9\)"
    ):
        scores_of(np.zeros((1, 2, 8, 9)), OutputSpec("mask", "NCYX", "float32"))
    with pytest.raises(BrokenPackageError, match=r"has 3 axes \(1 × 2 × 3\).*describes NC"):
        scores_of(np.zeros((1, 2, 3)), OutputSpec("out", "NC", "float32"))
