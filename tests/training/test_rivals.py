"""Rivals: the simplest head wins unless another is significantly better and can be written."""

from dataclasses import replace

import numpy as np
import pytest

from training_examples import examples
from zoobridge.training import Recipe, fit_examples
from zoobridge.training.features import hand_features
from zoobridge.training.figures import cross_validate
from zoobridge.training.fit import RowSpace
from zoobridge.training.rivals import choose_head

ONCE = Recipe(repeats=1, folds=5)


def test_rivals_are_compared_and_the_simplest_is_kept_where_none_is_better():
    fitted = fit_examples(examples(groups=20), ONCE, rivals=True)
    assert [one.name for one in fitted.rivals] == ["linear_svm", "random_forest"]
    assert all(0 <= one.balanced_accuracy <= 1 and 0 <= one.p_value <= 1 for one in fitted.rivals)
    assert fitted.recipe.head == "logistic"


def test_a_better_head_is_taken_with_the_figure_of_a_choice_made_in_each_training_part():
    given = examples(groups=30, spread=0.1)
    space = RowSpace(given.features)
    simplest = cross_validate(given, ONCE, predict=lambda _, tested: np.zeros((len(tested), 3)))

    recipe, nested, rivals = choose_head(given, ONCE, space, simplest)
    assert rivals[0].p_value < 0.05
    assert recipe.head == "linear_svm"
    # Within a training part the default head is as good, so that the choice there is the simplest.
    default = cross_validate(given, ONCE, rows=space.rows)
    np.testing.assert_allclose(nested.logits, default.logits)


def test_better_features_that_no_package_can_hold_are_named_in_a_caution():
    given = examples(groups=30, dimensions=16, spread=3)
    told = np.eye(3, dtype=np.float32)[given.classes]
    fitted = fit_examples(replace(given, hand=told), ONCE, rivals=True)
    assert fitted.recipe.head == "logistic"
    (sentence,) = [one for one in fitted.cautions if "cannot hold it" in one]
    assert sentence.startswith("a random forest on features made by hand reached 1.000")


@pytest.mark.parametrize(
    ("dtype", "shape", "axes"),
    [(np.uint8, (40, 50), "YX"), (np.uint16, (3, 40, 50), "CYX"), (np.float32, (40, 50, 2), "YXC")],
)
def test_features_by_hand_are_of_one_length_and_finite(dtype, shape, axes):
    random = np.random.default_rng(0)
    found = hand_features((random.random(shape) * 200).astype(dtype), axes)
    assert np.isfinite(found).all()
    assert found.shape == hand_features(np.zeros((8, 8), np.uint8), "YX").shape


def test_features_by_hand_tell_textures_apart():
    stripes = np.tile(np.repeat([0, 255], 8), 8)[None].repeat(128, 0).astype(np.uint8)
    first, turned, noise = (
        hand_features(one, "YX")
        for one in (
            stripes,
            stripes.T.copy(),
            np.random.default_rng(0).integers(0, 255, (128, 128), np.uint8),
        )
    )
    assert np.abs(first - hand_features(np.roll(stripes, 16, 1), "YX")).max() < 0.02
    assert np.abs(first - turned).max() > 0.2
    assert np.abs(first - noise).max() > 0.2
