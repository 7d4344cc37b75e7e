"""What scores look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoobridge.zoo import ScoreKind
from zoobridge.zoo._scores import measured_kind

LOGITS = arrays("float32", (2, 5), elements=st.floats(-20, 20, width=32))


@given(LOGITS)
def test_softmax_is_seen_as_probabilities(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    kind, _ = measured_kind(powers / powers.sum(axis=1, keepdims=True), "NC")
    assert kind is ScoreKind.PROBABILITY


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_softmax_over_many_classes_is_seen_whatever_the_precision(dtype):
    scores = np.full((1, 1000), 1e-3, dtype)
    assert measured_kind(scores, "NC")[0] is ScoreKind.PROBABILITY


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ([[0.9, 0.8]], ScoreKind.INDEPENDENT_PROBABILITY),
        ([[0.3]], ScoreKind.INDEPENDENT_PROBABILITY),
        ([[1.0]], ScoreKind.INDEPENDENT_PROBABILITY),
        ([[1.5, -0.5]], ScoreKind.LOGIT),
        ([[np.nan, 0.5]], ScoreKind.LOGIT),
        (np.zeros((0, 2)), ScoreKind.LOGIT),
    ],
)
def test_others_are_told_apart(scores, kind):
    assert measured_kind(np.asarray(scores), "NC")[0] is kind


def test_classes_along_any_axis_are_summed():
    scores = np.array([[0.2, 0.9], [0.8, 0.1]])
    assert measured_kind(scores, "CN")[0] is ScoreKind.PROBABILITY
    assert measured_kind(scores, "NI")[0] is ScoreKind.INDEPENDENT_PROBABILITY
