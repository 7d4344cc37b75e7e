"""What is wrong with a package is told, and nothing that it holds does harm."""

import json
import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoobridge.zoo import read_package


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
