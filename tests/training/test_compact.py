"""A compact twin: a quarter of the size, beside the original, and compared with it."""

import onnx
import pytest

from training_examples import TEXTURES, patch, write_patches
from zoobridge.errors import InvalidRequestError
from zoobridge.training.compact import compact_model
from zoobridge.training.compact._quantise import small_depthwise
from zoobridge.training.served import TrainingZoo


@pytest.mark.timeout(900)
def test_the_twin_is_smaller_answers_alike_and_leaves_the_original(trained, tmp_path):
    data = write_patches(tmp_path, (7, 8))
    client = trained.server.client
    served = TrainingZoo(client, trained.zoo)
    before = (trained.published.folder / "rdf.yaml").read_bytes()
    model = trained.published.reference
    found = compact_model(client, model, data, zoo=trained.zoo, wait_for=served.wait_for)
    assert found.compact.reference == "three-textures-int8@1.0.0"
    assert found.compact.size_bytes < 0.3 * found.original.size_bytes
    assert found.compact.balanced_accuracy >= found.original.balanced_accuracy - 0.2
    assert found.only_original <= 2
    assert (trained.published.folder / "rdf.yaml").read_bytes() == before
    described = client.model("three-textures-int8")
    assert described.problem == ""
    assert described.labels == TEXTURES
    answer = client.classify("three-textures-int8", patch("brick", 9))[0]
    assert answer.novelty is not None
    with pytest.raises(InvalidRequestError, match="is in the zoo already"):
        compact_model(client, model, data, zoo=trained.zoo, wait_for=served.wait_for)


def test_the_smallest_depthwise_convolutions_stay_as_they_are(trained):
    path = trained.published.folder / "weights.onnx"
    kept = small_depthwise(path)
    graph = onnx.load(path).graph
    sizes = {one.name: len(onnx.numpy_helper.to_array(one).ravel()) for one in graph.initializer}
    convolutions = {one.name: one for one in graph.node if one.op_type == "Conv"}
    assert {"block0.depthwise.sums", "block7.depthwise.sums"} <= set(kept)
    assert all("depthwise" in name for name in kept)
    total = sum(sizes[convolutions[name].input[1]] for name in kept)
    assert 0.005 * sum(sizes.values()) < total <= 0.01 * sum(sizes.values())
