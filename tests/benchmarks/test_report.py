"""What becomes of figures."""

import json

import pytest
from benchmarks._figures import Figure, Target
from benchmarks._plot import plot
from benchmarks._report import Report
from benchmarks._row import Row
from benchmarks.rows import ROWS

RATIO = Figure("speed", (100.0, 200.0, 50.0), (90.0, 150.0, 100.0), "/s", "ratio")


def row(name="walking"):
    return Row(name, "Walks.", "Another walker.", lambda _bench: [])


def written(tmp_path, *rows, figures):
    report = Report(tmp_path / "figures.json", rows)
    for one in rows:
        report.add(one, figures)
    report.write(tmp_path / "page.md")
    return (tmp_path / "page.md").read_text()


def test_a_ratio_is_taken_in_each_round_before_the_median():
    assert RATIO.values == (0.9, 0.75, 2.0)
    assert RATIO.value == 0.9


def test_a_difference_is_ours_less_the_reference():
    figure = Figure("wait", (1.0, 2.0), (1.5, 1.5), "ms", "difference")
    assert figure.values == (0.5, -0.5)


def test_a_figure_without_reference_stands_by_itself():
    assert Figure("memory", (), (3.0, 1.0, 2.0), "MB", "plain").value == 2.0


@pytest.mark.parametrize(
    ("bound", "least", "reached"),
    [(0.9, True, True), (0.91, True, False), (0.9, False, True), (0.89, False, False)],
)
def test_a_target_is_the_least_or_the_most_that_is_wanted(bound, least, reached):
    figure = Figure(*("speed", RATIO.reference, RATIO.ours), "/s", "ratio", Target(bound, least))
    assert figure.reached is reached


def test_the_table_tells_each_side_the_figure_its_spread_and_its_target(tmp_path):
    figure = Figure("speed", RATIO.reference, RATIO.ours, "/s", "ratio", Target(0.95, least=True))
    text = written(tmp_path, row(), figures=[figure])
    assert (
        "| [walking](#walking) | speed | 100 /s | 100 /s | 0.90 × | 0.75 – 2.00 | ≥ 0.95 × | **no** |"
    ) in text


def test_a_row_that_is_not_run_again_keeps_its_figures(tmp_path):
    rows = (row("walking"), row("swimming"))
    written(tmp_path, *rows, figures=[RATIO])
    report = Report(tmp_path / "figures.json", rows)
    report.add(rows[1], [Figure("strokes", (), (7.0,), "/s", "plain")])
    report.write(tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "| [walking](#walking) | speed |" in text
    assert "| [swimming](#swimming) | strokes |" in text
    assert "| [swimming](#swimming) | speed |" not in text


def test_notes_on_where_the_time_goes_outlive_a_new_run(tmp_path):
    notes = tmp_path / "profiles.md"
    notes.write_text("# Notes\n\n## walking\n\nMost of it in the shoes.\n")
    report = Report(tmp_path / "figures.json", (row(),), notes=notes)
    report.add(row(), [RATIO])
    report.write(tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "### Where the time goes\n\nMost of it in the shoes.\n" in text


def test_the_kept_notes_are_on_rows_that_exist(project):
    notes = (project / "benchmarks" / "profiles.md").read_text()
    headings = [line.removeprefix("## ") for line in notes.splitlines() if line.startswith("## ")]
    assert set(headings) <= {one.name for one in ROWS}


def test_raw_figures_are_kept_as_they_were_measured(tmp_path):
    written(tmp_path, row(), figures=[RATIO])
    known = json.loads((tmp_path / "figures.json").read_text())["walking"]
    assert known["figures"][0]["ours"] == list(RATIO.ours)
    assert known["machine"]["cores"]


def test_the_page_tells_once_what_the_machine_was_and_by_row_what_changed(tmp_path):
    rows = (row("walking"), row("swimming"))
    written(tmp_path, *rows, figures=[RATIO])
    raw = tmp_path / "figures.json"
    known = json.loads(raw.read_text())
    known["swimming"] = {
        **known["walking"],
        "machine": known["walking"]["machine"] | {"revision": "abc"},
    }
    known["walking"]["machine"]["revision"] = "def"
    raw.write_text(json.dumps(known))
    Report(raw, rows).write(tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert text.count("- cores: ") == 1
    assert "| row | revision |\n| --- | --- |\n| walking | def |\n| swimming | abc |\n" in text


def test_the_picture_shows_what_has_a_target_and_keeps_names_apart_from_markup():
    aimed = Figure("a < b", (1.0,), (2.0,), "ms", "ratio", Target(4.0, least=False))
    drawn = plot([aimed, RATIO])
    assert "a &lt; b" in drawn
    assert drawn.count("<circle") == 1


def test_a_figure_twice_as_good_as_its_target_stands_at_the_mark_for_that():
    aimed = Figure("wait", (1.0,), (2.0,), "ms", "ratio", Target(4.0, least=False))
    drawn = plot([aimed])
    mark = drawn[: drawn.index(">2 ×<")].rsplit('x="', 1)[1].partition('"')[0]
    assert f'<circle cx="{mark}"' in drawn


def test_a_page_without_figures_tells_what_each_row_does(tmp_path):
    Report(tmp_path / "figures.json", (row(),)).write(tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "No figures were taken yet." in text
    assert "## walking\n\nWalks.\n\nReference: Another walker.\n" in text
    assert not (tmp_path / "images").exists()
