"""``config.zoobridge``: taken over, and documented as what its model says."""

import hashlib
import json
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from tiny_packages import onnx_model
from zoobridge.imaging import Fit, Interpolation
from zoobridge.zoo import NoveltyRule, PredictionSetRule, ScoreKind, from_json, to_json
from zoobridge.zoo._colors import distinct_colors
from zoobridge.zoo._package_config import PackageConfig

PAGE = Path(__file__).parents[2] / "docs" / "zoo-format.md"


def test_every_choice_is_one_that_the_bridge_knows():
    schema = PackageConfig.model_json_schema()["properties"]
    assert set(schema["fit"]["enum"]) == {fit.value for fit in Fit}
    assert set(schema["interpolation"]["enum"]) == {way.value for way in Interpolation}
    assert set(schema["score_kind"]["anyOf"][0]["enum"]) == {kind.value for kind in ScoreKind}


def test_colours_are_distinct_and_do_not_depend_on_the_count():
    colors = distinct_colors(48)
    assert len(set(colors)) == 48
    assert distinct_colors(5) == colors[:5]
    assert all(len(color) == 7 and color.startswith("#") for color in colors)


def yaml_of(page):
    text = (PAGE.parent / page).read_text("utf-8")
    return re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1)


def test_the_example_in_the_documentation_is_a_package(recipe, read):
    model, _ = onnx_model()
    recipe.file("weights.onnx", model.SerializeToString())
    recipe.file("rdf.yaml", yaml_of("zoo-format.md"))
    (recipe.folder / "test_output.npy").unlink()
    described = read(recipe.folder)
    assert described.problem == ""
    assert described.reference == "textures@1.0.0"
    assert described.input.fit is Fit.CENTER
    assert described.label_colors[1] == "#2ca02c"


def test_the_example_of_several_formats_is_valid(recipe, read):
    from bioimageio.spec.utils import read_yaml

    recipe.file("weights.pt", b"not read by the zoo")
    recipe.document["weights"] = read_yaml(StringIO(yaml_of("adding-a-model.md")))["weights"]
    described = read(recipe.write())
    assert [weights.problem for weights in described.weights] == ["", ""]


def test_config_zoobridge_is_taken_over(recipe, read):
    recipe.config(
        fit="center",
        interpolation="lanczos",
        channel_order=["dapi"],
        intensity_range=[0, 1],
        threshold=0.25,
        default_top_k=2,
        class_colors={"grass": "#00FF00"},
        score_kind="independent_probability",
    )
    model = read(recipe.write())
    assert model.problem == ""
    assert model.input.fit is Fit.CENTER
    assert model.input.interpolation is Interpolation.LANCZOS
    assert model.input.channel_names == ("dapi",)
    assert model.input.intensity_range == (0.0, 1.0)
    assert (model.threshold, model.default_top_k) == (0.25, 2)
    assert model.label_colors[1] == "#00ff00"
    assert model.score_kind is ScoreKind.INDEPENDENT_PROBABILITY
    assert model.score_kind_source == "the package says so"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fit": "squeeze"}, "config.zoobridge.fit"),
        ({"thresold": 0.5}, "config.zoobridge.thresold"),
        ({"class_colors": {"grass": "green"}}, "config.zoobridge.class_colors.grass"),
        ({"intensity_range": [255, 0]}, "config.zoobridge.intensity_range"),
        ({"channel_order": ["r", "g", "b"]}, "channel_order names 3 channels"),
    ],
)
def test_a_mistake_in_config_zoobridge_is_named(recipe, read, fields, words):
    recipe.config(**fields)
    assert words in read(recipe.write()).problem


def test_a_colour_for_an_unknown_class_is_a_warning(recipe, read):
    recipe.config(class_colors={"gras": "#00ff00"})
    model = read(recipe.write())
    assert model.problem == ""
    assert "'gras'" in model.warnings[0]


def with_embedding(recipe, **novelty):
    """Give the package a second output, and embeddings of three training pictures."""
    reference = recipe.folder / "reference.npy"
    np.save(reference, np.eye(3, 4, dtype=np.float16))
    recipe.document["outputs"].append(
        {
            "id": "embedding",
            "axes": [{"type": "batch"}, {"type": "index", "size": 4}],
            "test_tensor": {"source": "test_output.npy"},
        }
    )
    sha256 = hashlib.sha256(reference.read_bytes()).hexdigest()
    stated = {"output": "embedding", "reference": "reference.npy", "sha256": sha256}
    recipe.config(
        score_kind="probability",
        calibrated=True,
        prediction_set={"coverage": 0.9, "least_score": 0.2},
        novelty={**stated, "threshold": 0.1, **novelty},
    )


def test_what_makes_answers_reliable_is_taken_over_and_survives_the_way_to_a_worker(recipe, read):
    with_embedding(recipe)
    model = read(recipe.write())
    assert model.problem == ""
    assert model.calibrated
    assert model.prediction_set == PredictionSetRule(0.9, 0.2)
    assert model.novelty == NoveltyRule(1, recipe.folder / "reference.npy", 5, 0.1)
    assert from_json(json.loads(json.dumps(to_json(model)))) == model


@pytest.mark.parametrize(
    ("novelty", "words"),
    [
        ({"output": "features"}, "the outputs beside the classes are embedding"),
        ({"sha256": "0" * 64}, "is not the file that config.zoobridge.novelty.sha256 names"),
        ({"reference": "../reference.npy"}, "../reference.npy"),
        ({"threshold": 2}, "config.zoobridge.novelty.threshold"),
    ],
)
def test_a_novelty_that_cannot_be_computed_is_named(recipe, read, novelty, words):
    with_embedding(recipe, **novelty)
    assert words in read(recipe.write()).problem


def test_prediction_sets_of_what_is_no_probability_are_refused(recipe, read):
    recipe.config(score_kind="logit", prediction_set={"coverage": 0.9, "least_score": 0.2})
    assert "not probabilities" in read(recipe.write()).problem
