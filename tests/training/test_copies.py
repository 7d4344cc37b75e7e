"""Flips and turns of training pictures are fitted on unless pictures have an up."""

from dataclasses import replace

import numpy as np
import pytest

from training_examples import examples
from zoobridge.training import Recipe, fit_examples
from zoobridge.training.package._card import model_card

ONCE = Recipe(repeats=1, folds=5)


def with_an_up():
    """Turned by a quarter, a picture looks like one of the next class."""
    given = examples(groups=30, views=8, spread=0.2)
    features = given.features.copy()
    for view in (1, 3, 5, 7):
        features[:, view] = np.roll(features[:, view], 1, axis=1)
    return replace(given, features=features)


def test_all_copies_are_taken_of_pictures_without_an_up():
    fitted = fit_examples(examples(groups=30, views=8, spread=0.2), ONCE)
    assert fitted.recipe.copies == "eight"
    assert fitted.examples.features.shape[1] == 8
    assert fitted.improvement == ()


def test_turned_copies_are_left_out_where_they_mislead_and_it_is_said():
    fitted = fit_examples(with_an_up(), ONCE)
    assert fitted.recipe.copies in ("mirror", "one")
    assert fitted.balanced_accuracy > 0.9
    (sentence,) = fitted.improvement
    assert sentence.startswith("the pictures have an up: with all their flips and turns")


def test_the_copies_that_a_recipe_names_are_taken():
    fitted = fit_examples(with_an_up(), replace(ONCE, copies="eight"))
    assert fitted.recipe.copies == "eight"
    assert fit_examples(with_an_up(), replace(ONCE, views=8)).recipe.copies == "eight"


@pytest.mark.parametrize("asked", ["auto", "eight"])
def test_pictures_of_which_there_is_one_view_are_fitted_as_they_are_and_the_card_says_so(asked):
    """Of more than 2,000 pictures, there is no more."""
    fitted = fit_examples(examples(groups=30, views=1, spread=0.2), replace(ONCE, copies=asked))
    assert fitted.recipe.copies == "one"
    assert "- Fitted on the unchanged pictures\n" in model_card("Cells", fitted, reference=True)


def test_progress_covers_all_that_is_tried_and_ends_the_work():
    steps = []
    fit_examples(with_an_up(), ONCE, on_step=lambda *step: steps.append(step))
    copies = [(done, total) for stage, done, total in steps if stage == "cross-validation"]
    assert copies == [(done, 15) for done in range(1, 16)]

    def stop(_, done, __):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_examples(with_an_up(), ONCE, on_step=stop)
