"""Without a display: SciJava commands and scripts, with ``-Djava.awt.headless=true``."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

PROGRAMS = Path(__file__).parent / "headless"


@pytest.fixture
def run_headless(plugin, ij_jar, jars, served):
    """Run one of the programs beside this file; return its output and the classes it loaded."""

    def run(program: str, *arguments: str) -> tuple[str, list[str]]:
        path = os.pathsep.join(
            map(str, [plugin, ij_jar, *sorted((jars / "scijava").glob("*.jar"))])
        )
        environment = {
            name: value for name, value in served.environment.items() if name != "DISPLAY"
        }
        done = subprocess.run(
            [
                *("java", "-Djava.awt.headless=true", "-Xlog:class+load:stderr", "-cp", path),
                *(PROGRAMS / f"{program}.java", *arguments),
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout, re.findall(r"\] (\S+) source:", done.stderr)

    return run


def test_what_was_assumed_of_a_file_is_an_output(run_headless, tmp_path):
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    tifffile.imwrite(tmp_path / "floats.tif", ramp)
    output, _ = run_headless("Files", str(tmp_path), "textures")
    assert output.splitlines()[-1].startswith("Check floats.tif: the float32 values 0…1 lie in 0…1")


def test_files_are_classified_without_a_class_of_awt(run_headless, served, tmp_path):
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 40), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    output, classes = run_headless("Files", str(tmp_path), "digits")
    rows = [line.split(",") for line in output.splitlines()]
    assert [row[0] for row in rows] == ["image", "0.png", "1.png", "2.png"]
    expected = [
        served.client.classify("digits", np.asarray(Image.open(tmp_path / f"{i}.png")))[0].label
        for i in range(3)
    ]
    assert [row[3] for row in rows[1:]] == expected
    assert "org.zoobridge.imagej.ClassifyFilesCommand" in classes
    assert [name for name in classes if name.startswith(("java.awt.", "javax.swing."))] == []


def test_an_image_from_memory_is_classified_without_a_window(run_headless, served):
    output, classes = run_headless("Image", "textures")
    assert re.findall(r"tile \d: \w+", output)
    assert output.endswith("drawn: true\n")
    # ImageJ's own ImagePlus refers to AWT; no dialog of the plugin's is loaded.
    assert "org.zoobridge.imagej.Classifier" in classes
    assert [name for name in classes if name.startswith("org.zoobridge.imagej.dialogs.")] == []
