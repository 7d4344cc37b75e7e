"""Writing packages for weights, by running them."""

import warnings

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from adding import LABELS
from tiny_packages import onnx_model
from zoobridge.errors import BackendError, InvalidRequestError
from zoobridge.imaging import Operation
from zoobridge.zoo import (
    ScoreKind,
    read_package,
)


@pytest.fixture
def source(tmp_path):
    model, _ = onnx_model()
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    return tmp_path / "net.onnx"


def test_an_onnx_file_becomes_a_package_that_validates(add, read, validate, source):
    folder = add(source, authors=["Ada Lovelace"], license="MIT", description="Surfaces.")
    model = read(folder)
    assert model.problem == ""
    assert (model.id, model.version, model.name) == ("surfaces", "1.0.0", "Surfaces")
    assert model.labels == LABELS
    assert model.license == "MIT"
    assert model.input.axes == "NCYX"
    assert model.input.channel_names == ("grey",)
    assert model.score_kind is ScoreKind.LOGIT
    report = validate(folder)
    assert report.ok
    assert report.weights[0].difference.absolute < 1e-6
    assert report.weights[0].device == "cpu"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["surfaces"]


def test_a_package_that_the_user_made_is_trusted(add, read, trust, source):
    model = read(add(source))
    assert trust.trusts(model.weights[0].digest)


def test_labels_may_come_from_a_file(add, read, source, tmp_path):
    (tmp_path / "labels.txt").write_text("Ziegel\nGräser\nKies, grob\n", "utf-8")
    folder = add(source, labels=tmp_path / "labels.txt")
    assert read(folder).labels == ("Ziegel", "Gräser", "Kies, grob")


def test_names_that_the_format_does_not_allow_are_made_fit(add, read, source):
    assert read(add(source, name="Gräser & Kies")).name == "Graser - Kies"
    assert read(add(source, name="x")).name == "x model"
    assert read(add(source, name="日本", id="nihon")).problem == ""


def test_softmax_and_preprocessing_are_written_and_hold(add, read, validate, source):
    folder = add(source, preprocessing="unit", scores="softmax")
    model = read(folder)
    assert [step.id for step in model.input.preprocessing][:2] == ["ensure_dtype", "scale_linear"]
    assert model.input.intensity_range == (0.0, 255.0)
    assert model.score_kind is ScoreKind.PROBABILITY
    assert np.load(model.test_inputs[0]).max() == pytest.approx(255)
    assert np.load(model.test_outputs[0]).sum() == pytest.approx(1)
    assert validate(folder).ok


def test_steps_of_ones_own_are_taken(add, read, validate, source):
    steps = (Operation("zero_mean_unit_variance", {"axes": ["channel", "y", "x"]}),)
    folder = add(source, preprocessing=steps, intensity_range=(0, 4095))
    assert read(folder).input.preprocessing[1].id == "zero_mean_unit_variance"
    assert validate(folder).ok


def test_the_kind_of_score_can_be_stated(add, read, source):
    model = read(add(source, score_kind=ScoreKind.INDEPENDENT_PROBABILITY))
    assert model.score_kind is ScoreKind.INDEPENDENT_PROBABILITY


def colour_net(path, shape, classes=3, last="Identity"):
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["Image:0"], ["mean"], keepdims=0, axes=[1, 2]),
            helper.make_node(last, ["mean"], ["scores"]),
        ],
        "net",
        [helper.make_tensor_value_info("Image:0", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [shape[0], classes])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    return path


def test_channels_last_and_free_sizes_are_understood(add, read, validate, tmp_path):
    path = colour_net(tmp_path / "net.onnx", ["N", "H", "W", 3])
    free = read(add(path, id="free"))
    assert [(free.input.sizes[axis].min, free.input.sizes[axis].step) for axis in "YX"] == [
        (32, 32), (32, 32),
    ]  # fmt: skip
    folder = add(path, size=(8, 6), preprocessing="imagenet")
    model = read(folder)
    assert model.input.axes == "NYXC"
    assert (model.input.sizes["Y"].min, model.input.sizes["X"].min) == (8, 6)
    assert model.input.channel_names == ("red", "green", "blue")
    assert validate(folder).ok


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": ("a", "b")}, "3 scores a picture, but there are 2 labels"),
        ({"labels": ()}, "each class needs a name"),
        ({"id": "../evil"}, "cannot be an id"),
        ({"preprocessing": "magic"}, "unknown preprocessing 'magic'"),
        ({"axes": "NCZZ"}, "axes 'NCZZ' are not understood"),
        ({"axes": "NYX"}, "the network's input has 4"),
        ({"size": (5, 5)}, "length 4, not 5"),
        ({"channels": 3}, "axis C has the length 1, not 3"),
        ({"channel_names": ("a", "b")}, "axis C has the length 1, not 2"),
        ({"license": "mine"}, "'mine' is not an SPDX license identifier"),
        ({"weights_format": "caffe"}, "'caffe' cannot be added; use one of: onnx"),
    ],
)
def test_what_contradicts_the_network_is_named(add, source, tmp_path, options, words):
    with pytest.raises(InvalidRequestError, match=words):
        add(source, **options)
    assert not (tmp_path / "zoo").exists()


def test_a_label_file_that_is_not_there_is_named(add, source, tmp_path):
    with pytest.raises(InvalidRequestError, match=r"none\.txt"):
        add(source, labels=tmp_path / "none.txt")


def test_a_second_version_stands_beside_the_first(add, source):
    first = add(source)
    with pytest.raises(InvalidRequestError, match="in the zoo already"):
        add(source)
    second = add(source, version="2.0.0")
    assert (first.name, second.name) == ("surfaces", "surfaces-2.0.0")
    with pytest.raises(InvalidRequestError, match="in the zoo already"):
        add(source, version="2.0.0")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("net.onnx", b"", "net.onnx"),
        ("net.onnx", b"not a model", "net.onnx"),
        ("net.pt", b"not a zip", "not a TorchScript archive"),
        ("net.txt", b"hello", "not one of the files that can be added"),
    ],
)
def test_a_file_that_is_no_network_leaves_no_trace(add, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((InvalidRequestError, BackendError), match=words):
        add(tmp_path / name)
    assert not (tmp_path / "zoo").exists() or list((tmp_path / "zoo").iterdir()) == []


def test_a_missing_file_and_an_empty_folder_are_named(add, tmp_path):
    with pytest.raises(InvalidRequestError, match="does not exist"):
        add(tmp_path / "none.onnx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequestError, match="not a SavedModel"):
        add(tmp_path / "empty")


def test_weights_in_a_second_file_come_along(add, read, validate, tmp_path):
    model, weights = onnx_model(external="net.data")
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=False)
    (tmp_path / "net.data").write_bytes(weights.tobytes())
    folder = add(tmp_path / "net.onnx")
    assert (folder / "net.data").read_bytes() == weights.tobytes()
    assert read(folder).weights[0].size_bytes > weights.nbytes
    assert validate(folder).ok


def test_a_network_that_is_always_negative_can_be_added(add, read, validate, tmp_path):
    path = colour_net(tmp_path / "net.onnx", ["N", 4, 4, 3], last="Neg")
    folder = add(path)
    assert np.load(folder / "test_output.npy").max() < 0
    assert validate(folder).ok


def several_outputs(path, *, features, scores="scores", mask="mask"):
    """A network that gives features, then scores, then which pixels it looked at."""
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], [features]),
            helper.make_node("ReduceMean", ["input"], [scores], keepdims=0, axes=[2, 3]),
            helper.make_node("Greater", ["input", "limit"], [mask]),
        ],
        "net",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 4, 4])],
        [
            helper.make_tensor_value_info(features, TensorProto.FLOAT, ["N", 48]),
            helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["N", 3]),
            helper.make_tensor_value_info(mask, TensorProto.BOOL, ["N", 3, 4, 4]),
        ],
        [helper.make_tensor("limit", TensorProto.FLOAT, [], [0.5])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("asked", ["", "nosuch"])
def test_of_several_outputs_one_must_be_named(add, tmp_path, asked):
    path = several_outputs(tmp_path / "net.onnx", features="features")
    words = (
        r"3 outputs.*choose one of features \(1 x 48\), scores \(1 x 3\), mask \(1 x 3 x 4 x 4\)"
    )
    with pytest.raises(InvalidRequestError, match=words):
        add(path, output=asked)
    assert not (tmp_path / "zoo").exists()


@pytest.mark.parametrize(
    ("names", "chosen", "written"),
    [
        ({"features": "features"}, "scores", ["features", "scores", "mask"]),
        (
            {"features": "f:0", "scores": "output_1", "mask": "M"},
            "output_1",
            ["output_2", "output_1", "output_3"],
        ),
    ],
)
def test_the_named_output_is_served_and_the_others_are_described(
    add, read, validate, tmp_path, names, chosen, written
):
    path = several_outputs(tmp_path / "net.onnx", **names)
    folder = add(path, output=chosen, scores="softmax")
    model = read(folder)
    assert model.problem == ""
    assert [output.name for output in model.outputs] == written
    assert model.output.name == chosen
    assert model.labels == LABELS
    assert [np.load(tensor).shape for tensor in model.test_outputs] == [
        (1, 48),
        (1, 3),
        (1, 3, 4, 4),
    ]
    picture = np.load(model.test_inputs[0])
    means = np.exp(picture.mean(axis=(2, 3)))
    np.testing.assert_allclose(
        np.load(model.test_outputs[1]), means / means.sum(), rtol=1e-5, atol=1e-6
    )
    assert validate(folder).ok


def test_the_only_output_may_be_named(add, read, source):
    assert read(add(source, output="output")).output.name == "output"
    with pytest.raises(InvalidRequestError, match=r"1 output, and none is called 'logits'"):
        add(source, output="logits", version="2")


# Other frameworks, in confined workers


def test_what_add_wrote_is_read_back_by_the_reference_library(add, source):
    from bioimageio.spec import load_description

    folder = add(source)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed file", ResourceWarning)
        loaded = load_description(folder / "rdf.yaml", perform_io_checks=True)
    assert loaded.validation_summary.status != "failed"


def test_read_package_and_a_fresh_reader_agree(add, source, tmp_path):
    folder = add(source)
    first = read_package(folder, unpack_to=tmp_path / "one")
    assert first == read_package(folder, unpack_to=tmp_path / "two")
