"""The packages of the demo zoo are what they say."""

import gc
import re
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import onnx
import pytest
from bioimageio.spec import ValidationContext, load_description
from PIL import Image

from recipe.architecture import DIGITS, TEXTURES
from recipe.measure import onnx_scores, prepare_digits, prepare_textures, right
from recipe.splits import held_out_patches, split_digits

FORMATS = {
    "digits": {"onnx", "torchscript", "keras_v3", "tensorflow_saved_model_bundle"},
    "textures": {"onnx", "torchscript", "keras_v3"},
}


def description(package):
    # IO checks verify every hash and test tensor; nothing in the packages is on the network.
    context = ValidationContext(perform_io_checks=True, disable_cache=True)
    with warnings.catch_warnings(), context:
        # The library leaves the files that it hashes to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        model = load_description(package / "rdf.yaml")
        gc.collect()
    return model


def stated(package, row):
    """The numbers of a row of the documentation's table: how many are right, of how many."""
    text = (package / "documentation.md").read_text("utf-8")
    found = re.search(rf"^\| {re.escape(row)} \| (\d+) of (\d+)", text, re.MULTILINE)
    assert found, text
    return int(found[1]), int(found[2])


def mosaic_regions(pictures):
    mosaic = np.asarray(Image.open(pictures / "mosaic" / "mosaic.jpg"))
    lines = (pictures / "mosaic" / "regions.csv").read_text("utf-8").splitlines()[1:]
    regions, classes = [], []
    for line in lines:
        _, x, y, width, height, label = line.split(",")
        box = np.s_[int(y) : int(y) + int(height), int(x) : int(x) + int(width)]
        regions.append(mosaic[box])
        classes.append(TEXTURES.labels.index(label))
    return np.stack(regions), np.array(classes)


def test_the_specification_finds_no_fault(package):
    model = description(package)
    assert model.validation_summary.status in {"passed", "valid-format"}
    assert {name for name, entry in model.weights if entry is not None} == FORMATS[package.name]


def test_a_package_is_small(package):
    assert sum(path.stat().st_size for path in package.iterdir()) < 2_000_000


def test_every_format_answers_the_test_tensors_alike(package, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", "validate", str(package)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in FORMATS[package.name]:
        assert name in done.stdout


def test_old_onnx_runtimes_can_read_the_network(package):
    model = onnx.load(package / "weights.onnx")
    assert model.ir_version <= 10
    assert max(opset.version for opset in model.opset_import) <= 21


@pytest.mark.parametrize("word", [b"/home", b"/root", b"/tmp", b"/usr", b"site-packages", b"Users"])
def test_no_file_tells_of_the_machine_that_made_it(package, word):
    for path in package.iterdir():
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        assert not any(word in content for content in contents), path.name


def test_the_digits_documentation_tells_the_truth(examples, pictures):
    package = examples / "zoo" / "digits"
    network = package / "weights.onnx"
    _, held_out = split_digits()
    inputs = prepare_digits(held_out.pictures)
    shown = sorted((pictures / "digits").glob("*/*.png"))
    small = np.stack([np.asarray(Image.open(path))[::8, ::8] for path in shown])
    classes = np.array([int(path.parent.name) for path in shown])
    assert stated(package, "all held-out digits, bright on dark") == (
        right(network, inputs, held_out.classes),
        len(held_out),
    )
    assert stated(package, "the same, inverted") == (
        right(network, 1 - inputs, held_out.classes),
        len(held_out),
    )
    assert stated(package, "those in `examples/pictures/digits`") == (
        right(network, prepare_digits(small), classes),
        len(shown),
    )


def test_the_textures_documentation_tells_the_truth(examples, pictures):
    package = examples / "zoo" / "textures"
    network = package / "weights.onnx"
    held_out = held_out_patches(TEXTURES.labels, size=64, step=64)
    regions, classes = mosaic_regions(pictures)
    assert stated(package, "held-out patches, side by side") == (
        right(network, prepare_textures(held_out.pictures), held_out.classes),
        len(held_out),
    )
    assert stated(package, "regions of `examples/pictures/mosaic`") == (
        right(network, prepare_textures(regions), classes),
        len(regions),
    )


@pytest.mark.parametrize(("name", "plan"), [("digits", DIGITS), ("textures", TEXTURES)])
def test_the_classes_are_those_that_were_learnt(name, plan, examples):
    model = description(examples / "zoo" / name)
    assert tuple(model.outputs[0].axes[1].channel_names) == plan.labels
    assert set(model.config.model_dump()["zoobridge"]["class_colors"]) == set(plan.labels)


def test_the_test_output_is_the_softmax_of_the_networks_scores(examples):
    package = examples / "zoo" / "digits"
    scores = onnx_scores(package / "weights.onnx", np.load(package / "test_input.npy") / 255)
    exponents = np.exp(scores.astype(np.float64))
    np.testing.assert_allclose(
        np.load(package / "test_output.npy"), exponents / exponents.sum(), rtol=1e-4, atol=1e-7
    )
