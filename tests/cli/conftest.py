"""A served zoo of one real network, and the command run on it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from zoobridge.cli._app import app


def write_network(path, *, gain=1.0):
    """A network that tells dark, medium and bright pictures by their mean."""
    weights = np.array([[-10, 0, 10]], np.float32) * gain
    bias = np.array([3, 3.5, -3], np.float32) * gain
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["raw"]),
        helper.make_node("Softmax", ["raw"], ["output"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 16, 16])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def write_pictures(folder, count):
    folder.mkdir()
    for number in range(count):
        value = number * 255 // max(count - 1, 1)
        Image.fromarray(np.full((16, 16), value, np.uint8)).save(folder / f"{number:03}.png")
    return folder


@dataclass
class Command:
    """The ``zoobridge`` command in a separate environment."""

    environment: dict[str, str]

    def __call__(self, *words, code=0):
        """Run it inside this process and check its exit code."""
        result = CliRunner().invoke(app, [os.fspath(word) for word in words], env=self.environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def alone(self, *words, code=0):
        """Run it as a separate process and check its exit code."""
        process = self.start(*words)
        process.stdout_text, process.stderr_text = process.communicate(timeout=120)
        assert process.returncode == code, process.stderr_text
        return process

    def start(self, *words, **options):
        """Start it as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "zoobridge", *map(os.fspath, words)],
            # On a small disk Python would leave half of a module's bytecode behind.
            env=self.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )


def private_environment(folder):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ZOOBRIDGE_")}
    return kept | {
        "ZOOBRIDGE_RUNTIME_DIR": str(folder / "runtime"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "COLUMNS": "200",
    }


@pytest.fixture
def command(tmp_path):
    """The command of a user who runs no server."""
    return Command(private_environment(tmp_path / "alone"))


@pytest.fixture(scope="session")
def zoo(tmp_path_factory) -> Path:
    """A zoo that ``zoobridge add`` made."""
    folder = tmp_path_factory.mktemp("made")
    write_network(folder / "brightness.onnx")
    (folder / "labels.txt").write_text("dark\nmedium\nbright\n")
    Command(private_environment(folder / "user")).alone(
        "add", folder / "brightness.onnx", "--labels", folder / "labels.txt",
        "--name", "Brightness", "--zoo", folder / "zoo", "--preprocessing", "unit",
        "--score-kind", "probability", "--license", "CC0-1.0", "--author", "Ada Lovelace",
    )  # fmt: skip
    return folder / "zoo"


@pytest.fixture(scope="session")
def served(zoo, zoobridge_server):
    return zoobridge_server(zoo, arguments=("--threads", "1", "--device", "cpu"))


def command_of(served):
    kept = {k: v for k, v in served.environment.items() if k not in ("ZOOBRIDGE_ADDRESS",)}
    return Command(kept | {"COLUMNS": "200"})


@pytest.fixture
def zb(served):
    """The command of a user whose server runs."""
    return command_of(served)


@pytest.fixture
def serve_with(zoo, zoobridge_server):
    """Start a server with options; it is stopped at the end of the test."""
    started = []

    def start(*arguments):
        started.append(zoobridge_server(zoo, arguments=("--device", "cpu", *arguments)))
        return started[-1], command_of(started[-1])

    yield start
    for served in started:
        served.stop()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Sixty pictures from black to white, in a folder with spaces and umlauts."""
    return write_pictures(tmp_path_factory.mktemp("data") / "Bilder mit Ümläuten", 60)


@pytest.fixture
def make_network():
    """The function that writes the network, for packages of a test's own."""
    return write_network
