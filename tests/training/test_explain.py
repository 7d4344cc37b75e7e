"""Explanations: where covering a place lowers the score, in numbers and as a picture."""

import numpy as np
import pytest
from PIL import Image

from training_examples import patch
from zoobridge.errors import InvalidRequestError
from zoobridge.training.explain import explain, explain_pixels, overlay
from zoobridge.training.explain._occlusion import occlude
from zoobridge.training.fit import softmax


@pytest.mark.parametrize("shape", [(28, 28), (21, 35), (14, 14, 3)])
def test_the_score_falls_by_what_the_covered_window_added(shape):
    """A score that is a weighted sum of pixels has an explanation that can be worked out."""
    random = np.random.default_rng(4)
    pixels = random.integers(0, 255, shape).astype(np.uint16)
    weights = random.normal(size=shape)

    def scores(batch):
        return (batch * weights).reshape(len(batch), -1).sum(axis=1).astype(np.float32)

    found = occlude(pixels, scores, windows=7, batch=16)
    change = weights * (pixels - np.round(pixels.mean(axis=(0, 1))))
    change = change if change.ndim == 2 else change.sum(axis=2)
    height, width = (side // 7 for side in shape[:2])
    expected = change.reshape(7, height, 7, width).sum(axis=(1, 3))
    np.testing.assert_allclose(found[::height, ::width], expected, rtol=1e-3, atol=1e-1)
    np.testing.assert_array_equal(found[0, 0], found[height - 1, width - 1])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", ["activation", "occlusion"])
def test_half_of_a_picture_explains_the_answer_that_it_gives(trained, tmp_path, method):
    """Grass on the left of a plain field: the answer grass rests on the left."""
    picture = np.full((96, 96), 128, np.uint8)
    picture[:, :48] = patch("grass", 7)[:, :48]
    Image.fromarray(picture).save(tmp_path / "half.png")
    client = trained.server.client
    found = explain(
        client,
        "three-textures@1.0.0",
        tmp_path / "half.png",
        label="grass",
        windows=4,
        method=method,
    )
    assert found.values.shape == (96, 96)
    assert found.windows == ((7, 7) if method == "activation" else (4, 4))
    assert np.abs(found.values[:, :48]).mean() > np.abs(found.values[:, 48:]).mean()
    sheet = np.array(overlay(found))
    orange = (sheet[40:, :, 0] > 1.3 * sheet[40:, :, 2].astype(float)).sum()
    assert orange > 500


@pytest.mark.timeout(900)
@pytest.mark.parametrize("framework", ["onnx", "pytorch", "tensorflow"])
def test_a_map_is_asked_for_with_the_scores_and_adds_up_to_them(trained, framework):
    pictures = [patch(name, 7) for name in ("brick", "grass")]
    client = trained.server.client
    ask = {"framework": framework, "all_scores": True}
    results = client.classify("three-textures@1.0.0", pictures, activation=True, **ask)
    for one in results:
        assert one.activation.shape == (3, 7, 7)
        logits = one.activation.sum(axis=(1, 2)) + trained.fitted.head.bias
        np.testing.assert_allclose(softmax(logits), one.scores, atol=1e-4)
    (plain,) = client.classify("three-textures@1.0.0", pictures[:1], **ask)
    assert plain.activation is None


@pytest.mark.timeout(900)
def test_a_map_is_taken_where_the_package_has_one(trained):
    picture = trained.pictures / "brick" / "brick00.png"
    found = explain(trained.server.client, "three-textures@1.0.0", picture)
    assert (found.label, found.method) == ("brick", "activation")
    # Each cell covers a seventh of the picture's side.
    assert len(np.unique(found.values)) <= 49
    served = trained.server.client.explain("three-textures@1.0.0", picture)
    np.testing.assert_allclose(served.values, found.values, atol=1e-6)
    assert served.method == "activation"


def test_a_model_without_a_map_is_explained_by_occlusion(client):
    picture = patch("brick", 0)
    found = explain_pixels(client, "brightness", picture, windows=2)
    assert found.method == "occlusion"
    with pytest.raises(InvalidRequestError, match="no output 'activation'"):
        explain_pixels(client, "brightness", picture, method="activation")


@pytest.mark.timeout(900)
def test_a_class_that_the_model_has_not_is_named(trained):
    picture = trained.pictures / "brick" / "brick00.png"
    with pytest.raises(InvalidRequestError, match=r"no class 'moss'; its classes are brick, grass"):
        explain(trained.server.client, "three-textures", picture, label="moss")
