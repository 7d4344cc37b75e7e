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

from screen import PROJECT, RESULTS, form, part, press, wait_for


@pytest.fixture
def shots(tmp_path) -> Path:
    """Where screenshots go."""
    named = os.environ.get("ZOOBRIDGE_SCREENSHOTS")
    return PROJECT / named if named else tmp_path


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


def opened(imagej, command: str, title: str):
    """The dialog of a command."""
    imagej.jvm.ij.IJ.doCommand(command)
    wait_for(lambda: form(imagej, title) is not None, f"the dialog '{title}'")
    return form(imagej, title)


def fits_on_a_small_screen(window) -> bool:
    return window.getWidth() <= 1366 - 60 and window.getHeight() <= 768 - 60


def recording(imagej, command: str) -> str:
    """The words that were recorded for a command."""
    wait_for(lambda: command in recorded(imagej), "the recording")
    line = re.search(rf'run\("{re.escape(command)}", "([^"]*)"\);', recorded(imagej))
    assert line, recorded(imagej)
    return line[1]


@pytest.fixture
def recorder(imagej):
    """The macro recorder, open."""
    imagej.jvm.ij.IJ.run("Record...")
    yield
    imagej.macro('selectWindow("Recorder"); run("Close");')


def test_the_dialog_is_recorded_and_the_recording_replays(imagej, display, shots, recorder):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    window = opened(imagej, "Classify...", "Classify cells")
    assert fits_on_a_small_screen(window)
    display.screenshot("Classify cells", shots / "fiji-dialog.png")
    assert shows_something(shots / "fiji-dialog.png")
    part(window, "intensity").setText("10,200")
    press(imagej, display, "Classify cells")
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    words = recording(imagej, "Classify...")
    expected = r"model=\S+ target=\[Whole image\] top=3 intensity=10,200 overlay"
    assert re.match(expected, words), words
    first = imagej.table(RESULTS)
    imagej.macro(f'run("Classify...", "{words}");')
    both = imagej.table(RESULTS)
    assert len(both) == 2
    assert both["score"][1] == first["score"][0]


def test_the_best_fit_comes_first_and_says_what_it_takes(imagej, display):
    imagej.macro('newImage("photo", "RGB white", 512, 384, 1);')
    window = opened(imagej, "Classify...", "Classify photo")
    models = part(window, "model")
    assert [str(models.getModel().getElementAt(i).toString()) for i in range(2)] == [
        "Textures - brick grass gravel   [textures]",
        "Handwritten digits   [digits]",
    ]
    assert models.getSelectedIndex() == 0
    note = str(part(window, "description").getText())
    assert "64 x 64 pixels" in note
    assert "3 classes: brick, grass, gravel" in note
    assert not part(window, "search").isVisible()
    press(imagej, display, "Classify photo", "cancel")
    wait_for(lambda: form(imagej, "Classify photo") is None, "the dialog's end")


def test_fields_appear_when_they_apply(imagej, display):
    imagej.macro('newImage("a", "8-bit ramp", 256, 256, 1);')
    window = opened(imagej, "Classify...", "Classify a")
    target = part(window, "target")
    assert [target.getItemAt(i) for i in range(target.getItemCount())] == ["Whole image", "Tiles"]
    assert not part(window, "tile_size").isShowing()
    assert not part(window, "channels").isShowing()
    assert not part(window, "class_map").isShowing()
    assert not part(window, "labels").isShowing()
    target.setSelectedItem("Tiles")
    wait_for(part(window, "tile_size").isShowing, "the tile size")
    assert part(window, "class_map").isShowing()
    part(window, "tile_size").setText("none")
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    assert "Tile size: write a whole number" in str(part(window, "status").getText())
    display.key("Classify a", "Escape")
    wait_for(lambda: form(imagej, "Classify a") is None, "the dialog's end")


def test_a_drawn_selection_is_the_target_and_our_own_drawings_are_not_offered(imagej, display):
    imagej.macro('newImage("a", "8-bit ramp", 256, 256, 1); makeOval(10, 10, 90, 90);')
    imagej.run("Classify...", "model=textures overlay")
    window = opened(imagej, "Classify...", "Classify a")
    target = part(window, "target")
    assert target.getSelectedItem() == "Selection"
    assert "Overlay" not in [target.getItemAt(i) for i in range(target.getItemCount())]
    display.key("Classify a", "Escape")
    wait_for(lambda: form(imagej, "Classify a") is None, "the dialog's end")


def test_a_preview_shows_the_tiles_and_the_answer_for_the_first(imagej, display, shots):
    imagej.macro('newImage("tiled", "8-bit ramp", 512, 512, 1);')
    window = opened(imagej, "Classify...", "Classify tiled")
    part(window, "target").setSelectedItem("Tiles")
    wait_for(part(window, "tile_size").isShowing, "the tile size")
    press(imagej, display, "Classify tiled", "preview")
    wait_for(lambda: "1 of 16" in str(part(window, "status").getText()), "the preview")
    image = imagej.jvm.ij.IJ.getImage()
    assert image.getOverlay().size() == 16
    assert RESULTS not in imagej.tables()
    display.screenshot("Classify tiled", shots / "fiji-preview.png")
    display.key("Classify tiled", "Escape")
    wait_for(lambda: image.getOverlay().size() == 0, "the outlines' end")


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("Classify...", "Classify a"),
        ("Compare models...", "Compare models"),
        ("Classify folder...", "Classify folder"),
        ("Add model...", "Add model"),
        ("Train...", "Train"),
    ],
)
def test_every_dialog_explains_itself(imagej, display, command, title):
    """Each field has a tooltip, there is Help, and all of it fits the screen."""
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1);')
    window = opened(imagej, command, title)
    kinds = ("JTextField", "JComboBox", "JCheckBox", "JList")
    inside, fields = [window.getContentPane()], []
    while inside:
        one = inside.pop()
        if str(one.getClass().getSimpleName()) in kinds and one.isShowing():
            fields.append(one)
        else:
            inside.extend(one.getComponents())
    assert len(fields) > 2
    assert [str(field.getName()) for field in fields if not field.getToolTipText()] == []
    assert fits_on_a_small_screen(window)
    press(imagej, display, title, "help")
    wait_for(lambda: display.window("ZooBridge Help"), "the page")
    display.key(title, "Escape")
    wait_for(lambda: form(imagej, title) is None, "the dialog's end")


def test_comparing_is_recorded_and_replays(imagej, display, tmp_path, recorder):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    window = opened(imagej, "Compare models...", "Compare models")
    assert fits_on_a_small_screen(window)
    models = part(window, "model")
    models.setSelectedIndex(0)
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    assert "Select two or more models" in str(part(window, "status").getText())
    models.addSelectionInterval(0, 1)
    wait_for(part(window, "ok").isEnabled, "the choice of models")
    display.screenshot("Compare models", tmp_path / "fiji-compare.png")
    press(imagej, display, "Compare models")
    words = recording(imagej, "Compare models...")
    assert re.match(r"models=\[(digits, textures|textures, digits)\] target=\[Whole image\]", words)
    first = imagej.table(RESULTS)
    imagej.macro(f'run("Compare models...", "{words}");')
    again = imagej.table(RESULTS)[2:].reset_index(drop=True)
    assert list(again["score"]) == list(first["score"])
    assert set(again["model"]) == {"digits", "textures"}


def test_classifying_a_folder_is_recorded_and_replays(imagej, display, tmp_path, recorder):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    window = opened(imagej, "Classify folder...", "Classify folder")
    assert fits_on_a_small_screen(window)
    part(window, "folder").setText("")
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    assert "Choose a folder" in str(part(window, "status").getText())
    part(window, "folder").setText(str(folder))
    wait_for(part(window, "ok").isEnabled, "the choice of a folder")
    part(window, "intensity").setText("nonsense")
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    part(window, "intensity").setText("min_max")
    part(window, "series").setText("0")
    wait_for(part(window, "ok").isEnabled, "the intensity")
    display.screenshot("Classify folder", tmp_path / "fiji-folder.png")
    press(imagej, display, "Classify folder")
    words = recording(imagej, "Classify folder...")
    assert "intensity=min_max" in words
    assert "series=0" in words
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    assert len(imagej.table(RESULTS)) == 3
    imagej.macro(f'run("Classify folder...", "{words}");')
    table = imagej.table(RESULTS)
    assert list(table["image"]) == ["0.png", "1.png", "2.png"] * 2
    assert list(table["score"][:3]) == list(table["score"][3:])


def test_cancelling_the_dialog_does_nothing(imagej, display):
    imagej.macro('newImage("cells", "8-bit ramp", 64, 64, 1);')
    opened(imagej, "Classify...", "Classify cells")
    display.key("Classify cells", "Escape")
    wait_for(lambda: form(imagej, "Classify cells") is None, "the dialog's end")
    assert RESULTS not in imagej.tables()


def test_a_model_that_does_not_fit_says_why_and_cannot_be_run(imagej, display):
    imagej.macro('newImage("five", "8-bit composite-mode", 32, 32, 5, 1, 1);')
    window = opened(imagej, "Classify...", "Classify five")
    wait_for(lambda: "the image has 5" in str(part(window, "status").getText()), "the reason")
    assert not part(window, "ok").isEnabled()
    assert part(window, "channels").isShowing()
    display.key("Classify five", "Escape")
    wait_for(lambda: form(imagej, "Classify five") is None, "the dialog's end")


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
    for command in re.findall(r'^Plugins>ZooBridge, "([^"]+)"', config, re.MULTILINE):
        if command != "ZooBridge Help":
            assert command.replace("...", "…") in page or command in page
