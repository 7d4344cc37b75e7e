"""What people's exports state is taken; what cannot be run names the command that changes that."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from adding import FRAMEWORKS, onnx_here
from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import Operation
from zoobridge.zoo import (
    NewModel,
    TrustStore,
    add_model,
    read_export,
    read_package,
    validate_package,
)

LABELS = ("cat", "dog", "owl")


def network(path, *, size=(8, 8), dtype=TensorProto.FLOAT, metadata=None, external=""):
    """Write a network of any size that gives the means of three channels, or of fixed size."""
    nodes = [
        helper.make_node("Cast", ["input"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["whole"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["means", "gain"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("input", dtype, ["N", 3, *size])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(np.ones(3, np.float32), "gain")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    path.parent.mkdir(parents=True, exist_ok=True)
    if external:
        onnx.save(model, path, save_as_external_data=True, location=external, size_threshold=0)
    else:
        onnx.save(model, path)
    return path


def hugging_face(folder, **processor):
    network(folder / "model.onnx", external="model.onnx_data")
    labels = dict(enumerate(LABELS))
    (folder / "config.json").write_text(
        json.dumps({"architectures": ["ViTForImageClassification"], "id2label": labels})
    )
    stated = {"do_rescale": True, "rescale_factor": 1 / 255, "size": {"height": 8, "width": 8}}
    (folder / "preprocessor_config.json").write_text(json.dumps(stated | processor))
    return folder


def added(export, zoo, tmp_path, **more):
    new = NewModel(
        name="A model",
        labels=export.labels or LABELS,
        preprocessing=export.preprocessing or (),
        scores=export.scores,
        intensity_range=export.intensity_range,
        config=export.config,
        **more,
    )
    package = add_model(
        export.weights, new, zoo=zoo, open_network=onnx_here, trust=TrustStore(tmp_path / "t.json")
    )
    report = validate_package(
        package, unpack_to=tmp_path / "u", open_network=onnx_here, frameworks=FRAMEWORKS,
        confined=True, trust=TrustStore(tmp_path / "t.json"),
    )  # fmt: skip
    assert report.ok, report.problems
    return read_package(package, unpack_to=tmp_path / "v")


def test_a_hugging_face_folder_says_labels_size_and_normalisation(tmp_path):
    folder = hugging_face(tmp_path / "vit", image_mean=[0.5] * 3, image_std=[0.25] * 3, resample=3)
    export = read_export(folder)
    assert export.labels == LABELS
    assert export.size == (8, 8)
    assert export.scores == "softmax"
    assert export.preprocessing == (
        Operation("scale_linear", {"gain": 1 / 255}),
        Operation(
            "fixed_zero_mean_unit_variance",
            {"mean": [0.5] * 3, "std": [0.25] * 3, "axis": "channel"},
        ),
    )
    model = added(export, tmp_path / "zoo", tmp_path)
    assert model.labels == LABELS
    assert model.input.intensity_range == (0, 255)
    assert model.input.interpolation == "bicubic"
    assert model.score_kind == "probability"


def test_a_shortest_edge_means_a_crop_and_several_labels_a_sigmoid(tmp_path):
    folder = hugging_face(
        tmp_path / "vit", size={"shortest_edge": 10}, crop_size=8, do_center_crop=True
    )
    config = json.loads((folder / "config.json").read_text())
    config["problem_type"] = "multi_label_classification"
    (folder / "config.json").write_text(json.dumps(config))
    export = read_export(folder)
    assert (export.size, export.config["fit"]) == ((8, 8), "crop")
    assert (export.scores, export.multi_label) == ("sigmoid", True)


def test_parameters_without_a_network_name_the_command_that_makes_one(tmp_path):
    folder = hugging_face(tmp_path / "vit")
    (folder / "model.onnx").unlink()
    (folder / "model.safetensors").write_bytes(b"parameters")
    for given in (folder, folder / "model.safetensors"):
        with pytest.raises(InvalidRequestError, match="optimum-cli export onnx --task") as caught:
            read_export(given)
        assert "ViTForImageClassification" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.tflite", "tf2onnx.convert --tflite"),
        ("frozen.pb", "tf2onnx.convert --graphdef"),
        ("pipeline.joblib", "skl2onnx.to_onnx"),
        ("model.safetensors", "torch.onnx.export"),
        ("converted_keras.zip", "unpack it"),
    ],
)
def test_what_is_not_run_names_the_tool_that_makes_what_is(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(InvalidRequestError) as caught:
        read_export(tmp_path / name)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [("model.tflite", "tf2onnx.convert --tflite"), ("model.json", "add its Keras or SavedModel")],
)
def test_a_folder_of_what_is_not_run_names_the_file_and_the_way_out(tmp_path, name, words):
    (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(InvalidRequestError, match=f"{name} cannot be served directly") as caught:
        read_export(tmp_path)
    assert words in str(caught.value)


def test_teachable_machine_is_known_by_its_files(tmp_path):
    (tmp_path / "labels.txt").write_text("0 cat\n1 dog\n2 owl\n")
    (tmp_path / "keras_model.h5").write_bytes(b"weights")
    export = read_export(tmp_path)
    assert (export.made_by, export.labels) == ("Teachable Machine", LABELS)
    assert export.weights == tmp_path / "keras_model.h5"
    assert export.preprocessing == (Operation("scale_linear", {"gain": 1 / 127.5, "offset": -1.0}),)


def test_ultralytics_writes_names_and_size_into_the_file(tmp_path):
    stated = {
        "author": "Ultralytics",
        "task": "classify",
        "imgsz": "[8, 8]",
        "names": str(dict(enumerate(LABELS))),
    }
    export = read_export(network(tmp_path / "yolo.onnx", metadata=stated))
    assert (export.made_by, export.labels, export.size) == ("Ultralytics", LABELS, (8, 8))
    assert added(export, tmp_path / "zoo", tmp_path).labels == LABELS
    with pytest.raises(InvalidRequestError, match="for 'detect', not for classifying"):
        read_export(network(tmp_path / "d.onnx", metadata=stated | {"task": "detect"}))


def test_names_in_the_metadata_of_any_onnx_file_are_taken(tmp_path):
    export = read_export(network(tmp_path / "a.onnx", metadata={"labels": json.dumps(LABELS)}))
    assert export.labels == LABELS


def test_a_network_of_any_size_is_recorded_as_such(tmp_path):
    model = added(
        read_export(network(tmp_path / "a.onnx", size=("H", "W"))), tmp_path / "zoo", tmp_path
    )
    assert [(model.input.sizes[axis].min, model.input.sizes[axis].step) for axis in "YX"] == [
        (32, 32)
    ] * 2


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT16, TensorProto.UINT8])
def test_half_precision_and_bytes_are_served(tmp_path, dtype):
    model = added(
        read_export(network(tmp_path / "a.onnx", dtype=dtype)), tmp_path / "zoo", tmp_path
    )
    assert model.input.intensity_range == ((0, 255) if dtype == TensorProto.UINT8 else None)


def test_rows_of_numbers_are_no_pictures(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["input"], ["probabilities"])],
        "rows",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])],
    )
    path = tmp_path / "rows.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path
    )
    with pytest.raises(InvalidRequestError, match="takes rows of numbers"):
        added(read_export(path), tmp_path / "zoo", tmp_path)


def test_the_probabilities_of_scikit_learn_are_the_scores(tmp_path):
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["input"], ["probabilities"], axes=[2, 3], keepdims=0),
            helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
        ],
        "sklearn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3]),
        ],
    )
    path = tmp_path / "sk.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path
    )
    assert added(read_export(path), tmp_path / "zoo", tmp_path).labels == LABELS
