"""Fits: exact in the row space, seeded, and refused where they would mean nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training_examples import examples
from zoobridge.errors import InvalidRequestError
from zoobridge.training import Recipe
from zoobridge.training.fit import Head, RowSpace, check_classes, fit_head, fit_linear, softmax


def test_a_fit_in_the_row_space_is_the_fit_in_the_features_own_space():
    given = examples(groups=9, dimensions=200, views=2)
    head = fit_head(given, Recipe())
    flat = given.features.reshape(-1, 200).astype(np.float64)
    direct = LogisticRegression(C=100, class_weight="balanced", max_iter=5000, tol=1e-8)
    direct.fit(flat, np.repeat(given.classes, 2))
    expected = direct.predict_proba(flat)
    found = softmax(head.logits(flat.astype(np.float32)))
    np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("dimensions", [20, 200])
def test_a_logistic_regression_is_scikit_learns_where_classes_are_unequal(classes, dimensions):
    given = examples(groups=30, classes=classes, dimensions=dimensions, views=2)
    kept = np.flatnonzero((given.classes > 0) | (np.arange(30) < 12))
    given = given.part(kept)
    rows, repeated = given.features.reshape(-1, dimensions), np.repeat(given.classes, 2)
    reference = LogisticRegression(C=100, class_weight="balanced", max_iter=20_000, tol=1e-9)
    expected = reference.fit(rows.astype(np.float64), repeated).decision_function(rows)
    weight, bias = fit_linear(given.features.astype(np.float64), given.classes, classes, Recipe())
    found = rows @ weight.T + bias
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-3)
    found = found[:, 1] - found[:, 0] if classes == 2 else found
    # Both end near the minimum; as much as a hundredth of the largest logit from it.
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())


def test_the_row_space_keeps_every_product_of_two_rows():
    given = examples(groups=6, dimensions=50)
    space = RowSpace(given.features)
    assert space.rows.shape[2] <= 12
    flat = given.features.reshape(12, -1)
    turned = space.rows.reshape(12, -1)
    np.testing.assert_allclose(turned @ turned.T, flat @ flat.T, atol=1e-6)


@pytest.mark.parametrize("head", ["logistic", "linear_svm"])
@pytest.mark.parametrize("classes", [2, 3])
def test_each_head_tells_classes_apart_that_lie_apart(head, classes):
    given = examples(groups=24, classes=classes, spread=0.1)
    fitted = fit_head(given, Recipe(head=head))
    answers = fitted.logits(given.features[:, 0]).argmax(axis=1)
    np.testing.assert_array_equal(answers, given.classes)


def test_the_same_examples_and_seed_give_the_same_bytes():
    one, other = (fit_head(examples(), Recipe(seed=3)) for _ in range(2))
    assert one.weight.tobytes() == other.weight.tobytes()
    assert one.bias.tobytes() == other.bias.tobytes()


def test_a_temperature_divides_logits():
    head = Head(("a", "b"), np.array([[1, 2], [3, 4]], np.float32), np.array([1, 0], np.float32))
    rows = np.ones((1, 2), np.float32)
    np.testing.assert_allclose(head.divided(2).logits(rows), head.logits(rows) / 2)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "there are none"),
        (["a"] * 5, "at least two classes; all are a"),
        (["a", "a", "b"], r"^b: a class needs at least 2 pictures"),
    ],
)
def test_classes_that_cannot_be_trained_are_named(labels, words):
    with pytest.raises(InvalidRequestError, match=words):
        check_classes(labels)
