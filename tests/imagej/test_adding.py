"""Add model…: a network or a package goes into the user's own zoo without leaving ImageJ."""

from __future__ import annotations

import shutil

import pytest

from screen import RESULTS, ZOO, form, part, press, wait_for
from zoobridge.imagej import ImageJError, launch


@pytest.fixture(scope="module")
def beside_own_zoo(tmp_path_factory, zoobridge_server, home, ij_jar, display):
    """An ImageJ beside a server of a separate zoo."""
    zoo = tmp_path_factory.mktemp("own") / "zoo"
    zoo.mkdir()
    shutil.copytree(ZOO / "digits", zoo / "digits")
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


def test_a_package_that_is_dropped_on_the_window_is_added(own_zoo, tmp_path):
    imagej, served = own_zoo
    package = tmp_path / "more-digits"
    shutil.copytree(ZOO / "digits", package)
    description = (package / "rdf.yaml").read_text("utf-8")
    (package / "rdf.yaml").write_text(description.replace("id: digits", "id: more-digits"), "utf-8")
    imagej.jvm.ij.IJ.doCommand("Servers and models...")
    title = "ZooBridge servers and models"
    frames = imagej.jvm.java.awt.Frame.getFrames
    wait_for(lambda: any(f.getTitle() == title and f.isShowing() for f in frames()), "the window")
    window = next(f for f in frames() if f.getTitle() == title and f.isShowing())
    wait_for(lambda: served.address in part(window, "status").getText(), "the server")
    handler = part(window, "page").getTransferHandler()
    dropped = imagej.jvm.java.util.ArrayList()
    dropped.add(imagej.jvm.java.io.File(str(package)))
    # What importData does with the files once the drag has brought them.
    handler.accept(dropped)
    wait_for(lambda: "more-digits" in {model.id for model in served.client.models()}, "the package")
    window.dispose()


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
