"""Reading packages: what they say."""

import pytest

from zoobridge.imaging import AxisSize
from zoobridge.zoo import LabelSource


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
