"""Figures: groups stay whole, suggested pictures are no test, the interval is the published one."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import balanced_accuracy_score

from training_examples import examples
from zoobridge.errors import InvalidRequestError
from zoobridge.protocol.v1 import training_pb2
from zoobridge.training import Recipe, fit_examples
from zoobridge.training.figures import (
    balanced_accuracy,
    corrected_interval,
    cross_validate,
    doubtful,
    duplicates,
    merged_groups,
    shuffled,
)
from zoobridge.training.fit import RowSpace, fit_linear, softmax
from zoobridge.training.service._figures import figures_message

RECIPE = Recipe(repeats=2, folds=3)


def recorded(given, recipe=RECIPE):
    """Cross-validate, and return which rows each fold was fitted on."""
    seen = []

    def predict(train, tested):
        seen.append(train)
        return np.zeros((len(tested), len(given.labels)))

    return cross_validate(given, recipe, predict=predict), seen


def test_no_group_is_divided_between_training_and_test():
    given = examples(groups=12, each=3)
    _, fitted_on = recorded(given)
    assert len(fitted_on) == 6
    for train in fitted_on:
        test = np.setdiff1d(np.arange(len(given)), train)
        assert not set(given.groups[train]) & set(given.groups[test])


def test_suggested_pictures_are_fitted_on_and_never_tested():
    given = examples(groups=12, each=2)
    suggested = np.zeros(24, bool)
    suggested[[1, 5, 9]] = True
    tested, fitted_on = recorded(replace(given, fair=~suggested))
    assert not set(tested.items) & {1, 5, 9}
    assert any(1 in train for train in fitted_on)
    for train in fitted_on:
        # One whose group is tested stays out of the training part.
        assert (1 in train) == (0 in train)


def test_every_fair_item_is_tested_once_in_each_repeat():
    given = examples(groups=15, spread=0.1)
    run = cross_validate(given, RECIPE)
    assert run.logits.shape == (2, 15, 3)
    assert (run.logits != 0).all()
    assert run.balanced_accuracy == 1
    np.testing.assert_array_equal(run.confusion, np.diag([5.0, 5, 5]))


def test_eight_views_of_an_item_are_tested_by_their_mean():
    given = examples(groups=15, views=8)
    eight = cross_validate(given, replace(RECIPE, views=8))
    expected = cross_validate(
        given,
        RECIPE,
        predict=lambda train, tested: _by_the_mean(given, train, tested),
    )
    np.testing.assert_allclose(eight.logits, expected.logits, atol=1e-3)
    assert np.abs(eight.logits - cross_validate(given, RECIPE).logits).max() > 0.1


def _by_the_mean(given, train, tested):
    rows = RowSpace(given.features).rows
    weight, bias = fit_linear(rows[train], given.classes[train], 3, RECIPE)
    return rows[tested].mean(axis=1) @ weight.T + bias


def test_balanced_accuracy_is_scikit_learns():
    random = np.random.default_rng(1)
    classes, answers = random.integers(0, 4, (2, 50))
    assert balanced_accuracy(classes, answers) == pytest.approx(
        balanced_accuracy_score(classes, answers)
    )


def test_the_interval_is_nadeau_and_bengios():
    scores = np.array([0.7, 0.8, 0.75, 0.9, 0.65, 0.8])
    low, high = corrected_interval(0.75, scores, 0.25)
    error = np.sqrt((1 / 6 + 0.25) * np.var(scores, ddof=1))
    expected = scipy.stats.t.interval(0.95, 5, 0.75, error)
    assert (low, high) == pytest.approx(expected)


def test_a_class_of_one_group_cannot_be_tested_and_says_so():
    given = examples(groups=6, each=2)
    groups = np.where(given.classes == 1, 1, given.groups)
    with pytest.raises(InvalidRequestError, match=r"^b has all its pictures in one group"):
        cross_validate(replace(given, groups=groups), RECIPE)


def test_a_class_of_suggested_pictures_alone_cannot_be_tested_and_says_so():
    given = examples(groups=12)
    with pytest.raises(InvalidRequestError, match=r"^c has only pictures that were suggested"):
        cross_validate(replace(given, fair=given.classes != 2), RECIPE)


def test_duplicates_are_found_joined_and_contradictions_marked():
    given = examples(groups=9, spread=0.5)
    features = given.features.copy()
    features[4] = features[0]
    features[3] = features[0]
    found = duplicates(replace(given, features=features))
    assert {(pair.first, pair.second): pair.contradicting for pair in found.pairs} == {
        (0, 3): False,
        (0, 4): True,
        (3, 4): True,
    }
    assert (found.total, found.contradicting) == (3, 2)
    joined = merged_groups(replace(given, features=features), found.alike)
    assert joined.groups[0] == joined.groups[3] == joined.groups[4]
    assert len(np.unique(joined.groups)) == 7


def test_a_picture_many_times_over_is_counted_and_a_thousand_pairs_are_kept():
    given = examples(groups=1200, views=1, spread=0)
    classes = given.classes.copy()
    # All are alike but for two others, which are alike and of different classes.
    features = np.repeat(given.features[:1], 1200, axis=0)
    features[[1, 1150]] = given.features[2]
    classes[:], classes[1150] = 0, 1
    found = duplicates(replace(given, features=features, classes=classes))
    assert found.total == 1198 * 1197 // 2 + 1
    assert len(found.pairs) == 1000
    (odd,) = [pair for pair in found.pairs if pair.contradicting]
    assert (odd.first, odd.second) == (1, 1150)
    joined = merged_groups(replace(given, features=features), found.alike)
    assert set(joined.groups.tolist()) == {0, 1}


def test_duplicates_are_those_that_a_comparison_of_all_pairs_finds():
    given = examples(groups=600, views=1, dimensions=4, spread=0.3)
    rows = given.features[:, 0]
    cosines = (rows @ rows.T)[np.triu_indices(600, 1)]
    # Between two neighbours, so that rounding decides nothing.
    least = float(np.sort(cosines)[-501:-499].mean())
    first, second = np.nonzero(np.triu(rows @ rows.T >= least, 1))
    found = duplicates(given, least=least)
    assert found.total == 500
    assert {(one.first, one.second) for one in found.pairs} == set(
        zip(first.tolist(), second.tolist(), strict=True)
    )
    similar = [one.similarity for one in found.pairs]
    assert similar == sorted(similar, reverse=True)
    for one in found.pairs:
        assert one.similarity == pytest.approx(float(rows[one.first] @ rows[one.second]), abs=1e-6)
        assert one.contradicting == (given.classes[one.first] != given.classes[one.second])
        assert found.alike[one.first] == found.alike[one.second]


def test_long_lists_are_cut_in_messages_and_it_is_said():
    given = examples(groups=1200, views=1, spread=0.1)
    # Most labels are wrong, and most pictures are alike.
    wrong = given.with_classes(np.random.default_rng(0).integers(0, 3, 1200))
    fitted = fit_examples(replace(wrong, features=given.features.round(1)), Recipe(repeats=1))
    items = [training_pb2.TrainingItem(name=name) for name in given.names]
    message = figures_message(fitted, items, [("x.png", "unreadable")] * 1001, 1.0)
    assert len(message.duplicates) == len(message.unused) == 1000
    assert "of 1,001 annotations that were not used the first 1,000 are listed" in message.cautions
    assert any("pairs that look alike the first 1,000" in one for one in message.cautions)
    assert len(message.mistakes) <= 1000


def test_a_wrong_label_is_doubtful_and_right_ones_are_not():
    given = examples(groups=30, spread=0.15)
    classes = given.classes.copy()
    classes[7] = (classes[7] + 1) % 3
    wrong = given.with_classes(classes)
    run = cross_validate(wrong, Recipe())
    (doubt, *rest) = doubtful(wrong, run, softmax(run.logits).mean(axis=0))
    assert (doubt.item, doubt.suggested) == (7, given.labels[given.classes[7]])
    assert not rest


def test_shuffled_classes_score_chance():
    given = examples(groups=45, views=1)
    scores = shuffled(given, Recipe(), space=RowSpace(given.features), times=5)
    assert scores.mean() == pytest.approx(1 / 3, abs=0.15)


def test_groups_that_are_too_small_flatter_and_whole_slides_do_not():
    random = np.random.default_rng(5)
    slides = np.repeat(np.arange(20), 6)
    centres = random.normal(size=(20, 32))
    rows = centres[slides] + random.normal(0, 0.2, (120, 32))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    given = replace(
        examples(groups=120, classes=2),
        classes=(slides % 2),
        groups=np.arange(120),
        features=rows[:, None].astype(np.float32),
    )
    assert not duplicates(given).total
    honest = fit_examples(replace(given, groups=slides), Recipe(repeats=1))
    leaking = fit_examples(given, Recipe(repeats=1))
    assert leaking.balanced_accuracy > 0.95
    assert honest.balanced_accuracy < 0.75
    # Dealt by picture, a class tells nothing of the other pictures of the slide: no test finds it.
    assert not honest.leaks


def test_few_groups_give_no_figure_of_their_own_but_a_sentence():
    given = examples(groups=12)
    few = given.classes.copy()
    few[[0, 3]] = 1
    fitted = fit_examples(given.with_classes(few), Recipe())
    first = fitted.classes[0]
    assert (first.label, first.groups, first.recall) == ("a", 2, None)
    assert "a has 2 groups of pictures; fewer than 5" in fitted.cautions[0]
    assert any("a class has 2 groups, so that" in sentence for sentence in fitted.cautions)


def test_a_fold_without_a_class_in_its_training_part_never_answers_it():
    rows = examples(groups=6, classes=3).features.astype(float)
    weight, bias = fit_linear(rows, np.array([0, 2, 0, 2, 0, 2]), 3, Recipe())
    assert ((rows[:, 0] @ weight.T + bias).argmax(axis=1) != 1).all()


def test_few_groups_of_several_classes_each_are_fitted_without_a_shuffled_figure():
    """Images that each show all classes: dealt to whole groups, every class would be in one."""
    mixed = examples(groups=3, each=6).with_classes(np.tile([0, 0, 1, 1, 2, 2], 3))
    assert len(shuffled(mixed, Recipe(), space=RowSpace(mixed.features))) == 0
