"""The classes of a package, and what its scores are."""

import os

import numpy as np
import pytest

from zoobridge.zoo import LabelSource, ScoreKind


def test_a_label_file_names_the_classes_where_channel_names_are_placeholders(recipe, read):
    recipe.channel_names(["channel0", "channel1", "channel2"])
    recipe.attach("class_names.txt", "Ziegel\nGräser\nKies, grob\n")
    model = read(recipe.write())
    assert model.labels == ("Ziegel", "Gräser", "Kies, grob")
    assert model.label_source is LabelSource.ATTACHMENT


def test_digits_are_names_not_placeholders(recipe, read):
    recipe.channel_names(["0", "1", "2"])
    assert read(recipe.write()).label_source is LabelSource.CHANNEL_NAMES


def test_classes_without_names_are_numbered(recipe, read):
    recipe.output["axes"][1] = {"type": "index", "size": 3}
    model = read(recipe.write())
    assert model.problem == ""
    assert model.labels == ("class 0", "class 1", "class 2")
    assert model.label_source is LabelSource.NUMBERED
    assert model.output.axes == "NI"


def test_a_label_file_of_another_length_is_a_problem(recipe, read):
    recipe.channel_names(["channel0", "channel1", "channel2"])
    recipe.attach("labels.txt", "brick\ngrass\n")
    assert "labels.txt names 2 classes, but the output has 3" in read(recipe.write()).problem


def test_another_number_of_names_than_scores_is_a_problem(recipe, read):
    recipe.channel_names(["brick", "grass"])
    problem = read(recipe.write()).problem
    assert "names 2 classes" in problem
    assert "has 3" in problem


def test_an_arg_max_output_gives_labels_and_no_score(recipe, read):
    recipe.output["axes"] = [{"type": "batch"}]
    recipe.output["data"] = {"type": "uint8", "values": ["brick", "grass", "gravel"]}
    np.save(recipe.folder / "test_output.npy", np.array([2], "uint8"))
    model = read(recipe.write())
    assert model.problem == ""
    assert model.labels == ("brick", "grass", "gravel")
    assert model.label_source is LabelSource.DATA_VALUES
    assert model.score_kind is ScoreKind.LABEL_ONLY


def test_an_arg_max_output_without_names_is_a_problem(recipe, read):
    recipe.output["axes"] = [{"type": "batch"}]
    recipe.output["data"] = {"type": "int64"}
    np.save(recipe.folder / "test_output.npy", np.array([2], "int64"))
    assert "nothing names the classes" in read(recipe.write()).problem


@pytest.mark.parametrize(
    ("step", "kind"),
    [("softmax", ScoreKind.PROBABILITY), ("sigmoid", ScoreKind.INDEPENDENT_PROBABILITY)],
)
def test_postprocessing_tells_the_kind_of_score(recipe, read, step, kind):
    recipe.output["postprocessing"] = [{"id": step}]
    model = read(recipe.write())
    assert model.score_kind is kind
    assert model.score_kind_source == f"its postprocessing ends with {step}"


def test_a_softmax_inside_the_network_is_measured(make_recipe, read):
    model = read(make_recipe("soft", softmax=True).write())
    assert model.score_kind is ScoreKind.PROBABILITY
    assert model.score_kind_source.startswith("measured on its test output")


def test_logits_stay_logits(recipe, read):
    assert read(recipe.write()).score_kind is ScoreKind.LOGIT


def test_a_hostile_test_tensor_is_not_loaded(recipe, read):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(recipe.folder / "canary"),))

    np.save(recipe.folder / "test_output.npy", np.array([Bomb()]), allow_pickle=True)
    model = read(recipe.write())
    assert not (recipe.folder / "canary").exists()
    assert "no test output" in model.score_kind_source


def test_a_test_tensor_that_states_an_absurd_size_takes_no_memory(recipe, read):
    recipe.file(
        "test_output.npy",
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999999), }".ljust(117)
        + b"\n",
    )
    assert read(recipe.write()).problem == ""
