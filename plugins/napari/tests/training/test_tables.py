"""What a fit says, in tabs."""

from napari_zoobridge.training._tables import FigureTabs
from zoobridge.client import ClassFigures, TrainingFigures


def test_the_report_holds_the_confusion_matrix(qtbot):
    tabs = FigureTabs(lambda item: item.name)
    qtbot.addWidget(tabs)
    classes = (ClassFigures("A & <b>", 6, 3, 0.75), ClassFigures("other", 4, 2))
    tabs.show_figures(
        TrainingFigures(0.8, 0.6, 1.0, classes=classes, confusion=(4.5, 1.5, 0.0, 4.0))
    )
    words = tabs.report.toPlainText().split("\n")
    assert "A & <b>: 6 items in 3 groups, 0.75 answered right" in words
    assert "other: 4 items in 2 groups, too few groups" in words
    shown = [word for word in words if word in ("4.5", "1.5", "0.0", "4.0")]
    assert shown == ["4.5", "1.5", "0.0", "4.0"]
    tabs.clear_figures()
    assert tabs.report.toPlainText() == ""
