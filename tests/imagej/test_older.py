"""The ImageJ that Debian installs, and the oldest one that is promised: 1.53t."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screen import RESULTS, current_pixels, wait_for
from zoobridge.imagej import launch

DEBIAN = Path("/usr/share/java/ij.jar")


@pytest.fixture(params=["oldest", "debian"])
def other(request, jars, start_imagej, served):
    """An ImageJ that is not the newest."""
    (oldest,) = (jars / "oldest-imagej").glob("ij-*.jar")
    jar = {"oldest": oldest, "debian": DEBIAN}[request.param]
    imagej = start_imagej(served.folder / "runtime", imagej=jar)
    assert imagej.version >= "1.53t"
    return imagej


def test_an_older_imagej_classifies_draws_and_shows_the_dialog(other, served, display):
    other.macro(
        'newImage("old", "8-bit ramp", 64, 64, 1); makeOval(5, 5, 30, 30); roiManager("add");'
        'run("Select None");'
    )
    other.run("Classify...", "model=textures target=[ROI Manager] top=1 overlay")
    other.run("Classify...", "model=digits top=1")
    table = other.table(RESULTS)
    expected = served.client.classify("digits", current_pixels(other), top_k=1)[0]
    assert list(table["label"])[1] == expected.label
    assert np.float32(table["score"][1]) == np.float32(expected.score)
    assert list(table["model"]) == ["textures", "digits"]
    image = other.jvm.ij.IJ.getImage()
    assert image.getOverlay().get(0).getProperty("zoobridge") == table["label"][0]
    assert image.getProp("zoobridge.label") == expected.label
    other.run("Undo")
    other.run("Compare models...", "models=digits,textures")
    other.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: display.window("Classify old"), "the dialog")
    display.key("Classify old", "Escape")
    wait_for(lambda: not display.window("Classify old"), "the dialog's end")


def test_without_a_word_debians_imagej_is_started(home, display, served, monkeypatch):
    monkeypatch.delenv("ZOOBRIDGE_IMAGEJ", raising=False)
    environment = {"DISPLAY": display.name, **served.environment}
    options = [f"-Duser.home={home}"]
    with launch(plugins=home, java_options=options, environment=environment) as imagej:
        loaded = imagej.jvm.java.lang.Class.forName("ij.ImageJ").getProtectionDomain()
        jar = Path(str(loaded.getCodeSource().getLocation().getPath()))
        assert jar.resolve() == DEBIAN.resolve()
