"""``zoobridge add`` takes what files state, asks where there is a terminal, and can be repeated."""

from __future__ import annotations

import shlex

import numpy as np
from PIL import Image


def test_labels_are_shown_before_anything_is_written(command, tmp_path, make_network):
    make_network(tmp_path / "net.onnx")
    (tmp_path / "labels.csv").write_text("name,index\nbright,2\ndark,0\nmedium,1\n")
    result = command(
        "add", tmp_path / "net.onnx", "--labels", tmp_path / "labels.csv", "--zoo", tmp_path / "zoo"
    )
    assert "3 classes: 0 dark, 1 medium, 2 bright" in result.stderr
    (tmp_path / "bad.csv").write_text("name,index\nbright,2\ndark,0\nmedium,0\n")
    refused = command(
        "add",
        tmp_path / "net.onnx",
        "--labels",
        tmp_path / "bad.csv",
        "--zoo",
        tmp_path / "two",
        code=1,
    )
    assert "repeats the index 0" in refused.stderr
    assert not (tmp_path / "two").exists()


def test_without_a_terminal_what_is_missing_is_named(command, tmp_path, make_network):
    make_network(tmp_path / "net.onnx")
    result = command("add", tmp_path / "net.onnx", "--zoo", tmp_path / "zoo", code=2)
    assert "--labels is missing: nothing beside the weights states it" in result.stderr


def test_a_picture_is_tried_and_the_command_can_be_repeated(command, tmp_path, make_network):
    make_network(tmp_path / "net.onnx")
    picture = tmp_path / "white.png"
    Image.fromarray(np.full((16, 16), 255, np.uint8)).save(picture)
    result = command(
        "add", tmp_path / "net.onnx", "--labels", "dark,medium,bright", "--preprocessing", "unit",
        "--zoo", tmp_path / "zoo", "--try", picture,
    )  # fmt: skip
    assert "white.png: bright 0.9" in result.stdout
    (line,) = (one for one in result.stderr.splitlines() if one.startswith("the same again: "))
    words = shlex.split(line.removeprefix("the same again: "))
    assert words[:2] == ["zoobridge", "add"]
    again = command(*words[1:], "--version", "2.0.0")
    assert "is written" in again.stdout
