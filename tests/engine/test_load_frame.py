"""The first frame holds all that a worker must know, and nothing that it must not."""

import json

from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge.engine import EngineConfig
from zoobridge.engine.launch._load_frame import load_document
from zoobridge.zoo import from_json


def test_a_model_arrives_as_it_was_sent(faulty, tmp_path):
    model = faulty()
    spec = (TensorSpec("input", "float32", (-1, 4, 4)),)
    file = WeightsFile("faulty", tmp_path / "weights", spec, spec)
    config = EngineConfig(device="fake:0,fake:1", precision="tf32", threads=3)
    document = json.loads(load_document(file, config, read=[tmp_path], model=model, replica=1))
    assert from_json(document["model"]) == model
    assert (document["device"], document["precision"], document["replica"]) == (
        "fake:0,fake:1",
        "tf32",
        1,
    )
    assert document["threads"] == 3
    assert document["read"] == [str(tmp_path)]
    assert document["file"]["path"] == str(tmp_path / "weights")


def test_a_worker_may_be_asked_for_its_devices_alone():
    document = json.loads(load_document(None, EngineConfig(), read=[]))
    assert document["file"] is None
    assert document["model"] is None
