"""Calibration, prediction sets and novelty do what their definitions promise."""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.metrics.pairwise import cosine_distances

from zoobridge.training.fit import softmax
from zoobridge.training.trust import (
    conformal_threshold,
    expected_calibration_error,
    fit_temperature,
    leave_one_out,
    novelty,
    novelty_threshold,
)


def drawn(count, *, sharpness=1.0, seed=0):
    """Logits, and classes drawn with the probabilities that they state."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, 4))
    chances = softmax(logits)
    classes = (chances.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return logits * sharpness, classes.clip(0, 3)


@pytest.mark.parametrize("sharpness", [0.25, 1.0, 4.0])
def test_the_temperature_undoes_a_sharpening(sharpness):
    logits, classes = drawn(4000, sharpness=sharpness)
    assert fit_temperature(logits[None], classes) == pytest.approx(sharpness, rel=0.1)


def test_a_few_items_do_not_move_the_temperature_far_and_many_do():
    few, many = (
        fit_temperature(logits[None], classes)
        for logits, classes in (drawn(count, sharpness=4) for count in (12, 4000))
    )
    assert 1 < few < 2.5
    assert many == pytest.approx(4, rel=0.1)


def test_repeats_of_the_same_items_are_no_more_items():
    logits, classes = drawn(30, sharpness=3)
    once, often = (fit_temperature(np.stack([logits] * times), classes) for times in (1, 5))
    assert once == pytest.approx(often)


def test_classes_that_lie_apart_in_a_few_items_do_not_make_probabilities_certain():
    classes = np.arange(18) % 3
    logits = 5 * np.eye(3)[classes]
    probabilities = softmax(logits / fit_temperature(logits[None], classes))
    assert 0.9 < probabilities.max() < 0.999


def test_no_other_temperature_is_likelier():
    logits, classes = drawn(4000, sharpness=3)
    best = fit_temperature(logits[None], classes)
    losses = [log_loss(classes, softmax(logits / (best * one))) for one in (0.8, 1, 1.25)]
    assert losses[1] == min(losses)


def test_calibration_lowers_the_error_of_calibration():
    logits, classes = drawn(4000, sharpness=4)
    after = expected_calibration_error(logits / fit_temperature(logits[None], classes), classes)
    assert after < 0.03 < expected_calibration_error(logits, classes)


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_prediction_sets_of_new_items_hold_the_true_class_as_often_as_promised(coverage):
    covered = []
    for seed in range(40):
        logits, classes = drawn(400, seed=seed)
        probabilities = softmax(logits)
        least = conformal_threshold(probabilities[None, :100], classes[:100], coverage)
        own = probabilities[np.arange(100, 400), classes[100:]]
        covered.append((own >= least).mean())
    assert coverage - 0.01 <= np.mean(covered) <= coverage + 0.03


def test_novelty_is_the_mean_distance_to_the_nearest():
    random = np.random.default_rng(2)
    rows = random.normal(size=(700, 6)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    expected = np.sort(cosine_distances(rows[600:], rows[:600]), axis=1)[:, :5].mean(axis=1)
    np.testing.assert_allclose(novelty(rows[600:], rows[:600], 5), expected, atol=1e-5)


def test_leaving_one_out_leaves_its_group_out():
    rows = np.eye(6, dtype=np.float32)
    rows[1] = rows[0]
    alone = leave_one_out(rows, np.arange(6), 1)
    grouped = leave_one_out(rows, np.array([0, 0, 1, 2, 3, 4]), 1)
    assert alone[0] == pytest.approx(0)
    assert grouped[0] == pytest.approx(1)


def test_few_pictures_like_the_training_pictures_are_above_the_threshold():
    """Of the greatest of 40, one in forty would be."""
    random = np.random.default_rng(4)
    shares = []
    for _ in range(200):
        seen, new = np.exp(random.normal(-2, 0.2, 40)), np.exp(random.normal(-2, 0.2, 2000))
        shares.append((new > novelty_threshold(seen)).mean())
    assert np.mean(shares) < 0.01
    assert np.mean(np.array(shares) <= 0.01) > 0.8


def test_the_threshold_is_not_above_all_that_there_is_and_duplicates_do_not_raise_it():
    random = np.random.default_rng(4)
    values = np.exp(random.normal(-2, 0.2, 200))
    usual = novelty_threshold(values)
    assert usual < 2 * np.quantile(values, 0.99)
    with_duplicates = np.where(np.arange(200) % 10 == 0, 0, values)
    assert novelty_threshold(with_duplicates) == pytest.approx(usual, rel=0.2)
    assert novelty_threshold(np.array([0.3, 0.3])) == pytest.approx(0.3)
