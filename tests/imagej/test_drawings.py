"""What is drawn over an image: a run replaces its own drawings, and never touches the user's."""

from __future__ import annotations

from screen import RESULTS

RAMP = 'newImage("{}", "8-bit ramp", {}, {}, 1);'
TILES = "model=textures target=Tiles tile_size={} top=1 overlay"


def drawn(imagej) -> list:
    """The overlay of the image in front."""
    overlay = imagej.jvm.ij.IJ.getImage().getOverlay()
    return list(overlay.toArray()) if overlay is not None else []


def texts(imagej) -> list:
    kind = imagej.jvm.java.lang.Class.forName("ij.gui.TextRoi")
    return [roi for roi in drawn(imagej) if kind.isInstance(roi)]


def test_a_second_run_replaces_the_drawings_of_the_first(imagej):
    imagej.macro(
        RAMP.format("a", 1200, 1200) + "makeRectangle(1, 1, 5, 5); run('Add Selection...');"
        "run('Select None');"
    )
    imagej.run("Classify...", TILES.format(150))
    first = len(drawn(imagej))
    assert first == 1 + 2 * 64
    imagej.run("Classify...", TILES.format(150))
    assert len(drawn(imagej)) == first
    imagej.run("Classify...", TILES.format(300))
    assert len(drawn(imagej)) == 1 + 2 * 16
    assert drawn(imagej)[0].getProperty("zoobridge") is None


def test_drawings_of_other_regions_stay(imagej):
    imagej.macro(RAMP.format("a", 600, 600) + "makeRectangle(10, 10, 200, 200);")
    imagej.run("Classify...", "model=textures top=1 overlay")
    imagej.macro("makeOval(10, 10, 200, 200);")
    imagej.run("Classify...", "model=textures top=1 overlay")
    assert len(drawn(imagej)) == 4
    imagej.run("Classify...", "model=textures top=1 overlay")
    assert len(drawn(imagej)) == 4


def test_labels_that_do_not_fit_give_way_to_a_legend(imagej):
    imagej.macro(RAMP.format("crowded", 200, 200))
    imagej.run("Classify...", TILES.format(20))
    labels = list(imagej.table(RESULTS)["label"])
    shown = [str(roi.getText()).strip() for roi in texts(imagej)]
    assert sorted(shown) == sorted(f"{name}: {labels.count(name)}" for name in set(labels))
    colors = {
        str(roi.getProperty("zoobridge")): roi.getFillColor().getRGB() & 0xFFFFFF
        for roi in drawn(imagej)
        if roi.getProperty("zoobridge") in labels and roi not in texts(imagej)
    }
    squares = [roi for roi in drawn(imagej) if roi.getName() == "legend" and roi.getFillColor()]
    assert {roi.getFillColor().getRGB() & 0xFFFFFF for roi in squares} >= set(colors.values())


def test_a_label_stays_inside_its_region(imagej):
    imagej.macro(RAMP.format("a", 800, 800))
    imagej.run("Classify...", TILES.format(100))
    boxes = [roi.getBounds() for roi in drawn(imagej) if roi not in texts(imagej)]
    assert len(texts(imagej)) == len(boxes) == 64
    for text in texts(imagej):
        inside = text.getBounds()
        assert any(box.contains(inside) for box in boxes), (inside.toString(), text.getText())


def test_a_legend_is_drawn_wherever_it_is_asked_for(imagej):
    imagej.macro(RAMP.format("a", 800, 800))
    imagej.run("Classify...", TILES.format(400) + " legend")
    assert any(roi.getName() == "legend" for roi in texts(imagej))


def test_each_plane_of_a_stack_keeps_its_own_drawings(imagej):
    imagej.macro('newImage("s", "8-bit ramp", 300, 300, 3); makeRectangle(0, 0, 150, 150);')
    imagej.run("Classify...", "model=textures top=1 overlay")
    imagej.macro("setSlice(3);")
    imagej.run("Classify...", "model=textures top=1 overlay")
    imagej.run("Classify...", "model=textures top=1 overlay")
    assert [roi.getPosition() for roi in drawn(imagej)] == [1, 1, 3, 3]
