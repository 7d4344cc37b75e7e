"""The macros of docs/fiji.md for other plugins' results, run as they stand there."""

from __future__ import annotations

import re

from screen import PROJECT, RESULTS

PAGE = (PROJECT / "docs" / "fiji.md").read_text("utf-8")


def macro(name: str) -> str:
    found = re.search(rf"<!-- macro: {name} -->\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_spots_of_trackmate_are_classified_in_their_frames(imagej):
    imagej.macro(
        'newImage("movie", "8-bit ramp", 200, 200, 3);'
        'run("Properties...", "channels=1 slices=1 frames=3 pixel_width=0.5 pixel_height=0.5 '
        'voxel_depth=1 unit=um");'
        'Table.create("spots");'
        "for (i = 0; i < 3; i++) {"
        'Table.set("POSITION_X", i, 20 + 20 * i, "spots");'
        'Table.set("POSITION_Y", i, 50, "spots");'
        'Table.set("RADIUS", i, 8, "spots"); Table.set("FRAME", i, i, "spots"); }'
        'Table.update("spots"); selectImage("movie");'
    )
    imagej.macro(macro("trackmate"))
    table = imagej.table(RESULTS)
    assert list(table["Frame"]) == [1, 2, 3]
    assert list(table["X"]) == [12, 32, 52]
    assert list(table["Width"]) == [16, 16, 16]
    names = [roi.name.split(": ")[1] for roi in imagej.rois()]
    assert names == list(table["label"])


def test_a_segmentation_of_labkit_is_classified_area_by_area(imagej):
    imagej.macro(
        'newImage("cells.tif", "8-bit ramp", 200, 200, 1);'
        'newImage("segmentation", "8-bit black", 200, 200, 1); setColor(1);'
        "fillOval(10, 10, 40, 40); fillOval(100, 20, 50, 40); fillRect(20, 120, 60, 50);"
    )
    imagej.macro(macro("labkit"))
    table = imagej.table(RESULTS)
    assert list(table["image"]) == ["cells.tif"] * 3
    assert sorted(table["X"]) == [10, 20, 100]
