"""The guide says what is true: its script runs, its pictures are there, its words are the widgets'."""

import re
from pathlib import Path

import pytest
from napari.components import ViewerModel

from napari_zoobridge._samples import textures
from napari_zoobridge.widgets._target_choice import Target

GUIDE = Path(__file__).parents[3] / "docs" / "napari.md"


@pytest.fixture
def text():
    return GUIDE.read_text("utf-8")


def test_the_script_of_the_guide_runs(text, served, monkeypatch):
    monkeypatch.setenv("ZOOBRIDGE_ADDRESS", served.address)
    viewer = ViewerModel()
    photo, options, _ = textures()[0]
    viewer.add_image(photo, **options)
    (script,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(compile(script, str(GUIDE), "exec"), {"viewer": viewer})
    assert viewer.layers[-1].features["class"].tolist() == ["brick"]


def test_the_pictures_of_the_guide_are_there(text):
    names = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(names) >= 4
    for name in names:
        assert (GUIDE.parent / name).stat().st_size > 10_000


def test_the_guide_names_every_target(text):
    for target in Target:
        assert f"| {target.value} |" in text
