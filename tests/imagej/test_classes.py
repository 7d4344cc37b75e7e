"""Classes in the ROI Manager and in the second table."""

from __future__ import annotations

import pytest

from screen import RESULTS

CLASSES = "ZooBridge Classes"
FIELD = (
    'newImage("cells", "8-bit ramp", 300, 300, 1);'
    'run("Set Scale...", "distance=10 known=1 unit=um");'
    "for (i = 0; i < 6; i++) { makeOval(10 + 45 * i, 20, 40, 60); roiManager('add'); }"
    "roiManager('select', 2); roiManager('rename', 'mitosis');"
    "roiManager('deselect'); run('Select None');"
)


@pytest.fixture
def field(imagej):
    imagej.macro(FIELD)
    return imagej


def test_classes_go_into_names_and_groups_and_the_own_name_stays(field, served):
    labels = served.client.model("textures").labels
    for _ in range(2):
        field.run("Classify...", "model=textures target=[ROI Manager] top=1 roi_manager")
    table = field.table(RESULTS)[6:].reset_index(drop=True)
    rois = field.rois()
    assert len(rois) == 6
    assert rois[2].name == f"mitosis: {table['label'][2]}"
    assert table["region"][2] == "mitosis"
    assert [roi.group for roi in rois] == [labels.index(label) + 1 for label in table["label"]]
    names = field.macro(
        "name = newArray(6); for (i=0;i<6;i++) name[i] = RoiManager.getName(i);"
        "return String.join(name, '|');"
    ).split("|")
    assert names == [roi.name for roi in rois]


def test_regions_that_are_not_in_the_roi_manager_are_added(imagej):
    imagej.macro('newImage("a", "8-bit ramp", 128, 128, 1);')
    imagej.run("Classify...", "model=textures target=Tiles tile_size=64 roi_manager")
    table = imagej.table(RESULTS)
    assert [roi.name for roi in imagej.rois()] == [
        f"tile {i + 1}: {label}" for i, label in enumerate(table["label"])
    ]


def test_counts_and_area_by_class_are_a_second_table(field):
    field.run("Classify...", "model=textures target=[ROI Manager] top=1 summary")
    table, classes = field.table(RESULTS), field.table(CLASSES)
    counts = table["label"].value_counts()
    assert dict(zip(classes["class"], classes["Count"], strict=True)) == dict(counts)
    assert classes["Share"].sum() == pytest.approx(1)
    pixels = int(
        field.macro("roiManager('select', 0); getStatistics(area); return '' + area * 100;").split(
            "."
        )[0]
    )
    assert classes["Area"].sum() == pytest.approx(6 * pixels / 100)
    first = classes["class"][0]
    mean = table[table["label"] == first]["score"].mean()
    assert classes["Mean score"][0] == pytest.approx(mean)
