"""Add model…: a network or a package goes into the user's own zoo without leaving ImageJ."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from screen import PROJECT, RESULTS, ZOO, form, part, press, wait_for
from zoobridge.imagej import ImageJError, launch

SERVERS = "ZooBridge servers and models"
TOWNS = (
    "Aachen",
    "Basel",
    "Cork",
    "Delft",
    "Essen",
    "Foix",
    "Genoa",
    "Haarlem",
    "Ivrea",
    "Jena",
    "Kiel",
)


def copied(package: Path, name: str) -> None:
    """Copy the package of the digits under another name."""
    shutil.copytree(ZOO / "digits", package)
    description = (package / "rdf.yaml").read_text("utf-8")
    description = description.replace("id: digits", f"id: {package.name}")
    description = description.replace("name: Handwritten digits", f"name: {name}", 1)
    (package / "rdf.yaml").write_text(description, "utf-8")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "zoo"
    folder.mkdir()
    shutil.copytree(ZOO / "digits", folder / "digits")
    return folder


@pytest.fixture(scope="module")
def beside_own_zoo(zoo, zoobridge_server, home, ij_jar, display):
    """An ImageJ beside a server of a separate zoo."""
    served = zoobridge_server(zoo)
    with launch(
        ij_jar,
        plugins=home,
        java_options=[f"-Duser.home={home}"],
        environment={
            "DISPLAY": display.name,
            "ZOOBRIDGE_RUNTIME_DIR": served.environment["ZOOBRIDGE_RUNTIME_DIR"],
        },
    ) as imagej:
        yield imagej, served


@pytest.fixture
def own_zoo(beside_own_zoo):
    imagej, served = beside_own_zoo
    imagej.macro('run("Close All"); newImage("a", "8-bit ramp", 64, 64, 1);')
    return imagej, served


def test_a_network_with_its_labels_is_added_and_tried(own_zoo, zoobridge_program):
    imagej, served = own_zoo
    words = (
        f"file=[{ZOO / 'textures' / 'weights.onnx'}] labels=[a, b, c] name=[My textures] "
        f"command=[{zoobridge_program}]"
    )
    imagej.run("Add model...", words + " test")
    assert {model.name for model in served.client.models()} >= {"My textures"}
    table = imagej.table(RESULTS)
    assert set(table["label"]) <= {"a", "b", "c"}
    with pytest.raises(ImageJError, match="was not added"):
        imagej.run("Add model...", words)


def test_a_package_is_added_once(own_zoo):
    imagej, served = own_zoo
    imagej.run("Add model...", f"file=[{ZOO / 'textures'}]")
    assert "textures" in {model.id for model in served.client.models()}
    with pytest.raises(ImageJError, match='has "textures" already'):
        imagej.run("Add model...", f"file=[{ZOO / 'textures'}]")


def open_servers_window(imagej, served):
    """The window of servers and models, once it shows the server."""
    imagej.jvm.ij.IJ.doCommand("Servers and models...")
    frames = imagej.jvm.java.awt.Frame.getFrames
    wait_for(lambda: any(f.getTitle() == SERVERS and f.isShowing() for f in frames()), "the window")
    window = next(f for f in frames() if f.getTitle() == SERVERS and f.isShowing())
    wait_for(lambda: served.address in part(window, "status").getText(), "the server")
    return window


def drag(display, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag with the mouse, as slowly as a hand."""
    display.tool("xdotool", "mousemove", *map(str, start), "mousedown", "1")
    steps = 20
    for step in range(1, steps + 1):
        x, y = (round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))
        display.tool("xdotool", "mousemove", str(x), str(y))
        time.sleep(0.05)
    time.sleep(0.5)
    display.tool("xdotool", "mouseup", "1")


def middle(component) -> tuple[int, int]:
    place = component.getLocationOnScreen()
    return (
        int(place.getX()) + component.getWidth() // 2,
        int(place.getY()) + component.getHeight() // 2,
    )


def test_a_package_that_is_dropped_on_the_window_is_added(own_zoo, display, tmp_path):
    imagej, served = own_zoo
    package = tmp_path / "more-digits"
    copied(package, "More digits")
    window = open_servers_window(imagej, served)
    source = Path(__file__).parent / "drag" / "Source.java"
    left, top = window.getX(), window.getY() + window.getHeight() + 40
    files = subprocess.Popen(
        ["java", source, package, str(left), str(min(top, 620))],
        env=os.environ | {"DISPLAY": display.name},
    )
    try:
        wait_for(lambda: display.window("^Files$"), "the window with the file")
        display.tool("xdotool", "windowactivate", "--sync", display.window("^Files$"))
        place = display.tool("xdotool", "getwindowgeometry", "--shell", display.window("^Files$"))
        at = dict(line.split("=") for line in place.splitlines())
        drag(display, (int(at["X"]) + 100, int(at["Y"]) + 60), middle(window))
        listed = {model.id for model in served.client.models()}
        wait_for(
            lambda: "more-digits" in {model.id for model in served.client.models()},
            f"the package beside {listed}",
        )
    finally:
        files.kill()
        files.wait()
    window.dispose()


def test_many_models_are_searched_by_words_of_their_name(own_zoo, zoo, display, tmp_path):
    imagej, served = own_zoo
    for town in TOWNS:
        copied(zoo / town.lower(), f"Digits of {town}")
    wait_for(lambda: len(served.client.models()) > 11, "the models")
    imagej.macro(
        f'if (isOpen("{RESULTS}")) {{ selectWindow("{RESULTS}"); run("Close"); }}'
        'newImage("searched", "8-bit ramp", 64, 64, 1);'
    )
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: form(imagej, "Classify searched") is not None, "the dialog")
    window = form(imagej, "Classify searched")
    models = part(window, "model")
    wait_for(part(window, "search").isShowing, "the search field")
    display.tool("xdotool", "windowactivate", "--sync", display.window("Classify searched"))
    x, y = middle(part(window, "search"))
    display.tool("xdotool", "mousemove", str(x), str(y), "click", "1")
    display.tool("xdotool", "type", "--delay", "40", "digits basel")
    wait_for(lambda: models.getModel().getSize() == 1, "the one model")
    named = os.environ.get("ZOOBRIDGE_SCREENSHOTS")
    shots = PROJECT / named if named else tmp_path
    display.screenshot("Classify searched", shots / "fiji-search.png")
    press(imagej, display, "Classify searched")
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    assert list(imagej.table(RESULTS)["model"]) == ["basel"]


def test_the_dialog_says_what_is_missing(own_zoo, display):
    imagej, _ = own_zoo
    imagej.jvm.ij.IJ.doCommand("Add model...")
    wait_for(lambda: form(imagej, "Add model") is not None, "the dialog")
    window = form(imagej, "Add model")
    assert "Choose a network" in str(part(window, "status").getText())
    part(window, "file").setText(str(ZOO / "textures" / "weights.onnx"))
    wait_for(lambda: "Classes: write" in str(part(window, "status").getText()), "the reason")
    part(window, "file").setText(str(ZOO / "textures"))
    wait_for(part(window, "ok").isEnabled, "the package")
    press(imagej, display, "Add model", "cancel")
    wait_for(lambda: form(imagej, "Add model") is None, "the dialog's end")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("file=[/nowhere.onnx] labels=a", "There is no file"),
        ("file=[{self}]", "not a BioImage.IO package"),
        ("file=[{self}] labels=[a] command=[no-such-program]", "cannot be started"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_reason(own_zoo, words, sentence):
    imagej, _ = own_zoo
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Add model...", words.format(self=__file__))
