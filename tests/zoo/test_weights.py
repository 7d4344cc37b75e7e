"""Sets of weights: what is wrong with one, and what loading one can do."""

import json
import os
import zipfile

import pytest
from onnx import TensorProto, helper

from tiny_packages import onnx_model, sha256
from zoobridge.zoo import TrustClass
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._onnx_file import read_onnx


def keras_file(path, *layers):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": list(layers)}}))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.13.2"}))


def dense(**changes):
    return {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}} | changes


def weights_of(model, name):
    return next(weights for weights in model.weights if weights.format == name)


@pytest.fixture
def both(recipe):
    """A package with ONNX and TorchScript weights; the latter is only a file here."""
    recipe.file("weights.pt", b"PK not read by the zoo")
    recipe.document["weights"]["torchscript"] = {
        "source": "weights.pt",
        "sha256": sha256(recipe.folder / "weights.pt"),
        "pytorch_version": "2.10",
        "parent": "onnx",
    }
    return recipe


def test_a_wrong_hash_leaves_the_other_weights_usable(both, read):
    both.document["weights"]["onnx"]["sha256"] = "0" * 64
    model = read(both.write())
    assert model.problem == ""
    assert [weights.format for weights in model.weights] == ["torchscript", "onnx"]
    assert "SHA-256" in weights_of(model, "onnx").problem
    assert weights_of(model, "torchscript").problem == ""


def test_a_wrong_hash_of_the_only_weights_breaks_the_package(recipe, read):
    recipe.document["weights"]["onnx"]["sha256"] = "0" * 64
    assert "SHA-256" in read(recipe.write()).problem


def test_missing_weights_are_named(both, read):
    both.write()
    (both.folder / "weights.onnx").unlink()
    assert weights_of(read(both.folder), "onnx").problem == (
        "the file weights.onnx is missing; copy the package again, whole"
    )


@pytest.mark.parametrize(
    "source", ["../outside.onnx", "sub/../../outside.onnx", "https://example.org/weights.onnx"]
)
def test_weights_elsewhere_are_not_reached(both, read, tmp_path, source):
    model, _ = onnx_model()
    (both.folder.parent / "outside.onnx").write_bytes(model.SerializeToString())
    both.document["weights"]["onnx"] = {"source": source, "opset_version": 17}
    description = read(both.write())
    assert "outside" in description.problem + weights_of(description, "onnx").problem or (
        "network" in weights_of(description, "onnx").problem
    )


def test_a_hard_link_is_refused(both, read, tmp_path):
    both.write()
    (both.folder / "weights.onnx").rename(tmp_path / "secret")
    os.link(tmp_path / "secret", both.folder / "weights.onnx")
    assert "hard-linked" in weights_of(read(both.folder), "onnx").problem


def test_a_hard_link_beside_them_is_refused_for_weights_that_are_programs(both, read, tmp_path):
    # A program may read all of its package; data cannot.
    (tmp_path / "secret").write_text("read by nobody else")
    (both.folder / "notes").mkdir()
    os.link(tmp_path / "secret", both.folder / "notes" / "today.txt")
    model = read(both.write())
    problem = weights_of(model, "torchscript").problem
    assert problem.startswith("notes/today.txt is hard-linked")
    assert weights_of(model, "onnx").problem == ""


def test_a_hard_link_inside_a_saved_model_is_refused(recipe, read, tmp_path):
    recipe.file("network/saved_model.pb", b"not read by the zoo")
    (tmp_path / "secret").write_text("read by nobody else")
    (recipe.folder / "network" / "assets").mkdir()
    os.link(tmp_path / "secret", recipe.folder / "network" / "assets" / "labels.txt")
    recipe.document["weights"] = {
        "tensorflow_saved_model_bundle": {"source": "network", "tensorflow_version": "2.18"}
    }
    assert "labels.txt is hard-linked" in read(recipe.write()).problem


@pytest.mark.parametrize("inside", [True, False])
def test_a_symbolic_link_is_refused(both, read, tmp_path, inside):
    both.write()
    target = (both.folder if inside else tmp_path) / "other.onnx"
    (both.folder / "weights.onnx").rename(target)
    (both.folder / "weights.onnx").symlink_to(target)
    assert "link" in weights_of(read(both.folder), "onnx").problem


def external(recipe, location):
    model, weights = onnx_model(external=location)
    recipe.file("weights.onnx", model.SerializeToString())
    recipe.document["weights"]["onnx"].pop("sha256")
    return weights.tobytes()


def test_external_data_is_part_of_the_digest(recipe, read):
    recipe.file("weights.data", external(recipe, "weights.data"))
    first = read(recipe.write()).weights[0]
    assert first.problem == ""
    recipe.file("weights.data", bytes(16 * 3 * 4))
    second = read(recipe.folder).weights[0]
    assert first.digest != second.digest
    assert first.size_bytes > 16 * 3 * 4


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "sub/../../secret", "missing"])
def test_external_data_outside_is_refused(recipe, read, location):
    (recipe.folder.parent / "secret").write_bytes(external(recipe, location))
    assert read(recipe.write()).weights[0].problem


def test_external_data_hard_linked_elsewhere_is_refused(recipe, read, tmp_path):
    (tmp_path / "secret").write_bytes(external(recipe, "weights.data"))
    os.link(tmp_path / "secret", recipe.folder / "weights.data")
    assert "hard-linked" in read(recipe.write()).problem


def test_external_data_is_found_inside_nested_graphs(tmp_path):
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["t"], value=tensor)],
        "branch",
        [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)],
        "net",
        [helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert read_onnx(path).external == ("../secret",)


def test_the_opset_is_read_without_the_onnx_package(tmp_path):
    model, _ = onnx_model()
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    assert read_onnx(tmp_path / "net.onnx").opset == 17


@pytest.mark.parametrize("content", [b"", b"location but no model", b"\x08\x08"])
def test_a_file_that_is_no_onnx_model_is_named(tmp_path, content):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(PackageFault, match=r"net\.onnx is not an ONNX model"):
        read_onnx(tmp_path / "net.onnx")


# What loading can do


def test_onnx_is_data_and_torchscript_a_program(both, read):
    model = read(both.write())
    assert weights_of(model, "onnx").trust_class is TrustClass.DATA
    assert weights_of(model, "torchscript").trust_class is TrustClass.PROGRAM
    assert model.weights[0].format == "onnx"


def test_an_exported_program_is_code(both, read):
    (both.folder / "weights.pt").rename(both.folder / "weights.pt2")
    both.document["weights"]["torchscript"]["source"] = "weights.pt2"
    assert weights_of(read(both.write()), "torchscript").trust_class is TrustClass.CODE


def state_dict(recipe, architecture):
    recipe.file("weights.pth", b"PK not read by the zoo")
    recipe.document["weights"]["pytorch_state_dict"] = {
        "source": "weights.pth",
        "pytorch_version": "2.10",
        "architecture": architecture,
        "parent": "onnx",
    }


@pytest.mark.parametrize(
    ("library", "trust_class"),
    [
        ("torchvision.models", TrustClass.DATA),
        ("torchvision.models.resnet", TrustClass.DATA),
        ("torchvision.models_evil", TrustClass.CODE),
        ("torchvision", TrustClass.CODE),
        ("os", TrustClass.CODE),
    ],
)
def test_a_state_dict_is_data_for_a_known_library_alone(recipe, read, library, trust_class):
    state_dict(
        recipe, {"callable": "resnet18", "import_from": library, "kwargs": {"num_classes": 3}}
    )
    weights = weights_of(read(recipe.write()), "pytorch_state_dict")
    assert weights.problem == ""
    assert weights.trust_class is trust_class
    assert weights.architecture == {
        "callable": "resnet18",
        "import_from": library,
        "kwargs": {"num_classes": 3},
    }


def test_source_code_is_code_and_part_of_the_digest(recipe, read):
    path = recipe.file("net.py", "def build(): ...\n")
    state_dict(recipe, {"callable": "build", "source": "net.py", "sha256": sha256(path)})
    first = weights_of(read(recipe.write()), "pytorch_state_dict")
    assert first.trust_class is TrustClass.CODE
    assert first.architecture["path"] == str(path)
    del recipe.document["weights"]["pytorch_state_dict"]["architecture"]["sha256"]
    unhashed = weights_of(read(recipe.write()), "pytorch_state_dict")
    path.write_text("import os\n")
    changed = weights_of(read(recipe.folder), "pytorch_state_dict")
    assert unhashed.digest != changed.digest


def test_source_code_of_another_hash_is_a_problem(recipe, read):
    recipe.file("net.py", "def build(): ...\n")
    state_dict(recipe, {"callable": "build", "source": "net.py", "sha256": "0" * 64})
    assert "net.py" in weights_of(read(recipe.write()), "pytorch_state_dict").problem


@pytest.mark.parametrize(
    ("layer", "trust_class"),
    [
        (dense(), TrustClass.DATA),
        (dense(class_name="Lambda"), TrustClass.CODE),
        (dense(class_name="TFSMLayer"), TrustClass.CODE),
        (dense(module="os"), TrustClass.CODE),
        (dense(module="kerasfake.layers"), TrustClass.CODE),
        (dense(config={"activation": {"class_name": "__lambda__"}}), TrustClass.CODE),
    ],
)
def test_a_keras_file_is_code_where_it_holds_code(recipe, read, layer, trust_class):
    keras_file(recipe.folder / "weights.keras", layer)
    recipe.document["weights"] = {
        "keras_v3": {
            "source": "weights.keras",
            "keras_version": "3.13.2",
            "backend": ["tensorflow", "2.18"],
        }
    }
    model = read(recipe.write())
    assert model.problem == ""
    assert model.weights[0].trust_class is trust_class


def test_a_keras_file_that_is_none_is_a_problem(recipe, read):
    recipe.file("weights.keras", b"HDF5, rather")
    recipe.document["weights"] = {
        "keras_v3": {
            "source": "weights.keras",
            "keras_version": "3.13.2",
            "backend": ["tensorflow", "2.18"],
        }
    }
    assert "not a Keras 3 file" in read(recipe.write()).problem


def test_hdf5_is_code(recipe, read):
    recipe.file("weights.h5", b"not read by the zoo")
    recipe.document["weights"] = {
        "keras_hdf5": {"source": "weights.h5", "tensorflow_version": "2.18"}
    }
    assert read(recipe.write()).weights[0].trust_class is TrustClass.CODE


@pytest.mark.parametrize("inside", ["", "model/"])
def test_a_saved_model_is_a_program_and_is_unpacked(recipe, read, tmp_path, inside):
    with zipfile.ZipFile(recipe.folder / "saved.zip", "w") as archive:
        archive.writestr(f"{inside}saved_model.pb", b"graph")
        archive.writestr(f"{inside}variables/variables.index", b"index")
    recipe.document["weights"] = {
        "tensorflow_saved_model_bundle": {"source": "saved.zip", "tensorflow_version": "2.18"}
    }
    weights = read(recipe.write()).weights[0]
    assert weights.trust_class is TrustClass.PROGRAM
    assert (weights.path / "saved_model.pb").read_bytes() == b"graph"
    assert weights.path.is_relative_to(tmp_path / "cache")


def test_a_saved_model_with_a_dangerous_name_is_refused(recipe, read, tmp_path):
    with zipfile.ZipFile(recipe.folder / "saved.zip", "w") as archive:
        archive.writestr("saved_model.pb", b"graph")
        archive.writestr("../../canary", b"evil")
    recipe.document["weights"] = {
        "tensorflow_saved_model_bundle": {"source": "saved.zip", "tensorflow_version": "2.18"}
    }
    assert "leads outside" in read(recipe.write()).problem
    assert not list(tmp_path.rglob("canary"))


def test_a_saved_model_may_be_a_folder(recipe, read):
    recipe.file("saved/saved_model.pb", b"graph")
    recipe.document["weights"] = {
        "tensorflow_saved_model_bundle": {"source": "saved", "tensorflow_version": "2.18"}
    }
    first = read(recipe.write()).weights[0]
    assert first.problem == ""
    recipe.file("saved/saved_model.pb", b"other")
    assert read(recipe.folder).weights[0].digest != first.digest


def test_the_description_is_part_of_the_digest(recipe, read):
    first = read(recipe.write()).weights[0].digest
    recipe.document["description"] = "Another one."
    assert read(recipe.write()).weights[0].digest != first


def test_a_package_without_weights_for_us_says_so(recipe, read):
    recipe.file("weights.zip", b"js")
    recipe.document["weights"] = {
        "tensorflow_js": {"source": "weights.zip", "tensorflow_version": "2.18"}
    }
    assert "no weights in a format" in read(recipe.write()).problem
