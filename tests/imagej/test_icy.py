"""The plugin for Icy: its command, its blocks and its window, beside a real server.

Icy itself is in no registry that a build may use; ``plugins/icy/stubs`` stands in for its classes.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

from screen import PROJECT
from zoobridge.client import Region

PROGRAM = Path(__file__).parent / "icy" / "Program.java"
ICY = PROJECT / "plugins" / "icy"


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    """A photograph of bricks beside one of grass."""
    path = tmp_path_factory.mktemp("icy") / "brick and grass.png"
    Image.fromarray(
        np.concatenate([data.brick()[:128, :128], data.grass()[:128, :128]], axis=1)
    ).save(path)
    return path


@pytest.fixture(scope="module")
def program(jars, tmp_path_factory) -> str:
    """The class path of the program, compiled, behind the plugin's jar."""
    (jar,) = ICY.glob("target/ZooBridge-Icy-*.jar")
    path = os.pathsep.join(map(str, [jar, ICY / "stubs" / "target" / "classes"]))
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-nowarn", "-cp", path, "-d", folder, PROGRAM], check=True)
    return f"{path}{os.pathsep}{folder}"


@pytest.fixture
def run_icy(program, served) -> Callable[..., str]:
    def run(*words: str | Path, display: str | None = None, fails: bool = False) -> str:
        environment = {k: v for k, v in served.environment.items() if k != "DISPLAY"}
        done = subprocess.run(
            [
                "java",
                f"-Djava.awt.headless={'false' if display else 'true'}",
                *("-cp", program, "Program", *words),
            ],
            env=environment | ({"DISPLAY": display} if display else {}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


def output(text: str, name: str) -> str:
    return re.search(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)[1]


def expected_tiles(served, picture: Path) -> list[str]:
    """The classes that the Python client has for the tiles of a picture."""
    pixels = np.asarray(Image.open(picture))
    tiles = [
        Region(x, y, 64, 64)
        for y in range(0, pixels.shape[0], 64)
        for x in range(0, pixels.shape[1], 64)
    ]
    return [item.label for item in served.client.classify("textures", pixels, regions=tiles)]


def test_the_command_prints_the_classes_of_the_rois(run_icy, served, picture):
    printed = run_icy("command", picture, "model=textures", "target=ROIs")
    table = pd.read_csv(io.StringIO(printed))
    assert list(table["label"]) == expected_tiles(served, picture)
    assert set(table["pixels"]) == {64 * 64}
    assert list(table["region"][:2]) == ["tile 0 0", "tile 64 0"]


def test_the_command_refuses_an_unknown_key(run_icy, picture):
    said = run_icy("command", picture, "model=textures", "targett=ROIs", fails=True)
    assert "targett" in said
    assert "target" in said.replace("targett", "")


def test_the_folder_command_classifies_every_picture(run_icy, picture):
    printed = run_icy("command", picture, "model=textures", f"folder={picture.parent}")
    assert list(pd.read_csv(io.StringIO(printed))["image"]) == [picture.name]


def test_the_block_for_sequences_writes_classes_into_the_rois(run_icy, served, picture):
    printed = run_icy("sequence", picture, "model=textures", "target=ROIs", "intensity=dtype_range")
    expected = expected_tiles(served, picture)
    assert list(pd.read_csv(io.StringIO(output(printed, "csv")))["label"]) == expected
    assert output(printed, "label").strip() == expected[0]
    names = output(printed, "rois").split("\n")
    assert names[0].startswith(f"tile 0 0: {expected[0]} ")
    counts = pd.read_csv(io.StringIO(output(printed, "classes")))
    assert counts.set_index("class")["count"].to_dict() == {
        label: expected.count(label) for label in set(expected)
    }


def test_the_block_for_folders_gives_rows_and_counts(run_icy, picture):
    words = ("model=textures", f"folder={picture.parent}", "series=0", "intensity=0,255", "top=1")
    printed = run_icy("folder", picture, *words)
    assert "inputs=folder,recursive,model,framework,channels,top,all_scores,intensity,series" in (
        printed
    )
    assert len(pd.read_csv(io.StringIO(output(printed, "csv")))) == 1
    assert pd.read_csv(io.StringIO(output(printed, "classes")))["count"].sum() == 1


def test_a_block_fails_with_the_servers_sentence(run_icy, picture):
    printed = run_icy("sequence", picture, "model=no-such-model")
    assert "no-such-model" in re.search(r"^error=(.*)$", printed, re.MULTILINE)[1]
    assert output(printed, "csv").strip() == ""


def test_the_window_classifies_rois_at_a_click(run_icy, display, served, picture, tmp_path):
    named = os.environ.get("ZOOBRIDGE_SCREENSHOTS")
    shot = (PROJECT / named if named else tmp_path) / "icy-window.png"
    printed = run_icy("window", picture, shot, display=display.name)
    expected = expected_tiles(served, picture)
    counts = re.search(r"^counts=(.*)$", printed, re.MULTILINE)[1]
    assert sorted(counts.split(", ")) == sorted(
        f"{label} {expected.count(label)}" for label in set(expected)
    )
    assert f"8/8 {counts}" in printed
    assert re.search(rf"^first=tile 0 0: {expected[0]} ", printed, re.MULTILINE)
    assert "undone=tile 0 0\n" in printed
    with Image.open(shot) as picture_of_it:
        assert len(np.unique(np.asarray(picture_of_it.convert("L")))) > 8
