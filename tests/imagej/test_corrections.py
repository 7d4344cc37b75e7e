"""Rows and regions show each other; a class that a person corrects goes into training."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from screen import RESULTS, wait_for
from zoobridge.imagej import ImageJError

CORRECT = 'return call("org.zoobridge.imagej.Macros.correct", "{}", "{}");'


@pytest.fixture
def tiled(imagej, tmp_path):
    """A saved picture of 512 × 512 pixels, classified in four tiles."""
    pixels = np.random.default_rng(4).integers(0, 255, (512, 512), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "tiled.png")
    imagej.open(tmp_path / "tiled.png")
    imagej.run("Classify...", "model=textures target=Tiles tile_size=256 top=1 overlay")
    return tmp_path / "tiled.png"


def annotations(path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def canvas_click(imagej, display, x: int, y: int, button: int) -> None:
    """Press a mouse button over a pixel of the image in front."""
    window = imagej.jvm.ij.IJ.getImage().getWindow()
    canvas = window.getCanvas()
    place = canvas.getLocationOnScreen()
    at = (int(place.getX()) + canvas.screenX(x), int(place.getY()) + canvas.screenY(y))
    display.tool("xdotool", "windowactivate", "--sync", display.window(str(window.getTitle())))
    display.tool("xdotool", "mousemove", str(at[0] - 3), str(at[1] - 3))
    display.tool("xdotool", "mousemove", "--sync", str(at[0]), str(at[1]))
    display.tool("xdotool", "click", str(button))


def popup(imagej):
    """The menu of classes, if it is up."""
    path = imagej.jvm.javax.swing.MenuSelectionManager.defaultManager().getSelectedPath()
    return path[0] if len(path) else None


def test_a_click_on_a_region_selects_its_row(imagej, display, tiled):
    panel = imagej.jvm.ij.WindowManager.getWindow(RESULTS).getTextPanel()
    canvas_click(imagej, display, 300, 100, 1)
    wait_for(lambda: panel.getSelectionStart() == 1, "the selected row")
    canvas_click(imagej, display, 300, 400, 1)
    wait_for(lambda: panel.getSelectionStart() == 3, "the selected row")
    assert panel.getSelectionEnd() == 3


def test_a_click_on_a_row_selects_its_region(imagej, display, tiled):
    image = imagej.jvm.ij.IJ.getImage()
    window = imagej.jvm.ij.WindowManager.getWindow(RESULTS)
    text = window.getTextPanel().getComponent(0)
    place = text.getLocationOnScreen()
    display.tool("xdotool", "windowactivate", "--sync", display.window(RESULTS))
    line = text.getFontMetrics(text.getFont()).getHeight() + 1
    x, y = int(place.getX()) + 30, int(place.getY()) + int(line * 2.5) + 4
    display.tool("xdotool", "mousemove", "--sync", str(x), str(y), "click", "1")
    wait_for(lambda: image.getRoi() is not None, "the selected region")
    row = window.getTextPanel().getSelectionStart()
    box = image.getRoi().getBounds()
    table = imagej.table(RESULTS)
    assert (box.getX(), box.getY()) == (table["X"][row], table["Y"][row])
    assert image.getRoi().getProperty("zoobridge.place") is None
    assert image.getOverlay().get(0).getProperty("zoobridge.place")


def test_a_right_click_on_a_region_offers_the_classes(imagej, display, served, tiled):
    image = imagej.jvm.ij.IJ.getImage()
    canvas_click(imagej, display, 100, 100, 3)
    wait_for(lambda: popup(imagej) is not None, "the menu")
    menu = popup(imagej)
    names = [str(menu.getComponent(i).getName()) for i in range(menu.getComponentCount())]
    labels = served.client.model("textures").labels
    assert names[: len(labels)] == list(labels)
    before = imagej.table(RESULTS)["label"][0]
    wanted = next(label for label in labels if label != before)
    menu.getComponent(labels.index(wanted)).doClick()
    wait_for(lambda: "corrected" in imagej.table(RESULTS), "the correction")
    menu.setVisible(False)
    assert imagej.table(RESULTS)["corrected"].iloc[0] == wanted
    assert imagej.table(RESULTS)["label"][0] == before
    assert image.getOverlay().get(0).getName() == f"tile 1: {wanted}"


def test_corrections_are_written_as_training_reads_them(imagej, tiled, tmp_path):
    out = tmp_path / "annotations.csv"
    with pytest.raises(ImageJError, match="Nothing was corrected"):
        imagej.run("Export annotations...", f"save=[{out}]")
    assert imagej.macro(CORRECT.format(1, "my, class")) == "corrected=1"
    imagej.run("Export annotations...", f"save=[{out}]")
    assert annotations(out) == [
        {"path": str(tiled), "label": "my, class", "region": "256,0,256,256"}
    ]
    imagej.macro(CORRECT.format(1, "other"))
    imagej.macro(CORRECT.format(2, "grass"))
    imagej.run("Export annotations...", f"save=[{out}]")
    assert [(row["label"], row["region"]) for row in annotations(out)] == [
        ("other", "256,0,256,256"),
        ("grass", "0,256,256,256"),
    ]
    imagej.run("Export annotations...", f"save=[{out}] all")
    assert len(annotations(out)) == 4


def test_a_correction_outlasts_the_next_run(imagej, tiled, tmp_path):
    imagej.macro(CORRECT.format(0, "mitosis"))
    imagej.run("Classify...", "model=textures target=Tiles tile_size=256 top=1 overlay")
    imagej.run("Export annotations...", f"save=[{tmp_path / 'a.csv'}]")
    assert [row["label"] for row in annotations(tmp_path / "a.csv")] == ["mitosis"]


def test_a_slice_or_an_unsaved_picture_is_saved_beside_the_table(imagej, tmp_path):
    imagej.macro('newImage("z stack", "8-bit ramp", 300, 300, 3); setSlice(2);')
    imagej.macro("setColor(200); fillRect(0, 0, 50, 50); makeRectangle(10, 20, 200, 100);")
    imagej.run("Classify...", "model=textures top=1 overlay")
    assert imagej.macro(CORRECT.format(0, "grass")) == "corrected=1"
    imagej.run("Export annotations...", f"save=[{tmp_path / 'a.csv'}]")
    (row,) = annotations(tmp_path / "a.csv")
    assert row["region"] == "10,20,200,100"
    with Image.open(row["path"]) as saved:
        assert saved.size == (300, 300)
        assert np.asarray(saved)[10, 10] == 200


def test_a_file_that_is_no_table_of_annotations_is_not_overwritten(imagej, tiled, tmp_path):
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    imagej.macro(CORRECT.format(0, "grass"))
    with pytest.raises(ImageJError, match="is not a table of annotations"):
        imagej.run("Export annotations...", f"save=[{tmp_path / 'mine.csv'}]")
    assert (tmp_path / "mine.csv").read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize(("row", "words"), [("9", "no row 9"), ("many", "whole number")])
def test_a_row_that_is_not_there_cannot_be_corrected(imagej, tiled, row, words):
    assert words in imagej.macro(CORRECT.format(row, "grass"))


def test_regions_of_a_class_are_selected_and_deleted(imagej):
    imagej.macro(
        'newImage("a", "8-bit ramp", 256, 256, 1); makeRectangle(1, 1, 5, 5);'
        "run('Add Selection...'); run('Select None');"
    )
    imagej.run("Classify...", "model=textures target=Tiles tile_size=32 roi_manager overlay")
    labels = list(imagej.table(RESULTS)["label"])
    name = labels[0]
    imagej.run("Regions by class...", f"class={name}")
    assert int(imagej.macro("return '' + RoiManager.selected;")) == labels.count(name)
    imagej.run("Regions by class...", f"class={name} action=Delete")
    assert len(imagej.rois()) == len(labels) - labels.count(name)
    with pytest.raises(ImageJError, match="No region of the class"):
        imagej.run("Regions by class...", f"class={name} action=Delete")
    imagej.run("Clear drawings")
    assert imagej.jvm.ij.IJ.getImage().getOverlay().size() == 1


def test_the_version_is_in_the_help_menu(imagej, plugin):
    version = plugin.stem.split("-")[1]
    with pytest.raises(ImageJError, match=f"ZooBridge {version} for ImageJ"):
        imagej.run("ZooBridge...")
    menu = imagej.jvm.ij.Menus.getMenuBar().getHelpMenu()
    names = [str(menu.getItem(i).getLabel()) for i in range(menu.getItemCount())]
    assert any("About Plugins" in name for name in names), names
