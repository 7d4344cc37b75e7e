"""Train…: regions whose names or groups are classes become a model that Classify… offers at once."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from PIL import Image

from screen import RESULTS, form, part, press, wait_for
from training_examples import patch
from zoobridge.imagej import ImageJError

# A whole training.
pytestmark = pytest.mark.timeout(900)

TEXTURES = ("brick", "grass")


@pytest.fixture
def folder(imagej, tmp_path):
    """Six pictures of both textures, each with a ROI set whose groups say which is where."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        halves = [patch(name, number) for name in TEXTURES]
        Image.fromarray(np.concatenate(halves, axis=1)).save(folder / f"{number}.png")
        imagej.open(folder / f"{number}.png")
        imagej.macro(
            'Roi.setGroupNames("brick,grass");'
            'makeRectangle(0, 0, 96, 96); Roi.setGroup(1); roiManager("add");'
            'makeRectangle(96, 0, 96, 96); Roi.setGroup(2); roiManager("add");'
            f'roiManager("save", "{folder / str(number)}.zip"); roiManager("reset"); close();'
        )
    return folder


@pytest.fixture
def beside_training(tmp_path_factory, zoobridge_server, start_imagej):
    """An ImageJ beside a server whose zoo is empty and whose user trains."""
    served = zoobridge_server(tmp_path_factory.mktemp("zoo"))
    return start_imagej(served.environment["ZOOBRIDGE_RUNTIME_DIR"]), served


def test_a_folder_with_roi_sets_becomes_a_model_that_is_picked_at_once(
    beside_training, folder, display, tmp_path
):
    imagej, served = beside_training
    report = tmp_path / "report.html"
    imagej.macro('Roi.setGroupNames("brick,grass");')
    imagej.run(
        "Train...", f"name=[Two textures] classes=Groups folder=[{folder}] report=[{report}]"
    )
    log = str(imagej.macro('return getInfo("log");'))
    assert re.search(
        r'trained "Two textures" \(two-textures, version \S+\)\. Balanced accuracy \d', log
    )
    assert "<html" in report.read_text("utf-8").lower()
    assert served.client.model("two-textures").labels == TEXTURES
    imagej.open(folder / "0.png")
    imagej.macro("makeRectangle(96, 0, 96, 96);")
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: form(imagej, "Classify 0.png") is not None, "the dialog")
    models = part(form(imagej, "Classify 0.png"), "model")
    wait_for(lambda: models.getSelectedIndex() >= 0, "the model")
    assert "[two-textures]" in str(models.getSelectedValue().toString())
    press(imagej, display, "Classify 0.png")
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    assert list(imagej.table(RESULTS)["label"]) == ["grass"]


def test_the_dialog_counts_the_regions_by_the_class_in_their_names(imagej, display):
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1); makeRectangle(1, 1, 9, 9);')
    for name in ("cell-1", "cell-2", "mitosis 1"):
        imagej.macro(f'roiManager("add"); roiManager("select", RoiManager.size - 1);'
                     f'roiManager("rename", "{name}");')  # fmt: skip
    imagej.jvm.ij.IJ.doCommand("Train...")
    wait_for(lambda: form(imagej, "Train") is not None, "the dialog")
    window = form(imagej, "Train")
    assert "Name: write" in str(part(window, "status").getText())
    part(window, "name").setText("Cells")
    wait_for(lambda: "cell 2, mitosis 1" in str(part(window, "status").getText()), "the counts")
    assert part(window, "ok").isEnabled()
    part(window, "classes").setSelectedItem("Groups")
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    assert "regions of two or more classes; found: none" in str(part(window, "status").getText())
    display.key("Train", "Escape")
    wait_for(lambda: form(imagej, "Train") is None, "the dialog's end")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("classes=Groups", "The model has no name"),
        ("name=x classes=Groups", "two or more classes; none has a class"),
        ("name=x classes=Nonsense", "classes"),
        ("name=x folder={empty}", "No picture in"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(imagej, tmp_path, words, sentence):
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1);')
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Train...", words.format(empty=os.fspath(tmp_path)))
