"""Pictures without labels become examples where a method is sure of them, and only with enough labels."""

from dataclasses import replace

import numpy as np
import pytest

from training_examples import examples
from zoobridge.training import Recipe, fit_examples
from zoobridge.training.fit import RowSpace, fit_linear
from zoobridge.training.improve import METHODS, distill, improvement_of

ONCE = Recipe(repeats=1, folds=5)


def apart(count, *, spread, seed):
    """Labelled items, and the features and classes of others like them."""
    given = examples(groups=3 * count, spread=spread, seed=seed)
    others = examples(groups=60, spread=spread, seed=seed + 1)
    return given, others.features, others.classes


@pytest.mark.parametrize("method", METHODS)
def test_a_method_takes_what_it_is_sure_of_and_its_head_tells_the_others_apart(method):
    given, pool, classes = apart(10, spread=0.1, seed=0)
    space = RowSpace(np.concatenate([given.features, pool]))
    rows, others = space.rows[:30], space.rows[30:]
    weight, bias, taken = distill(rows, given.classes, others, 3, ONCE, 1.0, method)
    assert taken > 50
    np.testing.assert_array_equal((others[:, 0] @ weight.T + bias).argmax(axis=1), classes)


@pytest.mark.parametrize("method", ["data", "self"])
def test_without_a_sure_picture_the_head_is_that_of_the_labelled_ones(method):
    given, pool, _ = apart(10, spread=0.3, seed=2)
    rows = given.features.astype(float)
    weight, bias, taken = distill(rows, given.classes, pool.astype(float), 3, ONCE, 1000.0, method)
    expected, _ = fit_linear(rows, given.classes, 3, ONCE)
    assert taken == 0
    np.testing.assert_array_equal(weight, expected)
    assert bias.shape == (3,)


def test_the_change_is_measured_on_items_that_neither_model_was_fitted_on():
    given, pool, _ = apart(12, spread=0.35, seed=4)
    found, weight, bias = improvement_of(given, pool, ONCE, 1.0, "data")
    assert 0 <= found.before <= 1
    assert 0 <= found.after <= 1
    assert weight.shape == (3, 16)
    assert bias.shape == (3,)


def test_the_method_that_was_asked_for_is_named_and_can_be_taken_back():
    given, pool, _ = apart(12, spread=0.1, seed=6)
    plain = fit_examples(given, ONCE)
    fitted = fit_examples(given, ONCE, unlabelled=pool, improve="self")
    (sentence,) = fitted.improvement
    assert sentence.startswith("self-training: balanced accuracy")
    assert "Leave --unlabelled out to go back" in sentence
    again = fit_examples(replace(given), ONCE)
    assert again.head.weight.tobytes() == plain.head.weight.tobytes()


def test_pictures_of_another_source_are_named_and_not_used():
    given, pool, _ = apart(12, spread=0.1, seed=8)
    other = np.zeros_like(pool[:10])
    other[..., -1] = 1
    fitted = fit_examples(given, ONCE, unlabelled=np.concatenate([pool, other]))
    change, foreign = fitted.improvement
    assert "of 60 unlabelled pictures (McNemar" in change
    assert foreign.startswith("10 of 70 unlabelled pictures are unlike the training pictures")
    assert "Label five of each class" in foreign
