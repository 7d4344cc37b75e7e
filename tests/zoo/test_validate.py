"""Validating packages by running them."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from tiny_packages import onnx_model
from zoobridge.backend import FrameworkFacts
from zoobridge.errors import WorkerError
from zoobridge.zoo import Tolerance, TrustStore, validate_package
from zoobridge.zoo._validate import _difference

FRAMEWORKS = {"onnx": FrameworkFacts("1"), "pytorch": FrameworkFacts("2")}


@contextmanager
def network_here(framework, file):
    """Run any file as ONNX: what stands under `torchscript` here is an ONNX file too."""
    from zoobridge_backends.onnx import OnnxBackend

    backend = OnnxBackend()
    backend.start()
    yield backend.load(replace(file, format="onnx"), device="cpu", threads=1)


@pytest.fixture
def trust(tmp_path):
    return TrustStore(tmp_path / "trusted.json")


@pytest.fixture
def validate(tmp_path, trust):
    def validate_it(path, **options):
        options = {
            "open_network": network_here,
            "frameworks": FRAMEWORKS,
            "confined": True,
        } | options
        return validate_package(path, unpack_to=tmp_path / "cache", trust=trust, **options)

    return validate_it


@pytest.fixture
def two_formats(recipe):
    def build(**options):
        model, _ = onnx_model(**options)
        recipe.file("weights.pt", model.SerializeToString())
        recipe.document["weights"]["torchscript"] = {
            "source": "weights.pt",
            "pytorch_version": "2.10",
            "parent": "onnx",
        }
        return recipe.write()

    return build


def test_a_sound_package_is_ok_folder_or_zip(recipe, validate):
    report = validate(recipe.write())
    assert report.ok
    assert report.weights[0].difference.absolute < 1e-6
    assert validate(recipe.zipped()).ok


def test_pre_and_postprocessing_are_part_of_it(recipe, validate):
    recipe.input["preprocessing"] = [{"id": "scale_linear", "kwargs": {"gain": 2.0}}]
    recipe.output["postprocessing"] = [{"id": "softmax"}]
    raw = 2 * recipe.test_input.reshape(1, -1) @ recipe.weights
    scores = np.exp(raw) / np.exp(raw).sum()
    np.save(recipe.folder / "test_output.npy", scores.astype("float32"))
    assert validate(recipe.write()).ok


def test_another_test_output_is_out_of_tolerance(recipe, validate):
    np.save(recipe.folder / "test_output.npy", recipe.test_output + 0.5)
    report = validate(recipe.write())
    assert not report.ok
    assert report.weights[0].difference.absolute == pytest.approx(0.5, abs=1e-5)
    assert "differs from the package's test output by up to 0.5" in report.problems[0]


def test_the_packages_own_tolerance_counts(recipe, validate):
    np.save(recipe.folder / "test_output.npy", recipe.test_output + 0.5)
    tolerance = {"relative_tolerance": 0.001, "absolute_tolerance": 0.05}
    recipe.document["config"] = {"bioimageio": {"reproducibility_tolerance": [tolerance]}}
    assert not validate(recipe.write()).ok
    np.save(recipe.folder / "test_output.npy", recipe.test_output + 0.04)
    assert validate(recipe.folder).ok


def test_formats_that_agree_are_ok(two_formats, validate):
    report = validate(two_formats())
    assert report.ok
    assert report.between["onnx", "torchscript"].absolute < 1e-6


def test_formats_that_differ_are_told_and_by_how_much(two_formats, validate):
    report = validate(two_formats(seed=7))
    assert not report.ok
    assert not report.between["onnx", "torchscript"].within
    assert any("not the same network" in problem for problem in report.problems)
    assert report.weights[0].problem == ""


def test_a_missing_framework_is_skipped_and_told(two_formats, validate):
    facts = FrameworkFacts(problem="PyTorch is not installed.", remedy="pip install x")
    report = validate(two_formats(), frameworks=FRAMEWORKS | {"pytorch": facts})
    assert report.ok
    assert report.weights[1].skipped == "PyTorch is not installed."
    assert report.weights[1].remedy == "pip install x"


def test_a_program_that_nobody_trusts_is_not_run_unconfined(two_formats, validate, trust):
    folder = two_formats()
    report = validate(folder, confined=False)
    assert report.weights[1].remedy == "zoobridge trust tiny-net@1.0.0"
    assert report.weights[1].difference is None
    trust.trust([report.weights[1].weights.digest])
    assert validate(folder, confined=False).weights[1].difference.within


def test_a_package_of_which_nothing_can_run_is_not_ok(recipe, validate):
    report = validate(recipe.write(), frameworks={})
    assert not report.ok
    assert "none of the weights could be run" in report.problems[0]


def test_a_wrong_hash_of_one_format_is_a_problem(two_formats, recipe, validate):
    recipe.document["weights"]["onnx"]["sha256"] = "0" * 64
    report = validate(two_formats())
    assert not report.ok
    assert "onnx: weights.onnx has the SHA-256" in report.problems[0]


def test_a_broken_package_is_reported_not_raised(tmp_path, validate):
    (tmp_path / "rdf.yaml").write_text("type: [")
    report = validate(tmp_path)
    assert not report.ok
    assert "not valid YAML" in report.problems[0]


def test_a_package_without_test_tensors_cannot_be_validated(recipe, validate):
    del recipe.input["test_tensor"]
    assert "test tensors" in validate(recipe.write()).problems[0]


def test_a_file_that_does_not_load_is_a_problem(recipe, validate):
    recipe.file("weights.onnx", b"not a model")
    recipe.document["weights"]["onnx"].pop("sha256")
    report = validate(recipe.write())
    assert not report.ok
    assert "weights.onnx" in report.problems[0]


def test_a_worker_that_dies_is_a_problem(recipe, validate):
    @contextmanager
    def dying(framework, file):
        raise WorkerError("the worker was killed")
        yield

    report = validate(recipe.write(), open_network=dying)
    assert report.problems == ("onnx: the worker was killed",)


@pytest.mark.parametrize(
    ("actual", "expected", "within", "absolute"),
    [
        ([1.0], [1.0], True, 0),
        ([np.nan], [np.nan], True, 0),
        ([np.inf], [np.inf], True, 0),
        ([np.nan], [1.0], False, np.inf),
        ([1.0], [np.nan], False, np.inf),
        ([1.0, 2.0], [1.0], False, np.inf),
        ([1.001], [1.0], True, 0.001),
        ([1.1], [1.0], False, 0.1),
        ([], [], True, 0),
    ],
)
def test_differences_are_measured(actual, expected, within, absolute):
    difference = _difference(np.array(actual), np.array(expected), Tolerance())
    assert difference.within is within
    assert difference.absolute == pytest.approx(absolute)


def test_a_few_values_may_differ_where_there_are_many():
    expected = np.zeros(100_000)
    actual = expected.copy()
    actual[:10] = 1
    assert _difference(actual, expected, Tolerance()).within
    actual[:11] = 1
    assert not _difference(actual, expected, Tolerance()).within
