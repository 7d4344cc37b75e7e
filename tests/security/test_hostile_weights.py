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
    "saved_model_that_connects": ("tensorflow", SAVED_MODEL, "reacher", {}, {"reached"}),
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

#: framework, format, path, architecture, what PyTorch lacks: there is no way to name an address
MUTE = {
    "group_by_an_address": ("torch", "torchscript", "group.pt", {}, "resolve the process group"),
    "peer_of_an_own_group": ("torch", "torchscript", "peer.pt", {}, "No backend type"),
    "call_to_an_address": ("torch", "torchscript", "call.pt", {}, "undefined function"),
}

#: framework, format, path, architecture: honest files that must work while confined
HONEST = {
    "torchscript": ("torch", "torchscript", "double.pt", {}),
    "exported_program": ("torch", "torchscript", "plain.pt2", {}),
    "saved_model": ("tensorflow", SAVED_MODEL, "double", {}),
    "keras": ("tensorflow", "keras_v3", "double.keras", {}),
    "onnx": ("onnx", "onnx", "double.onnx", {}),
    "torchvision": ("torch", STATE, "state.pt", KNOWN),
}


#: Several starts of each framework take their time on a busy machine.
pytestmark = pytest.mark.timeout(900)


def attacks_on(framework, package):
    for kind, cases, ways in (
        ("attack", ATTACKS, (False, True)),
        ("refused", REFUSED, (False,)),
        ("mute", MUTE, (False,)),
        ("honest", HONEST, (True,)),
    ):
        for name, case in cases.items():
            if case[0] != framework:
                continue
            for confined in ways:
                architecture = dict(case[3])
                if "path" in architecture:
                    architecture["path"] = architecture["path"].replace("PACKAGE", str(package))
                yield {
                    "name": f"{kind} {name} {'confined' if confined else 'bare'}",
                    "format": case[1],
                    "path": case[2],
                    "architecture": architecture,
                    "confined": confined,
                    "trusted": kind != "refused",
                    "shape": (1, 3, 64, 64) if name == "torchvision" else (3, 4),
                }


@pytest.fixture(scope="session")
def reply(attacked):
    """Tell the reply to an attack by its kind, its name, and whether it was confined."""
    found = {}

    def get(kind, cases, name, way):
        framework = cases[name][0]
        if framework not in found:
            subject = attacked(framework, BACKENDS[framework])
            attacks = list(attacks_on(framework, subject.package))
            libraries = ("torchvision",) if framework == "torch" else ()
            found[framework] = subject.replies(attacks, libraries)
        return found[framework][f"{kind} {name} {way}"]

    return get


def did(reply):
    return {deed for deed in ("written", "read", "reached") if reply[deed]}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_succeeds_on_a_bare_process(name, reply):
    assert did(reply("attack", ATTACKS, name, "bare")) == ATTACKS[name][4]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_does_nothing_to_a_confined_process(name, reply):
    assert did(reply("attack", ATTACKS, name, "confined")) == set()


@pytest.mark.parametrize("name", MUTE)
def test_torchscript_finds_nobody_to_talk_to_even_on_a_bare_process(name, reply):
    told = reply("mute", MUTE, name, "bare")
    assert MUTE[name][4] in told["fault"]
    assert did(told) == set()


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_weights_are_refused_without_trust(name, reply):
    told = reply("refused", REFUSED, name, "bare")
    assert re.search(REFUSED[name][4], told["fault"]), told["fault"]
    assert did(told) == set()


def test_a_library_beside_the_model_never_comes_into_the_process(reply):
    told = reply("refused", REFUSED, "onnx_custom_operator", "bare")
    assert "custom_ops.so" not in told["maps"]


@pytest.mark.parametrize("name", [name for name in HONEST if name != "torchvision"])
def test_honest_weights_work_in_a_confined_process(name, reply):
    told = reply("honest", HONEST, name, "confined")
    assert told["fault"] == ""
    assert told["answer"] == [2.0] * 12


def test_architectures_of_torchvision_can_be_built_in_a_confined_process(reply):
    # The file holds another network's state, which shows only once the architecture stands.
    told = reply("honest", HONEST, "torchvision", "confined")
    assert "Missing key" in told["fault"]
