"""After a failure there is no answer: neither the old one nor a wrong one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from zoobridge.protocol.connection import RUNTIME_DIR_VARIABLE

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (
            ("predict", "/no such/picture.png", "ONNX", "digits"),
            "/no such/picture.png does not exist",
            1,
        ),
        (("predict", "{picture}", "ONNX", "digit"), "digits", 1),
        (("predict", "{picture}", "Caffe", "digits"), "Keras, ONNX, PyTorch", 1),
        (("predict", "ONNX", "digits"), "usage: deepclas4bio-predict IMAGE FRAMEWORK MODEL", 2),
        (("listModels",), "usage: deepclas4bio-listModels FRAMEWORK", 2),
        (("listModels", "MxNet"), "MxNet is served any more", 1),
        (("listFrameworks", "more"), "takes 0 arguments", 2),
        (("predictBatch", "nothing.json"), "nothing.json does not exist", 1),
        (("predictBatch", "{picture}"), "is not a JSON file", 1),
        (("evaluate",), "usage: deepclas4bio-evaluate CONFIG.json", 2),
    ],
)
def test_a_failure_ends_with_a_sentence_and_without_an_answer(
    plugin, pictures, words, sentence, code
):
    picture = pictures / "digits" / "3" / "digit-1347.png"
    (plugin.folder / "data.json").write_text('{"class": "an old answer"}')
    called = plugin(*(word.format(picture=picture) for word in words))
    assert sentence in called.errors
    assert "Traceback" not in called.errors
    assert called.code == code
    assert list(plugin.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"measures": ["kappa"]}, "kappa; there are accuracy"),
        ({"readDataset": "ReadDatasetFolder"}, "ReadDatasetFolders"),
        ({"pathDataset": "/nothing"}, "/nothing"),
        ({"predictors": []}, '"predictors"'),
        ({"predictors": [{"framework": "ONNX"}]}, '"model"'),
        ({"measures": "accuracy"}, '"measures"'),
        ({"predictors": [{"framework": "ONNX", "model": "textures"}]}, "match"),
    ],
)
def test_a_wrong_request_is_named(plugin, pictures, change, sentence):
    usual = {
        "readDataset": "ReadDatasetFolders", "pathDataset": str(pictures / "digits"),
        "pathLabels": "", "measures": ["accuracy"],
        "predictors": [{"framework": "ONNX", "model": "digits"}],
    }  # fmt: skip
    called = plugin("evaluate", plugin.config(**usual | change))
    assert sentence in called.errors
    assert (called.code, called.document) == (1, None)


def test_a_picture_that_fails_among_others_says_so_in_the_place_of_its_class(
    plugin, pictures, tmp_path
):
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"no picture")
    images = [str(pictures / "digits" / "3" / "digit-1347.png"), str(torn), str(tmp_path)]
    called = plugin("predictBatch", plugin.config(framework="ONNX", model="digits", images=images))
    classes = [one["class"] for one in called.document["results"]]
    assert classes[0] == "3"
    assert all(one.startswith("ERROR: ") for one in classes[1:])
    assert str(torn) in classes[1]
    assert (called.code, str(torn) in called.errors) == (1, True)
    called = plugin(
        "predictBatch", plugin.config(framework="ONNX", model="digits", images=images[1:])
    )
    assert (called.code, called.document) == (1, None)


def test_a_stack_has_no_class(plugin, pictures):
    called = plugin("predict", pictures / "stack" / "textures.tif", "ONNX", "textures")
    assert "planes" in called.errors
    assert (called.code, called.document) == (1, None)


def test_what_the_extra_would_bring_is_named_where_it_is_missing(plugin, tmp_path):
    """An environment that really lacks SciPy: all that is installed here, but for that."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True, timeout=100
    )
    (bare,) = (tmp_path / "bare").glob("**/site-packages")
    for entry in Path(pytest.__file__).parents[1].iterdir():
        if not entry.name.startswith("scipy"):
            (bare / entry.name).symlink_to(entry)
    python = next(
        path for path in (tmp_path / "bare" / "bin" / "python", tmp_path / "bare" / "Scripts" / "python.exe")
        if path.exists()
    )  # fmt: skip
    (plugin.folder / "data.json").write_text("{}")
    config = plugin.config("config", predictors=[])
    called = plugin("evaluate", config, python=python)
    assert 'scipy, which is not installed; pip install "zoobridge[deepclas4bio]"' in called.errors
    assert (called.code, called.document) == (1, None)


def test_without_a_server_one_is_asked_for_or_started(plugin, pictures, tmp_path):
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    plugin.environment = plugin.environment | {RUNTIME_DIR_VARIABLE: str(runtime)}
    called = plugin("listFrameworks")
    assert "set ZOOBRIDGE_ZOO" in called.errors
    assert (called.code, called.document) == (1, None)
    plugin.environment["ZOOBRIDGE_ZOO"] = str(pictures.parent / "zoo")
    try:
        called = plugin("listModels", "ONNX")
        assert called.code == 0, called.errors
        assert called.document["models"] == ["digits", "textures"]
        # The server stays for the next call.
        (connection,) = runtime.glob("server-*.json")
        assert plugin("listModels", "ONNX").code == 0
        assert json.loads(connection.read_text())["address"]
    finally:
        subprocess.run(
            [sys.executable, "-m", "zoobridge", "stop"], env=plugin.environment, check=True,
            timeout=100, capture_output=True,
        )  # fmt: skip


def test_a_request_in_the_place_of_the_answer_is_read_first(plugin):
    picture = next((EXAMPLES / "pictures" / "digits").rglob("*.png"))
    path = plugin.config("data.json", framework="ONNX", model="digits", images=[str(picture)])
    for word in ("./data.json", "data.json", path):
        plugin.config("data.json", framework="ONNX", model="digits", images=[str(picture)])
        called = plugin("predictBatch", word)
        assert called.code == 0, called.errors
        assert [one["image"] for one in called.document["results"]] == [str(picture)]


def test_a_name_of_a_plugin_stands_for_the_model_that_the_settings_say(plugin, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("# the authors' plugins\nResNet34Kvasir = digits\n")
    plugin.environment["ZOOBRIDGE_DEEPCLAS4BIO_NAMES"] = str(names)
    picture = next((EXAMPLES / "pictures" / "digits").rglob("*.png"))
    called = plugin("predict", picture, "ONNX", "ResNet34Kvasir")
    assert called.code == 0, called.errors
    assert called.document["model"] == "ResNet34Kvasir"
    names.write_text("ResNet34Kvasir digits\n")
    called = plugin("predict", picture, "ONNX", "ResNet34Kvasir")
    assert called.code == 1
    assert "write NAME = MODEL" in called.errors
