"""Which weights run, and why others cannot."""

from dataclasses import replace
from pathlib import Path

import pytest

from zoobridge.backend import FrameworkFacts
from zoobridge.errors import BrokenPackageError, FrameworkError, TrustError
from zoobridge.zoo import (
    ModelDescription,
    TrustClass,
    TrustStore,
    WeightsDescription,
    choose_weights,
    weights_obstacle,
)

ONNX = WeightsDescription("onnx", "onnx", Path("w.onnx"), TrustClass.DATA, digest="a" * 64)
SCRIPT = WeightsDescription(
    "torchscript", "pytorch", Path("w.pt"), TrustClass.PROGRAM, digest="b" * 64
)
CODE = WeightsDescription(
    "keras_hdf5", "tensorflow", Path("w.h5"), TrustClass.CODE, digest="c" * 64
)
ALL = {
    "onnx": FrameworkFacts("1.31"),
    "pytorch": FrameworkFacts("2.13"),
    "tensorflow": FrameworkFacts("2.21"),
}
WITHOUT_TORCH = ALL | {
    "pytorch": FrameworkFacts(
        problem="PyTorch is not installed.", remedy='pip install "zoobridge[torch]"'
    )
}


def model(*weights, **fields):
    return ModelDescription(
        id="tiny", root=Path("tiny"), source=Path("tiny"), version="1.0", weights=weights, **fields
    )


@pytest.fixture
def trust(tmp_path):
    return TrustStore(tmp_path / "trusted.json")


@pytest.fixture
def choose(trust):
    def choose_it(*weights, framework="", frameworks=ALL, confined=True, **fields):
        return choose_weights(
            model(*weights, **fields),
            framework,
            frameworks=frameworks,
            confined=confined,
            trust=trust,
        )

    return choose_it


def test_the_first_that_can_run_is_chosen(choose):
    assert choose(ONNX, SCRIPT, CODE) is ONNX
    assert choose(ONNX, SCRIPT, CODE, framework="pytorch") is SCRIPT


def test_weights_with_a_problem_are_passed_over(choose):
    assert choose(replace(ONNX, problem="damaged"), SCRIPT) is not ONNX


def test_a_missing_framework_is_passed_over(choose):
    assert choose(SCRIPT, ONNX, frameworks=WITHOUT_TORCH) is ONNX


def test_a_missing_framework_is_answered_with_the_command_that_adds_it(choose):
    with pytest.raises(FrameworkError, match=r'pip install "zoobridge\[torch\]"') as caught:
        choose(SCRIPT, ONNX, framework="pytorch", frameworks=WITHOUT_TORCH)
    assert caught.value.field == "framework"


def test_a_framework_that_the_package_has_no_weights_for_is_answered_with_those_it_has(choose):
    with pytest.raises(FrameworkError, match="use one of: onnx, pytorch"):
        choose(ONNX, SCRIPT, framework="tensorflow")
    with pytest.raises(FrameworkError, match="known are: onnx, pytorch, tensorflow"):
        choose(ONNX, framework="caffe")


def test_a_program_runs_confined_or_trusted_alone(choose, trust):
    assert choose(SCRIPT) is SCRIPT
    with pytest.raises(TrustError, match=r"zoobridge trust tiny@1\.0") as caught:
        choose(SCRIPT, confined=False)
    assert "cannot be confined" in caught.value.message
    trust.trust([SCRIPT.digest])
    assert choose(SCRIPT, confined=False) is SCRIPT


def test_code_runs_trusted_alone_and_that_very_digest(choose, trust):
    with pytest.raises(TrustError, match=r"zoobridge trust tiny@1\.0"):
        choose(CODE)
    trust.trust(["d" * 64])
    with pytest.raises(TrustError):
        choose(CODE)
    trust.trust([CODE.digest])
    assert choose(CODE) is CODE


def test_code_without_a_digest_is_never_trusted(choose, trust):
    with pytest.raises(TrustError):
        choose(replace(CODE, digest=""))


def test_a_broken_package_says_why(choose):
    with pytest.raises(BrokenPackageError, match="no labels"):
        choose(ONNX, problem="no labels")


def test_broken_weights_that_were_asked_for_say_why(choose):
    with pytest.raises(BrokenPackageError, match="damaged"):
        choose(ONNX, replace(SCRIPT, problem="damaged"), framework="pytorch")


def test_the_smallest_step_is_named_first(choose):
    with pytest.raises(TrustError):
        choose(SCRIPT, CODE, frameworks=WITHOUT_TORCH)


def test_a_listing_tells_problem_and_remedy_of_each(trust):
    def obstacle(weights, frameworks=ALL):
        return weights_obstacle(
            model(weights), weights, frameworks=frameworks, confined=True, trust=trust
        )

    assert obstacle(ONNX) == ("", "")
    assert obstacle(replace(ONNX, problem="damaged")) == ("damaged", "")
    assert obstacle(SCRIPT, WITHOUT_TORCH)[1] == 'pip install "zoobridge[torch]"'
    assert obstacle(CODE)[1] == "zoobridge trust tiny@1.0"
    assert "no backend" in obstacle(ONNX, {})[0]
