"""``zoobridge add`` takes what files state, asks where there is a terminal, and can be repeated."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
import time

import numpy as np
import pytest
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


class Terminal:
    """The command at a real terminal: what it shows is read, and what is typed is sent."""

    def __init__(self, command, *words):
        self._own, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zoobridge", *map(os.fspath, words)],
            env=command.environment | {"TERM": "dumb"},
            stdin=other, stdout=other, stderr=other, start_new_session=True,
        )  # fmt: skip
        os.close(other)
        self.shown = ""

    def answer(self, question, text):
        """Wait for a question, and type an answer."""
        self._read_until(question)
        os.write(self._own, f"{text}\n".encode())

    def end(self):
        """Return the exit status, when everything was read."""
        self._read_until(None)
        os.close(self._own)
        return self._process.wait(timeout=60)

    def _read_until(self, question):
        begin = len(self.shown)
        deadline = time.monotonic() + 200
        while question is None or question not in self.shown[begin:]:
            assert time.monotonic() < deadline, self.shown
            try:
                data = os.read(self._own, 4096)
            except OSError:  # Linux reports the end of a terminal so.
                data = b""
            if not data:
                assert question is None, self.shown
                return
            self.shown += data.decode()


MAKE_TORCHSCRIPT = """
import sys, warnings
import torch
warnings.simplefilter("ignore")
torch.manual_seed(0)
layers = [torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(12, 3)]
torch.jit.trace(torch.nn.Sequential(*layers), torch.zeros(1, 3, 16, 16)).save(sys.argv[1])
"""


@pytest.fixture
def unsized(tmp_path):
    """A TorchScript network, which states neither size nor channels."""
    subprocess.run([sys.executable, "-c", MAKE_TORCHSCRIPT, tmp_path / "net.pt"], check=True)
    return tmp_path / "net.pt"


def test_a_terminal_is_asked_for_all_that_nothing_states(command, tmp_path, unsized):
    terminal = Terminal(command, "add", unsized, "--zoo", tmp_path / "zoo")
    terminal.answer("Class names (a label file, or A,B,C)", "cat,dog,owl")
    terminal.answer("Name for people [net]", "Night birds")
    terminal.answer("What it expects of 0…255 (none, unit, signed, imagenet) [none]", "imagenet")
    terminal.answer("Number of channels", "3")
    terminal.answer("Height and width (HEIGHTxWIDTH)", "some")
    terminal.answer("Height and width (HEIGHTxWIDTH)", "16x24")
    assert terminal.end() == 0, terminal.shown
    assert "3 classes: 0 cat, 1 dog, 2 owl" in terminal.shown

    shown = terminal.shown.replace("\r\n", "\n").partition("the same again: ")[2].partition("\n")[0]
    words = shlex.split(shown)
    (tmp_path / "zoo").rename(tmp_path / "first")
    # The one command makes the same package, without a question.
    command(*words[1:])
    folders = [next((tmp_path / name).iterdir()) for name in ("first", "zoo")]
    first, again = ({one.name: one.read_bytes() for one in folder.iterdir()} for folder in folders)
    assert first.keys() == again.keys()
    assert first == again
    assert b"size: 24" in first["rdf.yaml"]
