"""Descriptions as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from zoobridge.zoo import ModelDescription, from_json, to_json


def test_a_whole_description_survives_json(recipe, read):
    recipe.config(intensity_range=[0, 1], fit="pad", class_colors={"grass": "#00ff00"})
    recipe.output["postprocessing"] = [{"id": "softmax", "kwargs": {"axis": "channel"}}]
    recipe.input["axes"][3]["size"] = {"min": 4, "step": 4}
    recipe.file("README.md", "# Tiny")
    recipe.document["documentation"] = "README.md"
    model = replace(read(recipe.write()), trusted=True, warnings=("one",))
    assert model.problem == ""
    assert from_json(json.loads(json.dumps(to_json(model)))) == model


def test_a_broken_one_survives_too():
    model = ModelDescription(id="tiny", root=Path("a"), source=Path("b"), problem="broken")
    assert from_json(json.loads(json.dumps(to_json(model)))) == model


@pytest.mark.parametrize(
    "change", [{"id": None}, {"weights": 3}, {"stranger": 1}, {"label_source": "x"}]
)
def test_other_documents_are_refused(change):
    document = to_json(ModelDescription(id="tiny", root=Path("a"), source=Path("b"))) | change
    if change == {"id": None}:
        del document["id"]
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(document)
