"""What the page shows of a file is what the server classifies of it, pixel by pixel."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

RANDOM = np.random.default_rng(7)


def noise(*shape):
    return RANDOM.integers(0, 256, shape, np.uint8)


def thumbnail_first(path):
    with tifffile.TiffWriter(path) as writer:
        writer.write(noise(16, 16), subfiletype=1, contiguous=False, metadata=None)
        writer.write(noise(64, 64), contiguous=False, metadata=None)


def mask_page(path):
    with tifffile.TiffWriter(path) as writer:
        writer.write(noise(64, 64), contiguous=False, metadata=None)
        writer.write(
            RANDOM.integers(0, 2, (64, 64), np.uint8) > 0,
            subfiletype=4, contiguous=False, metadata=None,
        )  # fmt: skip


def several_pictures(path):
    with tifffile.TiffWriter(path) as writer:
        writer.write(noise(32, 32))
        writer.write(noise(64, 64))


def label_before_slide(path):
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(noise(16, 16), metadata={"Name": "label image"})
        writer.write(noise(64, 64), metadata={"Name": "slide"})


def imagej_behind_one_directory(path):
    tifffile.imwrite(path, noise(3, 64, 64), imagej=True, metadata={"axes": "ZYX"})


def imagej_cut(path):
    imagej_behind_one_directory(path)
    path.write_bytes(path.read_bytes()[: -64 * 64])


def pages_cut(path):
    with tifffile.TiffWriter(path) as writer:
        for page in noise(3, 64, 64):
            writer.write(page, contiguous=False, metadata=None)
    path.write_bytes(path.read_bytes()[: -64 * 64 // 2])


def one_bit(path):
    tifffile.imwrite(path, noise(64, 64) > 100, photometric="minisblack")


def colour_table(path):
    Image.fromarray(noise(64, 64, 3)).quantize(16).save(path)


def moving(path):
    frames = [Image.fromarray(noise(64, 64, 3)) for _ in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


def plain(path):
    Image.fromarray(noise(64, 64, 3)).save(path)


FILES = [
    (thumbnail_first, "x.tif", {}),
    (mask_page, "x.tif", {}),
    (several_pictures, "x.tif", {}),
    (several_pictures, "x.tif", {"series": 1}),
    (label_before_slide, "x.ome.tif", {}),
    (imagej_behind_one_directory, "x.tif", {"plane": 2}),
    (imagej_cut, "x.tif", {"plane": 1}),
    (imagej_cut, "x.tif", {"plane": 2}),
    (pages_cut, "x.tif", {"plane": 1}),
    (pages_cut, "x.tif", {"plane": 2}),
    (one_bit, "x.tif", {}),
    (colour_table, "x.tif", {}),
    (colour_table, "x.bmp", {}),
    (colour_table, "x.png", {}),
    (moving, "x.gif", {"plane": 2}),
    (moving, "x.webp", {"plane": 1}),
    (plain, "x.webp", {}),
    (plain, "x.jpg", {}),
]


@pytest.fixture(scope="module")
def visitor(page):
    return page.visitor().enter()


def answers(visitor, picture, *, planes="", **options):
    """Return the answers for all planes of a picture, in order."""
    events = visitor.lines(
        "/api/classify",
        {
            "picture": picture["id"],
            "models": [{"model": "digits", "framework": "onnx", "planes": planes}],
            "options": options | {"all_scores": True},
        },
    )
    results = [one for event in events for one in event.get("results", [])]
    return sorted(results, key=lambda one: one["item"])


def classified(visitor, picture, **options):
    """Return all scores of a picture, or the error's sentence."""
    (result,) = answers(visitor, picture, **options)
    return result["error"]["message"] if "error" in result else result["scores"]


@pytest.mark.parametrize(
    ("write", "name", "chosen"),
    FILES,
    ids=[f"{write.__name__}-{name}-{json.dumps(chosen)}" for write, name, chosen in FILES],
)
def test_the_view_holds_the_pixels_that_are_classified(visitor, tmp_path, write, name, chosen):
    write(tmp_path / name)
    picture = visitor.json("POST", f"/api/pictures?name={name}", (tmp_path / name).read_bytes())
    options, words = {}, ""
    if "plane" in chosen:
        (axis,) = visitor.json("GET", f"/api/pictures/{picture['id']}")["planes"]
        options = {"planes": f"{axis}={chosen['plane']}"}
        words = f"plane={options['planes']}"
    if "series" in chosen:
        options, words = chosen, f"series={chosen['series']}"
    scores = classified(visitor, picture, **options)
    status, _, png = visitor.ask("GET", f"/api/pictures/{picture['id']}/view?{words}")
    if isinstance(scores, str):
        assert status == 400
        assert json.loads(png)["error"]["message"].partition(": ")[2] in scores
        return
    assert status == 200, png
    seen = io.BytesIO()
    Image.open(io.BytesIO(png)).save(seen, "PNG")
    again = visitor.json("POST", "/api/pictures?name=seen.png", seen.getvalue())
    assert classified(visitor, again) == scores


@pytest.mark.parametrize("greatest", [(1, 1, 1), (1, 200, 3), (1, 3, 9000)], ids=str)
def test_a_picture_of_floats_is_answered_as_on_the_command_line(visitor, demo, tmp_path, greatest):
    path = tmp_path / "floats.tif"
    stack = np.stack([noise(64, 64) / 255 * one for one in greatest]).astype(np.float32)
    tifffile.imwrite(path, stack, metadata={"axes": "ZYX"}, photometric="minisblack")
    picture = visitor.json("POST", "/api/pictures?name=floats.tif", path.read_bytes())
    found = answers(visitor, picture)
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", "classify", "digits", path, "--format", "jsonl",
         "--all-scores", "--framework", "onnx"],
        env=demo.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    printed = [list(row["scores"].values()) for row in rows]
    np.testing.assert_array_equal(np.float32([one["scores"] for one in found]), np.float32(printed))
    # Values that fill most of the model's range need no notice.
    noticed = {any(one["notice"] for one in each["conversions"]) for each in found}
    assert noticed == {max(greatest) != 200}
    # One plane is judged by the picture that it is part of.
    for index, one in enumerate(found):
        assert classified(visitor, picture, planes=f"Z={index}") == one["scores"]
