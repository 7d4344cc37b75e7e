"""Every row runs from end to end; how fast, a test cannot say."""

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from benchmarks.rows import ROWS


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_a_row_runs_and_its_figures_are_in_table_and_picture(name, project, cache, tmp_path):
    page, raw = tmp_path / "performance.md", tmp_path / "figures.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--quick", "--only", name),
            *("--cache", cache, "--page", page, "--raw", raw),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    known = json.loads(raw.read_text())
    assert known.keys() == {name}
    text = page.read_text()
    assert f"\n## {name}\n" in text
    drawn = ET.parse(tmp_path / "images" / "performance.svg").getroot()
    words = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert known[name]["figures"]
    for figure in known[name]["figures"]:
        assert f"| {figure['measure']} |" in text
        assert all(number > 0 for number in (*figure["ours"], *figure["reference"]))
        assert figure["target"] is None or figure["measure"] in words


def test_a_row_that_does_not_exist_is_named_and_the_known_ones_listed(project, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "everything", "--cache", tmp_path],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "everything" in done.stderr
    assert all(row.name in done.stderr for row in ROWS)
