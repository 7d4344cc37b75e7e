"""Macros that the page copies run in a real ImageJ, and repeat its answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import playwright
import pytest
import tifffile
from PIL import Image

from zoobridge.client import Region
from zoobridge.web._shapes import polygon_mask

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bridge" / "zoobridge" / "web" / "assets" / "commands.js"
MOSAIC = ROOT / "examples" / "pictures" / "mosaic" / "mosaic.jpg"
RESULTS = "ZooBridge Results"


def macro(**asked) -> str:
    """What the page copies."""
    asked = {"regions": [], "strokes": [], "options": {"top_k": 3}} | asked
    program = (
        f'import {{ asMacro }} from "{SCRIPT.as_uri()}"; console.log(asMacro({json.dumps(asked)}));'
    )
    # Playwright, which drives the page's browser, brings the interpreter.
    node = Path(playwright.__file__).parent / "driver" / "node"
    return subprocess.run(
        [node, "--no-warnings", "--input-type=module", "-e", program],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_boxes_and_polygons_are_classified_as_on_the_page(imagej, served):
    corners = [[100.5, 80.2], [300.0, 90.0], [200.7, 260.0]]
    boxes = [
        {"x": 40, "y": 50, "width": 128, "height": 96},
        {"x": 100, "y": 80, "width": 200, "height": 180, "polygon": corners},
    ]
    imagej.macro(
        macro(
            picture={"name": str(MOSAIC)},
            models=[{"model": "textures@1.0.0", "framework": "onnx"}],
            regions=boxes,
        )
    )
    rows = imagej.table(RESULTS).tail(2)
    mask = polygon_mask([(x - 100, y - 80) for x, y in corners], 200, 180)
    regions = [Region(40, 50, 128, 96), Region(100, 80, 200, 180, mask=mask)]
    results = served.client.classify("textures", MOSAIC, framework="onnx", regions=regions)
    assert list(rows["label"]) == [one.top[0].label for one in results]
    # ImageJ takes pixels at a polygon's edge otherwise.
    assert list(rows["score"]) == pytest.approx([one.top[0].score for one in results], abs=0.05)


def test_the_plane_that_was_looked_at_is_classified(imagej, tmp_path):
    digits = ROOT / "examples" / "pictures" / "digits"
    planes = [np.asarray(Image.open(next((digits / name).glob("*.png")))) for name in "317"]
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack(planes), imagej=True, metadata={"axes": "ZYX"})
    imagej.macro(
        macro(
            picture={"name": str(path), "plane": {"Z": 2}, "facts": {"planes": {"Z": 3}}},
            models=[{"model": "digits@1.0.0", "framework": "onnx", "planes": "Z=2"}],
            options={"top_k": 1},
        )
    )
    row = imagej.table(RESULTS).iloc[-1]
    assert row["label"] == 7 or row["label"] == "7"
