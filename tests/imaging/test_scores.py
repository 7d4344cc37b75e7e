"""Outputs of classifiers become one row of scores an item; other outputs are told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging import Operation, OutputSpec, best_classes, scores_of


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


_marks = st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0, np.inf, np.nan])


@given(
    scores=arrays(np.float32, st.tuples(st.integers(1, 2), st.integers(1, 9)), elements=_marks),
    copies=st.sampled_from([1, 4096]),
    count=st.integers(1, 9),
)
def test_the_best_classes_come_in_order_and_numbers_before_nan(
    scores: np.ndarray, copies: int, count: int
) -> None:
    # Of many scores only the best are sorted.
    many = np.tile(scores, (1, copies))
    expected = []
    for row in many.tolist():
        keys = [(True, 0.0) if math.isnan(score) else (False, -score) for score in row]
        expected.append(sorted(range(len(row)), key=keys.__getitem__)[:count])
    assert best_classes(many, count).tolist() == expected


def test_the_best_of_many_classes_are_found_without_sorting_all() -> None:
    scores = np.random.default_rng(0).permutation(20_000).reshape(10, 2000).astype(np.float32)
    scores[3, 7] = np.nan
    found = best_classes(scores, 5)
    np.testing.assert_array_equal(found, np.argsort(-scores, axis=1, kind="stable")[:, :5])
