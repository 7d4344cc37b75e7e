"""What the command says about pictures: what was left out, assumed, missing, and how to change it."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import tifffile
from PIL import Image
from pylibCZIrw import czi

from nd2_file import write_nd2


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def grey(level):
    return np.full((16, 16), level, np.uint8)


def test_what_was_assumed_is_shown_with_the_option_that_changes_it(zb, tmp_path):
    path = tmp_path / "camera.tif"
    tifffile.imwrite(path, np.linspace(0, 200, 256).reshape(16, 16).astype(np.int16))
    result = zb("classify", "brightness", path)
    assert "notice: check what was assumed for 1 picture" in result.stderr
    assert (
        "camera.tif: the int16 values 0…200 fill 0.31 % of the range -32768…32767 that was "
        "assumed for them; change that with --intensity"
    ) in result.stderr
    again = zb("classify", "brightness", path, "--intensity", "0,255")
    assert "notice" not in again.stderr


def test_a_notice_stands_in_json_lines_too(zb, tmp_path):
    path = tmp_path / "camera.tif"
    tifffile.imwrite(path, np.linspace(0, 200, 256).reshape(16, 16).astype(np.int16))
    result = zb("classify", "brightness", path, "--format", "jsonl")
    (row,) = map(json.loads, result.stdout.splitlines())
    (rescaled,) = (one for one in row["conversions"] if one["kind"] == "intensity_rescaled")
    assert "assumed" in rescaled["notice"]


def test_what_a_folder_leaves_out_is_counted_and_named(zb, tmp_path):
    Image.fromarray(grey(9)).save(tmp_path / "a.png")
    Image.fromarray(grey(200)).save(tmp_path / "b", "JPEG")
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "photo.jxl").write_bytes(b"\0\0\0\x0cJXL " + bytes(20))
    result = zb("classify", "brightness", tmp_path, "--format", "csv")
    assert [row["label"] for row in rows_of(result.stdout)] == ["medium", "bright"]
    assert "2 left out:" in result.stderr
    assert "notes.txt: not a picture of a known format" in result.stderr
    assert "photo.jxl: JPEG XL; convert it to PNG or TIFF" in result.stderr


def test_another_picture_of_a_file_can_be_chosen(zb, tmp_path):
    path = tmp_path / "several.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(grey(0), contiguous=False, metadata=None)
        writer.write(np.full((20, 20), 255, np.uint8), contiguous=False, metadata=None)
    first = zb("classify", "brightness", path, "--format", "csv")
    assert rows_of(first.stdout)[0]["label"] == "medium"
    assert "the file holds 2 pictures, and picture 0 was taken" in first.stderr
    assert "change that with --series" in first.stderr
    second = zb("classify", "brightness", path, "--series", "1", "--format", "csv")
    assert rows_of(second.stdout)[0]["label"] == "bright"
    assert "notice" not in second.stderr


def test_planes_that_are_missing_are_rows_with_an_error(zb, tmp_path):
    path = tmp_path / "cut.tif"
    stack = np.stack([grey(0), grey(255), grey(255)])
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    path.write_bytes(path.read_bytes()[:-100])
    result = zb("classify", "brightness", path, "--format", "csv", code=1)
    assert [(row["plane"], row["label"]) for row in rows_of(result.stdout)] == [
        ("Z=0", "medium"), ("Z=1", "bright"), ("Z=2", ""),
    ]  # fmt: skip
    assert "the file states 3 planes and holds 2" in result.stderr


def test_frames_that_an_nd2_does_not_hold_are_rows_with_an_error(zb, tmp_path):
    stack = np.stack([np.full((1, 16, 16), level, np.uint16) for level in (255, 128, 128, 255)])
    write_nd2(tmp_path / "stopped.nd2", stack, bits=8, absent=(1, 3))
    result = zb("classify", "brightness", tmp_path / "stopped.nd2", "--format", "csv", code=1)
    rows = rows_of(result.stdout)
    assert [row["plane"] for row in rows] == ["Z=0", "Z=1", "Z=2", "Z=3"]
    assert [row["label"] for row in rows] == ["bright", "", "medium", ""]
    assert rows[1]["error"] == "plane Z=1 cannot be classified: the file does not hold it"


def test_which_picture_of_a_czi_was_taken_is_a_notice(zb, tmp_path):
    with czi.create_czi(str(tmp_path / "slides.czi")) as file:
        for scene, level in enumerate((0, 255)):
            pixels = grey(level)[..., np.newaxis]
            file.write(data=pixels, plane={}, scene=scene, location=(100 * scene, 0))
    first = zb("classify", "brightness", tmp_path / "slides.czi", "--format", "csv")
    assert (
        "slides.czi: the file holds 2 pictures, and picture 0 was taken: 0 (scene 0), 1 (scene 1); "
        "change that with --series"
    ) in first.stderr
    other = zb(
        "classify", "brightness", tmp_path / "slides.czi", "--series", "1", "--format", "csv"
    )
    assert [row["label"] for row in rows_of(other.stdout)] == ["bright"]
    assert "notice" not in other.stderr


def test_an_error_about_channels_names_the_option_of_this_program(zb, tmp_path):
    path = tmp_path / "two.tif"
    stack = np.stack([grey(0), grey(255)])
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "CYX"})
    result = zb("classify", "brightness", path, code=1)
    assert "the image has 2: choose those that the model is to see (--channels)" in result.stderr
    assert "options." not in result.stderr
    chosen = zb("classify", "brightness", path, "--channels", "1", "--format", "csv")
    assert rows_of(chosen.stdout)[0]["label"] == "bright"


def test_brackets_in_a_folder_are_no_pattern(zb, tmp_path):
    folder = tmp_path / "scan [1]"
    folder.mkdir()
    Image.fromarray(grey(9)).save(folder / "a.png")
    result = zb("classify", "brightness", folder / "*.png", "--format", "csv")
    assert len(rows_of(result.stdout)) == 1
