"""What a person sees and clicks: dialogs, the recorder, table and overlay.

The pictures in ``docs/images`` come from here: run with ``ZOOBRIDGE_SCREENSHOTS=docs/images``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from screen import PROJECT, RESULTS, part, wait_for


@pytest.fixture
def shots(tmp_path) -> Path:
    """Where screenshots go."""
    named = os.environ.get("ZOOBRIDGE_SCREENSHOTS")
    return PROJECT / named if named else tmp_path


def dialog(imagej, title: str):
    """The dialog of that title; `None` if it is not there."""
    kind = imagej.jvm.java.lang.Class.forName("ij.gui.GenericDialog")
    for window in imagej.jvm.java.awt.Window.getWindows():
        if kind.isInstance(window) and window.isShowing() and title in window.getTitle():
            return window
    return None


def press(imagej, display, title: str, button: int = 0) -> None:
    """Click a button of a dialog with the mouse; the first is OK."""
    display.tool("xdotool", "windowactivate", "--sync", display.window(title))
    place = dialog(imagej, title).getButtons()[button].getLocationOnScreen()
    x, y = int(place.getX()) + 10, int(place.getY()) + 8
    display.tool("xdotool", "mousemove", str(x), str(y), "click", "1")


def recorded(imagej) -> str:
    return str(imagej.jvm.ij.plugin.frame.Recorder.getInstance().getText())


def shows_something(path: Path) -> bool:
    with Image.open(path) as picture:
        return len(np.unique(np.asarray(picture.convert("L")))) > 8


def textures(imagej) -> None:
    """Put up a large photograph, of which half is another texture."""
    from skimage import data

    picture = np.concatenate([data.brick()[:384, :256], data.grass()[:384, :256]], axis=1)
    path = Path(os.environ["PYTEST_TEXTURES"])
    Image.fromarray(picture).save(path)
    imagej.open(path)


def test_the_dialog_is_recorded_and_the_recording_replays(imagej, display, shots):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    imagej.jvm.ij.IJ.run("Record...")
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: display.window("Classify cells"), "the dialog")
    wait_for(lambda: dialog(imagej, "Classify cells") is not None, "the dialog")
    display.screenshot("Classify cells", shots / "fiji-dialog.png")
    assert shows_something(shots / "fiji-dialog.png")
    press(imagej, display, "Classify cells")
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    wait_for(lambda: "Classify..." in recorded(imagej), "the recording")
    line = re.search(r'run\("Classify\.\.\.", "([^"]*)"\);', recorded(imagej))
    assert line, recorded(imagej)
    words = line[1]
    assert re.match(r"framework=automatic model=\S+ target=\[Whole image\] top=3 ", words), words
    assert words.split()[-1] == "overlay"
    first = imagej.table(RESULTS)
    imagej.macro(f'run("Classify...", "{words}");')
    both = imagej.table(RESULTS)
    assert len(both) == 2
    assert both["score"][1] == first["score"][0]
    imagej.macro('selectWindow("Recorder"); run("Close");')


def test_comparing_is_recorded_and_replays(imagej, display):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    imagej.jvm.ij.IJ.run("Record...")
    imagej.jvm.ij.IJ.doCommand("Compare models...")
    wait_for(lambda: dialog(imagej, "Compare models") is not None, "the dialog")
    dialog(imagej, "Compare models").getStringFields().get(0).setText("digits, textures")
    button = dialog(imagej, "Compare models").getButtons()[0]
    wait_for(button.isEnabled, "the choice of models")
    press(imagej, display, "Compare models")
    wait_for(lambda: "Compare models..." in recorded(imagej), "the recording")
    line = re.search(r'run\("Compare models\.\.\.", "([^"]*)"\);', recorded(imagej))
    assert line, recorded(imagej)
    assert line[1].startswith("models=[digits, textures] target=[Whole image] top=")
    first = imagej.table(RESULTS)
    imagej.macro(f'run("Compare models...", "{line[1]}");')
    again = imagej.table(RESULTS)[2:].reset_index(drop=True)
    assert list(again["score"]) == list(first["score"])
    assert list(again["model"]) == ["digits", "textures"]
    imagej.macro('selectWindow("Recorder"); run("Close");')


def test_classifying_a_folder_is_recorded_and_replays(imagej, display, tmp_path):
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    imagej.jvm.ij.IJ.run("Record...")
    imagej.jvm.ij.IJ.doCommand("Classify folder...")
    wait_for(lambda: dialog(imagej, "Classify folder") is not None, "the dialog")
    dialog(imagej, "Classify folder").getStringFields().get(0).setText(str(tmp_path))
    button = dialog(imagej, "Classify folder").getButtons()[0]
    wait_for(button.isEnabled, "the choice of a folder")
    press(imagej, display, "Classify folder")
    wait_for(lambda: "Classify folder..." in recorded(imagej), "the recording")
    line = re.search(r'run\("Classify folder\.\.\.", "([^"]*)"\);', recorded(imagej))
    assert line, recorded(imagej)
    assert len(imagej.table(RESULTS)) == 3
    imagej.macro(f'run("Classify folder...", "{line[1]}");')
    table = imagej.table(RESULTS)
    assert list(table["image"]) == ["0.png", "1.png", "2.png"] * 2
    assert list(table["score"][:3]) == list(table["score"][3:])
    imagej.macro('selectWindow("Recorder"); run("Close");')


def test_cancelling_the_dialog_does_nothing(imagej, display):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: display.window("Classify cells"), "the dialog")
    display.key("Classify cells", "Escape")
    wait_for(lambda: dialog(imagej, "Classify cells") is None, "the dialog's end")
    assert RESULTS not in imagej.tables()


def test_a_model_that_does_not_fit_says_why_and_cannot_be_run(imagej, display):
    imagej.macro('newImage("five", "8-bit composite-mode", 32, 32, 5, 1, 1);')
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: dialog(imagej, "Classify five") is not None, "the dialog")
    window = dialog(imagej, "Classify five")
    wait_for(lambda: "the image has 5" in window.getTextArea1().getText(), "the reason")
    assert not window.getButtons()[0].isEnabled()
    display.key("Classify five", "Escape")
    wait_for(lambda: dialog(imagej, "Classify five") is None, "the dialog's end")


def test_a_failure_is_one_dialog_with_the_servers_sentence(imagej, display):
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: display.window(r"Classify\.\.\."), "the message")
    assert "No image is open" in str(imagej.jvm.ij.IJ.getErrorMessage())
    display.key(r"Classify\.\.\.", "Return")
    wait_for(lambda: not display.window(r"Classify\.\.\."), "the message's end")


def test_table_and_overlay_are_there_to_see(imagej, display, shots, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_TEXTURES", str(tmp_path / "brick and grass.png"))
    textures(imagej)
    imagej.run("Classify...", "model=textures target=Tiles tile_size=64 top=2 overlay")
    display.screenshot("brick and grass", shots / "fiji-overlay.png")
    display.screenshot(RESULTS, shots / "fiji-table.png")
    assert shows_something(shots / "fiji-overlay.png")
    assert shows_something(shots / "fiji-table.png")


def test_the_window_of_servers_and_models_describes_them(imagej, display, served, shots):
    imagej.jvm.ij.IJ.doCommand("Servers and models...")
    wait_for(lambda: display.window("ZooBridge servers and models"), "the window")
    frames = [
        frame
        for frame in imagej.jvm.java.awt.Frame.getFrames()
        if frame.getTitle() == "ZooBridge servers and models" and frame.isShowing()
    ]
    wait_for(lambda: served.address in part(frames[0], "status").getText(), "the server's address")
    wait_for(lambda: "Handwritten" in part(frames[0], "page").getText(), "the model's page")
    display.screenshot("ZooBridge servers and models", shots / "fiji-servers.png")
    assert shows_something(shots / "fiji-servers.png")
    frames[0].dispose()


def test_help_names_every_command(imagej, display):
    imagej.jvm.ij.IJ.doCommand("ZooBridge Help")
    wait_for(lambda: display.window("ZooBridge Help"), "the page")
    display.key("ZooBridge Help", "Escape")
    page = Path(
        PROJECT / "plugins/imagej/src/main/resources/org/zoobridge/imagej/help.html"
    ).read_text("utf-8")
    config = (PROJECT / "plugins/imagej/src/main/resources/plugins.config").read_text("utf-8")
    for command in re.findall(r'"([^"]+)"', config):
        if command != "ZooBridge Help":
            assert command.replace("...", "…") in page or command in page
