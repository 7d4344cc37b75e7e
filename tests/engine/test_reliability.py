"""Prediction sets and novelty of answers, on scores and embeddings that the test chose."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_distances

from zoobridge.backend import BackendFault
from zoobridge.engine.worker._reliability import Reliability
from zoobridge.errors import BrokenPackageError
from zoobridge.protocol.v1 import prediction_pb2
from zoobridge.zoo import ModelDescription, NoveltyRule, PredictionSetRule

MODEL = ModelDescription(id="m", root=Path(), source=Path(), labels=("a", "b", "c"))
SCORES = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4], [0.05, 0.04, 0.03]], np.float32)


def predictions(reliability, scores, outputs=(), rows=slice(None)):
    fields = reliability.fields(scores, outputs, rows)
    return [prediction_pb2.Prediction.FromString(one) for one in fields]


@pytest.fixture
def with_reference(tmp_path):
    def make(reference, **changes):
        path = tmp_path / "reference.npy"
        np.save(path, reference)
        rule = {"output": 1, "reference": path, "neighbours": 5, "threshold": 0.25, **changes}
        return Reliability(replace(MODEL, novelty=NoveltyRule(**rule)))

    return make


def test_a_model_without_either_adds_nothing():
    assert Reliability(MODEL).fields(SCORES, (), slice(None)) is None


def test_a_set_holds_the_classes_that_are_likely_enough_best_first():
    ruled = Reliability(replace(MODEL, prediction_set=PredictionSetRule(0.9, 0.15)))
    sets = [list(one.prediction_set.labels) for one in predictions(ruled, SCORES)]
    assert sets == [["b", "c"], ["c", "a", "b"], []]


def test_novelty_is_the_mean_cosine_distance_to_the_nearest_training_pictures(with_reference):
    random = np.random.default_rng(3)
    reference = random.random((20, 8)).astype(np.float16)
    embeddings = random.random((6, 8)).astype(np.float32)
    found = predictions(with_reference(reference), SCORES, (None, embeddings), slice(2, 5))
    expected = np.sort(cosine_distances(embeddings[2:5], reference), axis=1)[:, :5].mean(axis=1)
    np.testing.assert_allclose([one.novelty.value for one in found], expected, atol=1e-6)
    assert {one.novelty.threshold for one in found} == {0.25}


def test_fewer_training_pictures_than_neighbours_are_all_taken(with_reference):
    (one,) = predictions(with_reference(np.eye(2)), SCORES[:1], (None, np.array([[3.0, 0.0]])))
    assert one.novelty.value == pytest.approx(0.5)


def test_embeddings_of_another_network_are_a_fault(with_reference):
    with pytest.raises(BackendFault, match="have 3 numbers, those of the training pictures 2"):
        with_reference(np.eye(2)).fields(SCORES[:1], (None, np.ones((1, 3))), slice(None))


@pytest.mark.parametrize("reference", [np.ones(3), np.ones((2, 2), int), np.full((1, 2), np.nan)])
def test_a_reference_that_is_none_is_refused(with_reference, reference):
    with pytest.raises(BrokenPackageError, match=r"reference.npy holds"):
        with_reference(reference)
