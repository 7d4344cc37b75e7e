"""Hostile weights are refused, or run confined and can do nothing.

Each attack is made twice: on a bare process, where it must succeed (or the test would prove
nothing), and on a confined one.
"""

import re

import pytest

BACKENDS = {
    "torch": "zoobridge_backends.pytorch:PyTorchBackend",
    "tensorflow": "zoobridge_backends.tensorflow:TensorFlowBackend",
    "onnx": "zoobridge_backends.onnx:OnnxBackend",
}
SAVED_MODEL = "tensorflow_saved_model_bundle"
STATE = "pytorch_state_dict"
OWN = {"callable": "Double", "path": "PACKAGE/architecture.py"}
LIBRARY = {"callable": "Double", "import_from": "architecture"}
KNOWN = {
    "callable": "shufflenet_v2_x0_5",
    "import_from": "torchvision.models",
    "kwargs": {"num_classes": 4},
}
FETCHING = KNOWN | {"kwargs": {"weights": "DEFAULT"}}
NO_MODEL = KNOWN | {"callable": "get_model_weights", "kwargs": {"name": "resnet18"}}

#: framework, format, path, architecture, what it does in a bare process
ATTACKS = {
    "torchscript_that_writes": ("torch", "torchscript", "writer.pt", {}, {"written"}),
    "torchscript_that_reads": ("torch", "torchscript", "reader.pt", {}, {"read"}),
    "exported_program": ("torch", "torchscript", "evil.pt2", {}, {"written", "read", "reached"}),
    "architecture_source": ("torch", STATE, "state.pt", OWN, {"written", "read", "reached"}),
    "saved_model_that_writes": ("tensorflow", SAVED_MODEL, "writer", {}, {"written"}),
    "saved_model_that_reads": ("tensorflow", SAVED_MODEL, "reader", {}, {"read"}),
    "keras_lambda": ("tensorflow", "keras_v3", "lambda.keras", {}, {"written", "read", "reached"}),
    "keras_hdf5": ("tensorflow", "keras_hdf5", "lambda.h5", {}, {"written", "read", "reached"}),
}

#: framework, format, path, architecture, what the refusal says
REFUSED = {
    "exported_program": ("torch", "torchscript", "evil.pt2", {}, "trust the package"),
    "architecture_source": ("torch", STATE, "state.pt", OWN, "trust the package"),
    "architecture_of_a_strange_module": ("torch", STATE, "state.pt", LIBRARY, "trust the package"),
    "architecture_that_fetches_weights": ("torch", STATE, "state.pt", FETCHING, "fetch weights"),
    "callable_that_is_no_model": ("torch", STATE, "state.pt", NO_MODEL, "no architecture"),
    "evil_state_dict": ("torch", STATE, "evil_state.pt", KNOWN, "other than tensors"),
    "evil_pickle": ("torch", STATE, "evil_legacy.pt", KNOWN, "other than tensors"),
    "keras_lambda": ("tensorflow", "keras_v3", "lambda.keras", {}, "safe"),
    "keras_hdf5": ("tensorflow", "keras_hdf5", "lambda.h5", {}, "trust the package"),
    "onnx_data_hard_linked": ("onnx", "onnx", "hard/model.onnx", {}, "hard-linked"),
    "onnx_data_symbolically_linked": ("onnx", "onnx", "symbolic/model.onnx", {}, "cannot load"),
    "onnx_data_in_a_parent_folder": ("onnx", "onnx", "parent/model.onnx", {}, "cannot load"),
    "onnx_data_at_an_absolute_path": ("onnx", "onnx", "absolute/model.onnx", {}, "cannot load"),
    "onnx_custom_operator": ("onnx", "onnx", "custom/model.onnx", {}, "Evil"),
}

#: framework, format, path, architecture: honest files that must work while confined
HONEST = {
    "torchscript": ("torch", "torchscript", "double.pt", {}),
    "exported_program": ("torch", "torchscript", "plain.pt2", {}),
    "saved_model": ("tensorflow", SAVED_MODEL, "double", {}),
    "keras": ("tensorflow", "keras_v3", "double.keras", {}),
    "onnx": ("onnx", "onnx", "double.onnx", {}),
}


@pytest.fixture(scope="session")
def replies(attacked):
    """All replies by kind, confinement and name."""

    def attack(kind, name, case, *, confined, trusted, shape=(3, 4)):
        architecture = {
            key: value.replace("PACKAGE", str(subject.package)) if key == "path" else value
            for key, value in case[3].items()
        }
        return {
            "name": f"{kind} {name} {'confined' if confined else 'bare'}",
            "format": case[1],
            "path": case[2],
            "architecture": architecture,
            "confined": confined,
            "trusted": trusted,
            "shape": shape,
        }

    found = {}
    for framework, backend in BACKENDS.items():
        subject = attacked(framework, backend)
        attacks = [
            attack(kind, name, case, confined=confined, trusted=kind != "refused")
            for kind, cases, ways in (
                ("attack", ATTACKS, (False, True)),
                ("refused", REFUSED, (False,)),
                ("honest", HONEST, (True,)),
            )
            for name, case in cases.items()
            for confined in ways
            if case[0] == framework
        ]
        if framework == "torch":
            known = ("torch", STATE, "shufflenet.pt", KNOWN)
            attacks.append(
                attack(
                    "honest",
                    "torchvision",
                    known,
                    confined=True,
                    trusted=False,
                    shape=(1, 3, 64, 64),
                )
            )
        found |= subject.replies(attacks)
    return found


def did(reply):
    return {deed for deed in ("written", "read", "reached") if reply[deed]}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_succeeds_on_a_bare_process(name, replies):
    assert did(replies[f"attack {name} bare"]) == ATTACKS[name][4]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_does_nothing_to_a_confined_process(name, replies):
    reply = replies[f"attack {name} confined"]
    assert reply["status"] == 0
    assert did(reply) == set()


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_weights_are_refused_without_trust(name, replies):
    reply = replies[f"refused {name} bare"]
    assert re.search(REFUSED[name][4], reply["fault"]), reply["fault"]
    assert did(reply) == set()


def test_a_library_beside_the_model_never_comes_into_the_process(replies):
    assert "custom_ops.so" not in replies["refused onnx_custom_operator bare"]["maps"]


@pytest.mark.parametrize("name", HONEST)
def test_honest_weights_work_in_a_confined_process(name, replies):
    reply = replies[f"honest {name} confined"]
    assert reply["fault"] == ""
    assert reply["answer"] == [2.0] * 12


def test_architectures_of_torchvision_work_in_a_confined_process(replies):
    reply = replies["honest torchvision confined"]
    assert reply["fault"] == ""
    assert len(reply["answer"]) == 4
