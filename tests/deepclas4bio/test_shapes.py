"""The nine JSON shapes of the original, transcribed from its facts: seven answers, two requests."""

import shutil

import pytest

# What each answer holds: a type, a tuple of alternatives that a text may be, a list of one shape,
# or an object of shapes. The two requests are those that `plugin.config` writes below.
FRAMEWORKS = {"type": ("frameworks",), "frameworks": [str]}
MODELS = {"type": ("models",), "framework": str, "models": [str]}
MEASURES = {"type": ("measures",), "measures": [str]}
READERS = {"type": ("readDatasets",), "readDatasets": [{"name": str, "description": str}]}
ONE = {"type": ("classification",), "image": str, "framework": str, "model": str, "class": str}
MANY = {
    "type": ("classification",),
    "framework": str,
    "model": str,
    "results": [{"image": str, "class": str}],
}


def check(value, shape, where="document"):
    """Check that a value has exactly a shape, the order of its keys included."""
    if isinstance(shape, dict):
        assert list(value) == list(shape), where
        for key, inner in shape.items():
            check(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for number, one in enumerate(value):
            check(one, shape[0], f"{where}[{number}]")
    elif isinstance(shape, tuple):
        assert value in shape, where
    else:
        assert type(value) is shape, where


def test_frameworks_have_the_names_that_the_dialogs_know(plugin):
    called = plugin("listFrameworks")
    assert called.code == 0, called.errors
    check(called.document, FRAMEWORKS)
    assert called.document["frameworks"] == ["Keras", "PyTorch", "ONNX"]


@pytest.mark.parametrize("framework", ["Keras", "PyTorch", "ONNX", "keras", "tensorflow"])
def test_models_are_listed_for_a_framework_under_the_name_that_was_given(plugin, framework):
    called = plugin("listModels", framework)
    assert called.code == 0, called.errors
    check(called.document, MODELS)
    assert called.document["framework"] == framework
    assert called.document["models"] == ["digits", "textures"]


def test_measures_are_the_eight_of_the_original(plugin):
    called = plugin("listMeasures")
    assert called.code == 0, called.errors
    check(called.document, MEASURES)
    assert called.document["measures"] == [
        "accuracy", "precision", "recall", "f1", "jaccardIndex", "matthewsCorrelation", "auroc",
        "rank5",
    ]  # fmt: skip


def test_readers_are_listed_with_what_they_read(plugin):
    called = plugin("listReadDatasets")
    assert called.code == 0, called.errors
    check(called.document, READERS)
    names = [one["name"] for one in called.document["readDatasets"]]
    assert names[0] == "ReadDatasetFolders"
    assert all(name.startswith("ReadDataset") for name in names)
    assert all(one["description"] for one in called.document["readDatasets"])


def test_a_picture_is_classified(plugin, pictures):
    picture = pictures / "digits" / "3" / "digit-1347.png"
    called = plugin("predict", picture, "ONNX", "digits")
    assert called.code == 0, called.errors
    check(called.document, ONE)
    assert called.document == {
        "type": "classification", "image": str(picture), "framework": "ONNX", "model": "digits",
        "class": "3",
    }  # fmt: skip


def test_a_path_that_was_split_at_its_spaces_is_put_together(plugin, pictures, tmp_path):
    folder = tmp_path / "my own  pictures"
    folder.mkdir()
    picture = folder / "a digit.png"
    shutil.copy(pictures / "digits" / "3" / "digit-1347.png", picture)
    whole = plugin("predict", picture, "ONNX", "digits")
    # As Java's Runtime.exec splits a command line: at any run of white space.
    split = plugin("predict", *str(picture).split(), "ONNX", "digits")
    for called in (whole, split):
        assert called.code == 0, called.errors
        assert called.document["class"] == "3"
    assert whole.document["image"] == str(picture)
    assert split.document["image"] == " ".join(str(picture).split())


def test_many_pictures_are_classified_in_their_order(plugin, pictures):
    images = [str(path) for path in sorted(pictures.glob("digits/*/*.png"))[::30]]
    config = plugin.config("my config.json", framework="ONNX", model="Digits", images=images)
    for words in ([config], [config, "32"], [*str(config).split(), "32"]):
        called = plugin("predictBatch", *words)
        assert called.code == 0, called.errors
        check(called.document, MANY)
        assert (called.document["framework"], called.document["model"]) == ("ONNX", "Digits")
        assert [one["image"] for one in called.document["results"]] == images
    truth = [image.split("/")[-2] for image in images]
    right = [one["class"] == label
             for one, label in zip(called.document["results"], truth, strict=True)]  # fmt: skip
    assert sum(right) > 0.8 * len(right)


def test_no_picture_is_no_failure(plugin):
    config = plugin.config(framework="ONNX", model="digits", images=[])
    called = plugin("predictBatch", config)
    assert called.code == 0, called.errors
    assert called.document["results"] == []


def test_models_are_evaluated_under_their_name_and_their_framework(plugin, pictures, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"{digit}\n" for digit in range(10)))
    predictors = [
        {"framework": "ONNX", "model": "digits"},
        {"framework": "onnx", "model": "Digits"},
    ]
    config = plugin.config(
        readDataset="ReadDatasetFolders", pathDataset=str(pictures / "digits"),
        pathLabels=str(labels), measures=["accuracy", "rank5", "f1"], predictors=predictors,
    )  # fmt: skip
    called = plugin("evaluate", config)
    assert called.code == 0, called.errors
    values = {"accuracy": float, "rank5": float}
    check(called.document, {"digitsONNX": values, "Digitsonnx": values})
    first, second = called.document.values()
    assert first == second
    assert 0.9 < first["accuracy"] <= first["rank5"] <= 1
    assert "f1 does not apply: it is for two classes, and there are 10" in called.errors
