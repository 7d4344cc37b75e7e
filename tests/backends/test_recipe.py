"""The recipe of docs/adding-a-backend.md, taken from the page and followed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-backend.md"
FILE = re.compile(
    r'^```\w+ title="(?P<name>[^"]+)"\n(?P<content>.*?)^```$', re.MULTILINE | re.DOTALL
)

ASK = """
from zoobridge.engine._backends import find_backend, framework_names
from zoobridge.zoo._weights import frameworks_by_format
print(framework_names(), frameworks_by_format()["tensorflow_js"], find_backend("tfjs").formats)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    for match in FILE.finditer(PAGE.read_text("utf-8")):
        (folder / match["name"]).write_text(match["content"], "utf-8")
    return folder


def run(project, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_holds_a_whole_project(project):
    names = {path.name for path in project.iterdir()}
    assert {"pyproject.toml", "zoobridge_tfjs.py", "test_zoobridge_tfjs.py"} <= names


def test_the_backend_of_the_recipe_passes_the_suite(project):
    done = run(project, "-m", "pytest", "-q", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_the_suite_finds_a_backend_that_mixes_up_its_answers(project, tmp_path):
    source = (project / "zoobridge_tfjs.py").read_text("utf-8")
    for path in project.glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    spoilt = source.replace("return [values]", "return [values[::-1]]")
    assert spoilt != source
    (tmp_path / "zoobridge_tfjs.py").write_text(spoilt, "utf-8")
    done = run(tmp_path, "-m", "pytest", "-q")
    assert done.returncode == 1
    assert "gives_the_right_values" in done.stdout


def test_installing_the_recipe_makes_the_framework_and_its_format_known(project):
    # What an installer would write, without an installer's network.
    build = "from setuptools import build_meta as b; b.prepare_metadata_for_build_wheel('.')"
    built = run(project, "-c", build)
    assert built.returncode == 0, built.stderr
    asked = run(project, "-c", ASK)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip() == (
        "['onnx', 'pytorch', 'tensorflow', 'tfjs'] tfjs ('tensorflow_js',)"
    )
