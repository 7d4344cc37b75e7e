"""The oldest ImageJ that is promised: 1.53t, as Debian has it."""

from __future__ import annotations

import pytest

from screen import RESULTS, current_pixels, wait_for


@pytest.fixture
def oldest(jars, start_imagej, served):
    (jar,) = (jars / "oldest-imagej").glob("ij-*.jar")
    return start_imagej(served.folder / "runtime", imagej=jar)


def test_the_oldest_imagej_classifies_draws_and_shows_the_dialog(oldest, served, display):
    assert oldest.version == "1.53t"
    oldest.macro(
        'newImage("old", "8-bit ramp", 64, 64, 1); makeOval(5, 5, 30, 30); roiManager("add");'
    )
    oldest.run("Classify...", "model=textures target=[ROI Manager] top=1 overlay")
    oldest.run("Classify...", "model=digits top=1")
    table = oldest.table(RESULTS)
    expected = served.client.classify("digits", current_pixels(oldest), top_k=1)[0]
    assert list(table["label"])[1] == expected.label
    assert list(table["model"]) == ["textures", "digits"]
    image = oldest.jvm.ij.IJ.getImage()
    assert image.getOverlay().size() == 2
    assert image.getProp("zoobridge.label") == expected.label
    oldest.run("Compare models...", "models=digits,textures")
    oldest.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: display.window("Classify old"), "the dialog")
    display.key("Classify old", "Escape")
    wait_for(lambda: not display.window("Classify old"), "the dialog's end")
