"""Classify…: the table holds what the Python client answers for the same pixels."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from screen import RESULTS, current_pixels, selection_mask
from zoobridge.client import Region
from zoobridge.imagej import ImageJError

RAMP = 'newImage("{}", "{} ramp", {}, {}, 1);'


#: Columns that ImageJ adds, and those that depend on what a picture or region is called.
NOT_COMPARED = (
    *("image", "region", "plane", "conversions"),
    *("Object", "Slice", "Frame", "X", "Y", "Width", "Height"),
)


def answers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that do not depend on what a picture or region is called."""
    return table.drop(columns=list(NOT_COMPARED), errors="ignore").reset_index(drop=True)


def from_1(plane: str) -> str:
    """A plane as ImageJ counts."""
    return re.sub(r"\d+", lambda number: str(int(number[0]) + 1), plane)


def assert_same(table: pd.DataFrame, results) -> None:
    """To the last digit: numbers travel as float32 and are shown by their shortest decimal form."""
    expected = results.to_pandas()
    pd.testing.assert_frame_equal(answers(table), answers(expected), check_exact=True)
    assert list(table["plane"]) == [from_1(plane) for plane in expected["plane"]]


@pytest.mark.parametrize("kind", ["8-bit", "16-bit", "32-bit", "RGB"])
def test_an_image_that_was_never_saved_is_classified_by_its_pixels(imagej, served, kind):
    imagej.macro(RAMP.format("never saved", kind, 60, 40))
    imagej.run("Classify...", "model=textures top=3")
    table = imagej.table(RESULTS)
    assert_same(table, served.client.classify("textures", current_pixels(imagej), top_k=3))
    assert list(table["image"]) == ["never saved"]


def test_edits_count_and_colour_tables_do_not(imagej, served, tmp_path):
    Image.fromarray(np.arange(48 * 48, dtype=np.uint32).astype(np.uint8).reshape(48, 48)).save(
        tmp_path / "a.png"
    )
    imagej.open(tmp_path / "a.png")
    original = current_pixels(imagej)
    imagej.run("Classify...", "model=digits")
    imagej.macro("for (y = 0; y < 40; y++) for (x = 0; x < 20; x++) setPixel(x, y, 255);")
    edited = current_pixels(imagej)
    imagej.run("Classify...", "model=digits")
    imagej.run("Fire")
    imagej.run("Classify...", "model=digits")
    assert (original != edited).any()
    table = imagej.table(RESULTS)
    before = served.client.classify("digits", original, top_k=3)
    after = served.client.classify("digits", edited, top_k=3)
    assert_same(table[:1], before)
    assert_same(table[1:2], after)
    assert_same(table[2:], after)


@pytest.mark.parametrize(
    "shape",
    ["makeRectangle(5, 6, 20, 17)", "makeOval(5, 6, 31, 17)", "makePolygon(3,3,40,9,12,35)"],
)
def test_a_selection_is_classified_with_imagejs_own_mask(imagej, served, shape):
    imagej.macro(RAMP.format("cells", "8-bit", 60, 40) + shape + ";")
    imagej.run("Classify...", "model=textures target=Selection top=2")
    (x, y, width, height), mask = selection_mask(imagej)
    expected = served.client.classify(
        "textures",
        current_pixels(imagej),
        regions=[Region(x, y, width, height, mask=mask)],
        top_k=2,
    )
    table = imagej.table(RESULTS)
    assert_same(table, expected)
    assert list(table["region"]) == ["selection"]


@pytest.fixture
def hyperstack(tmp_path):
    """A 16-bit hyperstack (T, Z, C, Y, X) as ImageJ reads it, and its pixels."""
    pixels = np.random.default_rng(5).integers(0, 65535, (3, 4, 2, 32, 36), dtype=np.uint16)
    pixels[1, 2, 0] = 60000
    tifffile.imwrite(tmp_path / "h.tif", pixels, imagej=True, metadata={"axes": "TZCYX"})
    return tmp_path / "h.tif", pixels


def test_a_slice_of_a_16_bit_hyperstack_is_the_one_that_is_shown(imagej, served, hyperstack):
    path, pixels = hyperstack
    imagej.open(path)
    imagej.macro("Stack.setPosition(2, 3, 2);")
    imagej.run("Classify...", "model=digits target=[Current slice] channels=1")
    table = imagej.table(RESULTS)
    expected = served.client.classify(
        "digits", pixels, axes="TZCYX", planes="T=1,Z=2", channels=[0], top_k=3
    )
    assert_same(table, expected)
    assert list(table["plane"]) == ["T=2,Z=3"]
    assert (table["Frame"][0], table["Slice"][0]) == (2, 3)


def test_all_slices_have_a_row_each(imagej, served, hyperstack):
    path, pixels = hyperstack
    imagej.open(path)
    imagej.run("Classify...", "model=digits target=[All slices] channels=2 top=1")
    expected = served.client.classify("digits", pixels, axes="TZCYX", channels=[1], top_k=1)
    table = imagej.table(RESULTS)
    assert len(table) == 12
    assert_same(table, expected)


@pytest.mark.parametrize(
    ("dtype", "ends"),
    [
        ("float32", (1, 200, 3)),
        ("float32", (1, 0.5, 1)),
        ("int16", (-3, 200, 12)),
        ("uint16", (9, 9, 4095)),
    ],
    ids=["beyond unit", "unit", "signed", "16 bit"],
)
def test_planes_of_a_stack_are_judged_by_all_of_it_as_in_the_python_client(
    imagej, served, tmp_path, dtype, ends
):
    # The first plane alone would be taken for something else than the stack.
    ramp = np.tile(np.linspace(0, 1, 32), (32, 1))
    stack = np.stack([ramp * end for end in ends]).astype(dtype)
    tifffile.imwrite(
        tmp_path / "s.tif",
        stack,
        imagej=dtype != "int16",
        photometric="minisblack",
        metadata={"axes": "ZYX"},
    )
    imagej.open(tmp_path / "s.tif")
    imagej.run("Classify...", "model=digits target=[All slices]")
    imagej.macro("setSlice(1);")
    imagej.run("Classify...", "model=digits target=[Current slice]")
    table = imagej.table(RESULTS)
    expected = served.client.classify("digits", stack, axes="ZYX", top_k=3)
    assert_same(table[:3].reset_index(drop=True), expected)
    assert_same(table[3:].reset_index(drop=True), expected[:1])
    shown = [
        "; ".join(
            one.detail + (f" (check: {one.notice})" if one.notice else "")
            for one in result.conversions
        )
        for result in expected
    ]
    assert list(table["conversions"].fillna("")) == [*shown, shown[0]]


def test_regions_of_the_roi_manager_lie_in_their_own_slices(imagej, served, hyperstack):
    path, pixels = hyperstack
    imagej.open(path)
    imagej.macro(
        "Stack.setPosition(1, 3, 2); makeRectangle(2, 3, 20, 20); roiManager('add');"
        "Stack.setPosition(1, 1, 3); makeRectangle(4, 5, 16, 16); roiManager('add');"
        "roiManager('select', 0); roiManager('rename', 'erste Zelle');"
        "roiManager('deselect'); run('Select None'); Stack.setPosition(1, 1, 1);"
    )
    assert next(roi.name for roi in imagej.rois()) == "erste Zelle"
    imagej.run("Classify...", "model=digits target=[ROI Manager] channels=1")
    table = imagej.table(RESULTS)
    assert list(table["plane"]) == ["T=2,Z=3", "T=3,Z=1"]
    assert table["region"][0] == "erste Zelle"
    for row, (plane, region) in enumerate(
        [("T=1,Z=2", (2, 3, 20, 20)), ("T=2,Z=0", (4, 5, 16, 16))]
    ):
        expected = served.client.classify(
            "digits", pixels, axes="TZCYX", planes=plane, regions=[region], channels=[0], top_k=3
        )
        assert_same(table[row : row + 1], expected)


def test_all_scores_have_the_clients_column_names(imagej, served):
    imagej.macro(RAMP.format("a", "8-bit", 32, 32))
    imagej.run("Classify...", "model=digits all_scores top=1")
    table = imagej.table(RESULTS)
    result = served.client.classify("digits", current_pixels(imagej), all_scores=True)[0]
    labels = served.client.model("digits").labels
    assert [name for name in table if name.startswith("score:")] == [f"score:{x}" for x in labels]
    shown = table[[f"score:{label}" for label in labels]].to_numpy()[0]
    np.testing.assert_array_equal(shown.astype(np.float32), result.scores)


def test_tiles_cover_the_image(imagej, served):
    imagej.macro(RAMP.format("a", "8-bit", 100, 70))
    imagej.run("Classify...", "model=textures target=Tiles tile_size=40 top=1")
    boxes = [(x, y, 40, 40) for y in (0, 30) for x in (0, 40, 60)]
    expected = served.client.classify("textures", current_pixels(imagej), regions=boxes, top_k=1)
    assert_same(imagej.table(RESULTS), expected)


def test_a_path_with_spaces_and_umlauts_works(imagej, served, tmp_path):
    folder = tmp_path / "Präparate von Jörg, 2. Versuch"
    folder.mkdir()
    pixels = np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "Größe µ 1.png")
    imagej.open(folder / "Größe µ 1.png")
    imagej.run("Classify...", "model=textures")
    table = imagej.table(RESULTS)
    assert_same(table, served.client.classify("textures", pixels, top_k=3))
    assert list(table["image"]) == ["Größe µ 1.png"]


def test_repeated_runs_append_and_the_users_own_results_stay(imagej):
    imagej.macro(RAMP.format("mine", "8-bit", 32, 32) + "run('Measure');")
    own = imagej.table("Results")
    imagej.run("Classify...", "model=digits top=1")
    first = imagej.table(RESULTS)
    imagej.run("Classify...", "model=digits top=2")
    second = imagej.table(RESULTS)
    assert len(first) == 1
    assert len(second) == 2
    assert second["label"][0] == first["label"][0]
    pd.testing.assert_frame_equal(imagej.table("Results"), own)


def test_a_macro_reads_the_result_after_the_run(imagej):
    label = imagej.macro(
        RAMP.format("a", "8-bit", 32, 32)
        + 'model = "digits"; run("Classify...", "model=&model top=1 overlay");'
        + f'label = Table.getString("label", Table.size("{RESULTS}") - 1, "{RESULTS}");'
        + "return label;"
    )
    assert label == imagej.table(RESULTS)["label"][0]


def test_the_class_of_a_whole_image_is_noted_in_its_properties(imagej):
    imagej.macro(RAMP.format("a", "8-bit", 32, 32))
    imagej.run("Classify...", "model=digits")
    row = imagej.table(RESULTS).iloc[0]
    image = imagej.jvm.ij.IJ.getImage()
    assert image.getProp("zoobridge.label") == row["label"]
    assert float(image.getProp("zoobridge.score")) == row["score"]
    assert image.getProp("zoobridge.digest") == row["digest"]


def test_regions_are_drawn_with_class_and_group_and_undo_takes_them_back(imagej, served):
    imagej.macro(
        RAMP.format("a", "8-bit", 128, 128)
        + "makeRectangle(1, 1, 5, 5); run('Add Selection...'); makeOval(10, 10, 90, 90);"
    )
    image = imagej.jvm.ij.IJ.getImage()
    before = image.getOverlay().size()
    selection = image.getRoi().getName()
    imagej.run("Classify...", "model=textures target=Selection overlay")
    row = imagej.table(RESULTS).iloc[0]
    overlay = image.getOverlay()
    assert overlay.size() == before + 2
    drawn, text = overlay.get(before), overlay.get(before + 1)
    model = served.client.model("textures")
    index = model.labels.index(row["label"])
    assert drawn.getName().startswith(f"selection: {row['label']} ")
    assert drawn.getGroup() == index + 1
    color = drawn.getStrokeColor()
    shown = f"#{color.getRed():02x}{color.getGreen():02x}{color.getBlue():02x}"
    assert shown == model.label_colors[index].lower()
    assert str(row["label"]) in text.getText()
    assert image.getRoi().getName() == selection
    imagej.run("Undo")
    assert image.getOverlay().size() == before


def test_several_models_are_compared_on_the_same_pixels(imagej, served):
    imagej.macro(RAMP.format("a", "8-bit", 64, 64))
    imagej.run("Compare models...", "models=[digits, textures] top=2")
    table = imagej.table(RESULTS)
    assert list(table["model"]) == ["digits", "textures"]
    pixels = current_pixels(imagej)
    for row, model in enumerate(["digits", "textures"]):
        expected = served.client.classify(model, pixels, top_k=2)
        assert table["label"][row] == expected[0].label
        assert np.float32(table["score"][row]) == np.float32(expected[0].score)
    same = table["label"][0] == table["label"][1]
    assert list(table["agreement"]) == ([1.0, 1.0] if same else [0.5, 0.5])


def test_models_are_listed_with_their_classes(imagej, served):
    imagej.run("Servers and models...", "list")
    table = imagej.table("ZooBridge Models")
    for model in served.client.models():
        row = table[(table["model"] == model.id)].iloc[0]
        assert int(row["classes"]) == len(model.labels)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("model=digitz", "digitz"),
        ("model=digits target=Selection", "no selection"),
        ("model=digits target=[ROI Manager]", "ROI Manager is empty"),
        ("model=digits target=everything", "no target"),
        ("model=digits top=many", "top=many"),
        ("model=digits top=-1", "top=-1"),
        ("model=digits top=2.5", "whole number"),
        ("model=digits top=1e99", "whole number"),
        ("model=digits target=Tiles tile_size=0", "Tiles of 0 pixels"),
        ("model=digits target=Overlay", "overlay holds no regions"),
        ("model=digits channels=0", "does not name channels"),
        ("model=digits channels=7", "no channel 7: the image has 1 channel,"),
        ("top=1", "No model is chosen"),
        ("model=digits framework=caffe", "caffe"),
    ],
)
def test_a_wrong_word_in_a_macro_is_answered_with_a_sentence(imagej, words, sentence):
    imagej.macro(RAMP.format("a", "8-bit", 32, 32))
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Classify...", words)
    assert RESULTS not in imagej.tables()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("models=[]", "No model is chosen"),
        ("models=[digits, digitz]", "digitz"),
        ("models=[digits, textures] target=nowhere", "no target"),
        ("models=[digits, textures] top=-1", "top=-1"),
        ("models=[digits, textures] channels=9", "no channel 9: the image has 1 channel,"),
    ],
)
def test_a_wrong_word_for_a_comparison_is_answered_with_a_sentence(imagej, words, sentence):
    imagej.macro(RAMP.format("a", "8-bit", 32, 32))
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Compare models...", words)
    assert RESULTS not in imagej.tables()


def test_a_line_or_point_is_refused_with_a_word_on_how_to_make_an_area(imagej):
    imagej.macro(RAMP.format("a", "8-bit", 32, 32) + "makeLine(1, 1, 20, 20);")
    with pytest.raises(ImageJError, match="Line to Area"):
        imagej.run("Classify...", "model=digits target=Selection")


def test_a_model_that_does_not_fit_says_how_many_channels_it_wants(imagej):
    imagej.macro('newImage("five", "8-bit composite-mode", 32, 32, 5, 1, 1);')
    with pytest.raises(
        ImageJError, match=r'the image has 5.*\. Field: "Channels" \(channels=\.\.\.\)\.'
    ):
        imagej.run("Classify...", "model=digits")


def test_without_an_image_it_says_so(imagej):
    with pytest.raises(ImageJError, match="No image is open"):
        imagej.run("Classify...", "model=digits")
