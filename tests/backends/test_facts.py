"""What backends tell of a framework that is missing, old, or fine, without importing it."""

import sys

import pytest

from zoobridge_backends._installed import older
from zoobridge_backends.onnx import OnnxBackend
from zoobridge_backends.pytorch import PyTorchBackend
from zoobridge_backends.tensorflow import TensorFlowBackend


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make the metadata of some distributions the only ones that are found."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def write(**versions: str) -> None:
        for name, version in versions.items():
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            (folder / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"
            )

    return write


@pytest.mark.parametrize("backend", [OnnxBackend, PyTorchBackend, TensorFlowBackend])
def test_a_missing_framework_is_a_fact_with_the_command_that_adds_it(backend, install):
    facts = backend().facts()
    assert facts.version == ""
    assert "not installed" in facts.problem
    assert facts.remedy.startswith('pip install "zoobridge[')


def test_an_unsafe_pytorch_is_told_with_its_remedy(install):
    install(torch="2.9.1")
    facts = PyTorchBackend().facts()
    assert facts.version == "2.9.1"
    assert "2.10" in facts.problem
    assert facts.remedy == 'pip install --upgrade "zoobridge[torch]"'


def test_a_local_version_is_as_good_as_its_release(install):
    install(torch="2.10.0+cu130")
    assert PyTorchBackend().facts().problem == ""
    assert PyTorchBackend().facts().version == "2.10.0+cu130"


def test_an_unsafe_keras_makes_tensorflow_unusable(install):
    install(tensorflow="2.21.0", keras="3.13.1")
    facts = TensorFlowBackend().facts()
    assert facts.version == "2.21.0"
    assert "3.13.2" in facts.problem


def test_a_missing_keras_is_told(install):
    install(tensorflow="2.21.0")
    assert TensorFlowBackend().facts().problem == "Keras is not installed."


def test_another_distribution_of_a_framework_counts(install):
    install(onnxruntime_gpu="1.22.0", tensorflow_cpu="2.20.0", keras="3.14.0")
    assert OnnxBackend().facts().version == "1.22.0"
    assert TensorFlowBackend().facts().version == "2.20.0"


@pytest.mark.parametrize(
    ("version", "floor", "expected"),
    [
        ("2.9", "2.10", True),
        ("2.10", "2.10", False),
        ("2.10.0", "2.10", False),
        ("2.10.0rc1", "2.10", False),
        ("3", "2.10", False),
        ("3.13", "3.13.2", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version, floor, expected):
    assert older(version, floor) is expected
