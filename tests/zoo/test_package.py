"""Reading packages: what they say, and what is wrong with them."""

import json
import os
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoobridge.imaging import AxisSize, Fit, Interpolation
from zoobridge.zoo import LabelSource, ScoreKind, read_package


def test_a_folder_is_read_whole(recipe, read):
    recipe.file("README.md", "# Tiny net\n")
    recipe.document["documentation"] = "README.md"
    recipe.document["tags"] = ["textures"]
    model = read(recipe.write())
    assert model.problem == ""
    assert (model.id, model.version, model.reference) == ("tiny-net", "1.0.0", "tiny-net@1.0.0")
    assert model.name == "Tiny net"
    assert model.license == "BSD-3-Clause"
    assert model.tags == ("textures",)
    assert model.authors[0].affiliation == "Analytical Engines"
    assert model.citations[0].doi == "10.1234/5678"
    assert model.documentation_path == recipe.folder / "README.md"
    assert model.labels == ("brick", "grass", "gravel")
    assert model.label_source is LabelSource.CHANNEL_NAMES
    assert [weights.format for weights in model.weights] == ["onnx"]
    assert model.test_inputs == (recipe.folder / "test_input.npy",)


def test_a_zip_is_unpacked_and_read(recipe, read, tmp_path):
    path = recipe.zipped()
    model = read(path)
    assert model.problem == ""
    assert model.source == path
    assert tmp_path / "cache" in model.root.parents
    assert model.weights[0].path.is_relative_to(model.root)


def test_a_zip_of_the_folder_itself_is_read_too(recipe, read):
    assert read(recipe.zipped(inside="tiny/")).problem == ""


def test_folder_and_zip_have_the_same_digest(recipe, read):
    folder = read(recipe.write()).weights[0].digest
    assert read(recipe.zipped()).weights[0].digest == folder


@pytest.mark.parametrize("name", ["bioimageio.yaml", "model.yaml", "tiny.rdf.yaml"])
def test_a_description_may_have_the_other_names(recipe, read, name):
    recipe.write().joinpath("rdf.yaml").rename(recipe.folder / name)
    assert read(recipe.folder).problem == ""


def test_a_package_of_format_0_4_is_upgraded(recipe, read):
    recipe.document.update(
        format_version="0.4.10",
        timestamp="2024-01-01T00:00:00",
        documentation="README.md",
        test_inputs=["test_input.npy"],
        test_outputs=["test_output.npy"],
        inputs=[
            {
                "name": "input",
                "axes": "bcyx",
                "data_type": "float32",
                "shape": [1, 1, 4, 4],
                "preprocessing": [
                    {"name": "scale_linear", "kwargs": {"gain": 0.5, "offset": 0.0}},
                ],
            }
        ],
        outputs=[
            {"name": "output", "axes": "bc", "data_type": "float32", "shape": [1, 3]},
        ],
    )
    recipe.file("README.md", "# Tiny net")
    recipe.attach("labels.txt", "brick\ngrass\ngravel\n")
    recipe.document["attachments"] = {"files": ["labels.txt"]}
    model = read(recipe.write())
    assert model.problem == ""
    assert model.input.axes == "NCYX"
    assert [step.id for step in model.input.preprocessing] == [
        "ensure_dtype",
        "scale_linear",
        "ensure_dtype",
    ]
    # The upgrade writes channel0, channel1 …, which must not stand in the way of the label file.
    assert model.labels == ("brick", "grass", "gravel")
    assert model.label_source is LabelSource.ATTACHMENT


def test_casts_that_the_library_inserts_are_followed(recipe, read):
    recipe.input["data"] = {"type": "uint16"}
    recipe.input["preprocessing"] = [{"id": "scale_range"}]
    steps = read(recipe.write()).input.preprocessing
    assert [(step.id, step.kwargs.get("dtype")) for step in steps] == [
        ("ensure_dtype", "uint16"),
        ("scale_range", None),
        ("ensure_dtype", "uint16"),
    ]


def test_the_networks_type_is_what_preprocessing_leaves(recipe, read):
    recipe.input["data"] = {"type": "uint8"}
    recipe.input["preprocessing"] = [{"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}]
    model = read(recipe.write())
    assert model.input.dtype == "float32"
    assert model.input.intensity_range == (0.0, 255.0)


def test_processing_goes_by_the_kind_of_an_axis_not_by_its_name(recipe, read):
    recipe.input["axes"][1]["id"] = "stain"
    recipe.input["preprocessing"] = [
        {
            "id": "fixed_zero_mean_unit_variance",
            "kwargs": {"mean": [0.5], "std": [0.2], "axis": "stain"},
        },
    ]
    assert read(recipe.write()).input.preprocessing[1].kwargs["axis"] == "channel"


def test_sizes_may_come_in_steps_and_refer_to_each_other(recipe, read):
    axes = recipe.input["axes"]
    axes[2]["size"] = {"min": 32, "step": 16}
    axes[3]["size"] = {"tensor_id": "input", "axis_id": "y"}
    sizes = read(recipe.write()).input.sizes
    assert sizes["Y"] == sizes["X"] == AxisSize(32, 16)


def test_a_range_of_the_data_is_the_range_of_intensities(recipe, read):
    recipe.input["data"] = {"type": "float32", "range": [0, 4095]}
    assert read(recipe.write()).input.intensity_range == (0.0, 4095.0)


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


# Ids


@pytest.mark.parametrize(
    "stated", ["../../etc/passwd", "/etc/passwd", "a/../b", "C:\\models\\x", "..\\up", "~root/x"]
)
def test_an_id_that_is_a_path_makes_the_package_broken(recipe, read, stated):
    recipe.document["id"] = stated
    model = read(recipe.write())
    assert "leads outside" in model.problem
    assert model.id == "tiny"


def test_an_id_of_the_wild_gets_a_slug_and_is_kept(recipe, read):
    recipe.document["id"] = "10.5281/zenodo.5764892"
    model = read(recipe.write())
    assert model.problem == ""
    assert model.id == "10.5281-zenodo.5764892"
    assert model.original_id == "10.5281/zenodo.5764892"


def test_a_nickname_goes_before_a_slug(recipe, read):
    recipe.document["id"] = "10.5281/zenodo.5764892"
    recipe.document["config"] = {"bioimageio": {"nickname": "affable-shark"}}
    assert read(recipe.write()).id == "affable-shark"


def test_a_package_without_id_is_listed_under_its_folder(recipe, read):
    del recipe.document["id"]
    model = read(recipe.write())
    assert (model.id, model.original_id) == ("tiny", "")


# Labels and scores


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


# What is wrong with a package


def test_absurd_sizes_are_a_problem(recipe, read):
    for axis in recipe.input["axes"][2:]:
        axis["size"] = 2_000_000
    assert "2000000" in read(recipe.write()).problem


def test_a_model_that_answers_with_pictures_is_no_classifier(recipe, read):
    recipe.output["axes"] += [
        {"type": "space", "id": "y", "size": 4},
        {"type": "space", "id": "x", "size": 4},
    ]
    assert "not a classifier" in read(recipe.write()).problem


def test_two_inputs_are_a_problem(recipe, read):
    recipe.document["inputs"].append({**recipe.input, "id": "second"})
    assert "wants 2 inputs" in read(recipe.write()).problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("type: [", "not valid YAML"),
        ("- just\n- a list\n", "mapping"),
        ("", "mapping"),
        ("type: dataset\nformat_version: 0.3.0\n", "a dataset, not a model"),
        ("type: model\n", "format_version"),
        ("type: model\nformat_version: 0.5.4\nname: 12\n", "not valid"),
        ("a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("a: " + "[" * 500 + "]" * 500, "rdf.yaml"),
        ("\x00\x01", "not valid YAML"),
    ],
)
def test_a_description_that_makes_no_sense_is_a_problem(tmp_path, read, text, words):
    folder = tmp_path / "zoo" / "odd"
    folder.mkdir(parents=True)
    (folder / "rdf.yaml").write_text(text, "utf-8")
    assert words in read(folder).problem


def test_references_that_unfold_without_end_are_refused(tmp_path, read):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "rdf.yaml").write_text("\n".join(["type: model", *lines]), "utf-8")
    assert "unfolds" in read(tmp_path).problem


def test_a_description_that_is_not_utf_8_is_a_problem(tmp_path, read):
    (tmp_path / "rdf.yaml").write_bytes("name: Gräser".encode("latin-1"))
    assert "UTF-8" in read(tmp_path).problem


def test_a_description_that_is_a_link_is_not_followed(recipe, read, tmp_path):
    recipe.write().joinpath("rdf.yaml").rename(tmp_path / "elsewhere.yaml")
    (recipe.folder / "rdf.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert "link" in read(recipe.folder).problem


def test_a_missing_package_is_a_problem_not_an_exception(tmp_path, read):
    assert "neither a folder nor a zip" in read(tmp_path / "none").problem


def test_a_package_in_a_folder_with_blanks_and_umlauts_is_read(make_recipe, read):
    assert read(make_recipe("Modelle für alle").write()).problem == ""


@pytest.mark.parametrize("field", ["documentation", "covers", "attachments"])
def test_a_file_outside_the_package_is_never_offered(recipe, read, tmp_path, field):
    (tmp_path / "zoo" / "secret.md").write_text("secret")
    recipe.document[field] = {
        "documentation": "../secret.md",
        "covers": ["../secret.png"],
        "attachments": [{"source": "../labels.txt"}],
    }[field]
    recipe.channel_names(["channel0", "channel1", "channel2"])
    model = read(recipe.write())
    assert model.documentation_path is None
    assert model.cover_path is None
    assert model.labels != ("secret",)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["batch", "channel", "space", "x", "float32", "weights.onnx", "..", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "size", "axes", "source"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_content_of_a_description_raises(recipe, tmp_path, data):
    document = json.loads(json.dumps(recipe.document))
    node, path = document, []
    while isinstance(node, (dict, list)) and node:
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(list(keys)))
        path.append((node, key))
        node = node[key]
        if data.draw(st.booleans()):
            break
    holder, key = path[-1]
    holder[key] = data.draw(_VALUES)
    # JSON is YAML.
    (recipe.folder / "rdf.yaml").write_text(json.dumps(document), "utf-8")
    model = read_package(recipe.folder, unpack_to=tmp_path / "cache")
    assert model.problem or (model.input and model.output and model.labels)


def test_importing_the_zoo_brings_neither_pydantic_nor_the_library(tmp_path):
    import subprocess

    code = (
        "import sys, zoobridge.zoo; "
        "print(sorted({'pydantic', 'bioimageio', 'onnx', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_writes_nothing_into_the_users_home(recipe, tmp_path):
    import subprocess

    recipe.write()
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path; from zoobridge.zoo import read_package; "
        "print(repr(read_package(Path(sys.argv[1]), unpack_to=Path(sys.argv[2])).problem))"
    )
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("XDG")},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "LOCALAPPDATA": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, recipe.folder, tmp_path / "cache"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == "''"
    assert list(home.rglob("*")) == []
