"""Every call over a real socket, answered by real workers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import grpc
import numpy as np
import pytest

from pixels import to_pixels
from served import error_of, request
from zoobridge.errors import (
    BrokenPackageError,
    FrameworkError,
    ImageFormatError,
    InvalidRequestError,
    UnknownModelError,
)
from zoobridge.protocol.v1 import (
    classification_pb2,
    model_pb2,
    prediction_pb2,
    zoo_pb2,
)


def test_a_picture_is_classified_and_the_answer_names_who_did_it(local, call):
    answer = call(local).classification.Classify(request(200), timeout=90)
    (result,) = answer.results
    assert [(score.label, score.score) for score in result.prediction.top] == [
        ("bright", 200),
        ("dark", 55),
    ]
    identity = answer.model
    assert (identity.id, identity.version) == ("brightness", "2.0.0")
    assert (identity.framework, identity.weights_format, identity.device) == ("onnx", "onnx", "cpu")
    assert identity.framework_version == version("onnxruntime")
    assert len(identity.digest) == 64
    assert answer.timing.inference_seconds > 0
    assert answer.timing.queue_seconds >= 0


def test_a_version_is_asked_for_by_name(local, call):
    caller = call(local)
    answer = caller.classification.Classify(request(model="brightness@1.0.0"), timeout=90)
    assert answer.model.version == "1.0.0"
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.Classify(request(model="brightness@3"), timeout=90)
    assert "2.0.0" in error_of(caught).message


def test_many_items_of_one_picture_come_in_order(local, call):
    stack = np.stack([np.full((4, 4), level, np.uint8) for level in range(0, 250, 5)])
    message = classification_pb2.ClassifyRequest(
        model="brightness", image={"pixels": to_pixels(stack, "ZYX")}
    )
    answer = call(local).classification.Classify(message, timeout=90)
    assert [result.index for result in answer.results] == list(range(50))
    assert [result.plane.indexes["Z"] for result in answer.results] == list(range(50))
    labels = [result.prediction.top[0].label for result in answer.results]
    assert labels == ["dark"] * 26 + ["bright"] * 24


def test_one_bad_item_among_many_has_its_own_error(local, call):
    message = request(10)
    for x in (0, 1000, 0):
        message.regions.add(id=str(x), box={"x": x, "y": 0, "width": 4, "height": 4})
    answer = call(local).classification.Classify(message, timeout=90)
    assert [result.WhichOneof("outcome") for result in answer.results] == [
        "prediction",
        "error",
        "prediction",
    ]
    assert "1000" in answer.results[1].error.message


def test_calls_side_by_side_get_their_own_answers(local, call):
    caller = call(local)

    def ask(level: int) -> float:
        answer = caller.classification.Classify(request(level), timeout=90)
        return next(s.score for s in answer.results[0].prediction.top if s.label == "bright")

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(200))) == list(range(200))


@pytest.mark.parametrize(
    ("message", "kind", "field", "words"),
    [
        (request(model="brightnes"), UnknownModelError, "model", "brightness"),
        (request(model=""), InvalidRequestError, "model", "name a model"),
        (request(model="wreck"), BrokenPackageError, "", "wreck"),
        (request(model="../brightness"), UnknownModelError, "model", "unknown model"),
        (request(framework="abacus"), FrameworkError, "framework", "onnx"),
        (request(framework="pytorch"), FrameworkError, "framework", "onnx"),
        (classification_pb2.ClassifyRequest(model="brightness"), InvalidRequestError, "image", ""),
        (
            classification_pb2.ClassifyRequest(
                model="brightness", image={"encoded": b"no picture"}
            ),
            ImageFormatError,
            "",
            "",
        ),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value,
)
def test_a_mistake_gets_a_typed_error_that_names_the_fix(local, call, message, kind, field, words):
    with pytest.raises(grpc.RpcError) as caught:
        call(local).classification.Classify(message, timeout=90)
    error = error_of(caught)
    assert type(error) is kind
    assert words in error.message
    assert error.field.startswith(field)


def test_frameworks_are_listed_with_their_state(local, call):
    answer = call(local).zoo.ListFrameworks(zoo_pb2.ListFrameworksRequest(), timeout=90)
    found = {framework.name: framework for framework in answer.frameworks}
    assert {"onnx", "pytorch", "tensorflow"} <= set(found)
    assert found["onnx"].version == version("onnxruntime")
    assert list(found["onnx"].weights_formats) == ["onnx"]
    assert not found["onnx"].problem


def test_models_are_listed_newest_version_first_and_broken_ones_with_their_reason(local, call):
    caller = call(local)
    models = caller.zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=90).models
    assert [(model.id, model.version) for model in models] == [
        ("brightness", "2.0.0"),
        ("brightness", "1.0.0"),
        ("wreck", "1.0.0"),
    ]
    assert not models[0].problem
    assert models[2].problem or models[2].weights[0].problem
    only = zoo_pb2.ListModelsRequest(framework="onnx")
    assert len(caller.zoo.ListModels(only, timeout=90).models) == 3
    assert not caller.zoo.ListModels(
        zoo_pb2.ListModelsRequest(framework="tensorflow"), timeout=60
    ).models
    with pytest.raises(grpc.RpcError) as caught:
        caller.zoo.ListModels(zoo_pb2.ListModelsRequest(framework="abacus"), timeout=90)
    assert "onnx" in error_of(caught).message


def test_a_model_is_described_in_full(local, call):
    answer = call(local).zoo.GetModel(zoo_pb2.GetModelRequest(model="brightness"), timeout=90)
    model, details = answer.model, answer.details
    assert (model.id, model.version, model.name) == ("brightness", "2.0.0", "Brightness")
    assert list(model.labels) == ["bright", "dark"]
    assert model.label_source == model_pb2.LABEL_SOURCE_CHANNEL_NAMES
    assert len(model.label_colors) == 2
    assert model.score_kind != prediction_pb2.SCORE_KIND_UNSPECIFIED
    assert model.input.axes == "CYX"
    assert model.input.sizes["Y"].min == 4
    assert list(model.input.channel_names) == ["grey"]
    assert model.license == "BSD-3-Clause"
    (weights,) = model.weights
    assert (weights.format, weights.framework) == ("onnx", "onnx")
    assert weights.trust_class == model_pb2.TRUST_CLASS_DATA
    assert weights.size_bytes > 0
    assert details.authors[0].name == "Ada Lovelace"
    assert details.citations[0].doi == "10.1234/5678"
    assert "größer" in details.documentation
    assert not details.cover
    request = zoo_pb2.GetModelRequest(model="brightness", include_cover=True)
    details = call(local).zoo.GetModel(request, timeout=90).details
    assert details.cover.startswith(b"\x89PNG")
    assert details.cover_media_type == "image/png"


def test_a_broken_model_is_described_as_far_as_it_could_be_read(local, call):
    model = call(local).zoo.GetModel(zoo_pb2.GetModelRequest(model="wreck"), timeout=90).model
    assert model.id == "wreck"
    assert model.problem or model.weights[0].problem


def test_a_model_is_loaded_listed_as_loaded_and_unloaded(local, call):
    caller = call(local, token="the-managing-token")
    name = "brightness@1.0.0"
    loaded = caller.zoo.LoadModel(
        zoo_pb2.LoadModelRequest(model=name), metadata=caller.metadata, timeout=60
    ).loaded
    assert (loaded.framework, loaded.weights_format, loaded.device) == ("onnx", "onnx", "cpu")
    assert loaded.memory_bytes > 0
    assert loaded.load_seconds > 0
    assert loaded.parameters > 0
    described = caller.zoo.GetModel(zoo_pb2.GetModelRequest(model=name), timeout=90).model
    assert [copy.device for copy in described.loaded] == ["cpu"]
    unload = zoo_pb2.UnloadModelRequest(model=name)
    answer = caller.zoo.UnloadModel(unload, metadata=caller.metadata, timeout=90)
    assert answer.unloaded == 1
    described = caller.zoo.GetModel(zoo_pb2.GetModelRequest(model=name), timeout=90).model
    assert not described.loaded
    again = caller.zoo.UnloadModel(unload, metadata=caller.metadata, timeout=90)
    assert again.unloaded == 0


def test_the_server_describes_itself(local, call):
    info = call(local).zoo.GetServerInfo(zoo_pb2.GetServerInfoRequest(), timeout=90)
    assert info.version == version("zoobridge")
    assert info.limits.message_bytes == 256 << 20
    assert info.limits.items > 0
    assert info.uptime_seconds > 0
    assert info.memory_bytes > 0
    assert info.confinement in {"landlock", "none"}


def test_the_zoos_folders_are_shown_to_managers_alone(local, call, zoo):
    ask = zoo_pb2.GetServerInfoRequest()
    assert not call(local).zoo.GetServerInfo(ask, timeout=90).zoo_folders
    manager = call(local, token="the-managing-token")
    info = manager.zoo.GetServerInfo(ask, metadata=manager.metadata, timeout=90)
    assert list(info.zoo_folders) == [str(zoo)]
