"""A network in three formats: the same answers, also over the eight views."""

import os
from pathlib import Path

import numpy as np
import pytest

from zoobridge.training.features import backbone_parameters, view
from zoobridge.training.fit import Head, softmax
from zoobridge.training.package import PARITY
from zoobridge.training.package._documents import test_picture as made_up_picture
from zoobridge.training.package._onnx_graph import onnx_answers, onnx_bytes
from zoobridge.training.package._writers import prepared, write_weights


@pytest.fixture(scope="module")
def parameters(user_folders):
    return backbone_parameters(Path(os.environ["XDG_CACHE_HOME"], "zoobridge", "training"))


@pytest.fixture(scope="module")
def head():
    random = np.random.default_rng(0)
    weight = random.normal(0, 5, (3, 2768)).astype(np.float32)
    return Head(("a", "b", "c"), weight, random.normal(0, 1, 3).astype(np.float32))


@pytest.mark.timeout(600)
def test_eight_views_are_the_mean_of_the_flips_and_turns_in_every_format(
    tmp_path, parameters, head
):
    pictures = prepared(np.concatenate([made_up_picture(seed) for seed in (0, 1)]))
    turned = np.concatenate([view(pictures, "NCYX", number) for number in range(8)])
    embeddings = onnx_answers(onnx_bytes(parameters, None), turned)["embedding"]
    by_view = embeddings.reshape(8, 2, -1)

    written = write_weights(
        tmp_path,
        parameters,
        head,
        pictures,
        formats=("onnx", "torchscript", "keras_v3"),
        views=8,
    )

    expected = softmax(head.logits(by_view.mean(axis=0)))
    np.testing.assert_allclose(written.outputs["scores"], expected, atol=1e-5)
    # Novelty is measured on the unchanged picture.
    np.testing.assert_allclose(written.outputs["embedding"], by_view[0], atol=1e-6)
    one = onnx_answers(onnx_bytes(parameters, head), pictures)
    np.testing.assert_allclose(written.outputs["activation"], one["activation"], atol=1e-5)
    assert np.abs(one["scores"] - expected).max() > 1e-3
    # The map says all that a score rests on: its sum is the logit without the bias.
    logits = head.logits(by_view[0]) - head.bias
    np.testing.assert_allclose(one["activation"].sum(axis=(2, 3)), logits, atol=1e-4)
    assert set(written.differences) == {"torchscript", "keras_v3"}
    assert max(written.differences.values()) <= PARITY
