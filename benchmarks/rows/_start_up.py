"""How soon a server and a cold model are there, and the memory that they take."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from benchmarks._figures import Figure, Target
from benchmarks._fleet import take_turns
from benchmarks._row import Bench, Row
from benchmarks._served import Served, served

if TYPE_CHECKING:
    from zoobridge.client import Client

__all__ = ["START_UP"]

_ZOO = Path(__file__).parents[2] / "examples" / "zoo"
_MB = 1e6
_MOST_ROUNDS = 3
_IDLE_SECONDS = 1.0

#: What a program without ZooBridge does: import the framework, load, run once.
_BARE = {
    "onnx": "import onnxruntime as o; s = o.InferenceSession({folder!r} + '/weights.onnx'); "
    "s.run(None, {{s.get_inputs()[0].name: np.zeros((1, 1, 8, 8), 'float32')}})",
    "pytorch": "import torch; m = torch.jit.load({folder!r} + '/weights.pt'); "
    "m(torch.zeros((1, 1, 8, 8)))",
    "tensorflow": "import keras; m = keras.models.load_model({folder!r} + '/weights.keras'); "
    "m(np.zeros((1, 1, 8, 8), 'float32'))",
}
_TITLES = {"onnx": "ONNX Runtime", "pytorch": "PyTorch", "tensorflow": "TensorFlow"}


def _bare(framework: str) -> tuple[float, float]:
    """Return seconds and MB of a fresh process that does the same by itself."""
    program = (
        "import numpy as np\n"
        + _BARE[framework].format(folder=str(_ZOO / "digits"))
        + "\nimport psutil; print('MEMORY', psutil.Process().memory_full_info().uss)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    said = next(line for line in done.stdout.splitlines() if line.startswith("MEMORY"))
    return seconds, int(said.split()[1]) / _MB


def _memory(server: Served) -> float:
    """Return the MB of a server and all its workers, each shared page counted once."""
    root = psutil.Process(server.pid)
    family = [root, *root.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in family) / _MB


def _cold(server: Served, client: Client, framework: str) -> tuple[float, float]:
    """Return seconds to the first answer of a model that is not loaded, and MB that it adds."""
    client.unload("digits")
    before = _memory(server)
    picture = np.zeros((8, 8), np.uint8)
    start = time.perf_counter()
    (result,) = client.classify("digits", picture, framework=framework)
    seconds = time.perf_counter() - start
    if not result.label:
        raise RuntimeError(f"{framework} did not answer: {result}")
    return seconds, _memory(server) - before


def _cold_model(framework: str, rounds: int) -> list[Figure]:
    import zoobridge

    with (
        served(_ZOO) as server,
        zoobridge.connect(server.address, token=server.token) as client,
    ):
        # Another model keeps the framework's fork server alive.
        client.load("textures", framework)
        bare, ours = take_turns(
            rounds, lambda: _bare(framework), lambda: _cold(server, client, framework)
        )
    aimed = framework != "onnx"
    title = _TITLES[framework]
    seconds = tuple(one for one, _ in ours)
    return [
        Figure(
            f"{title}: first answer of a cold model",
            tuple(one for one, _ in bare),
            seconds,
            "s",
            "ratio",
            Target(0.3, least=False) if aimed else None,
        ),
        Figure(
            f"{title}: first answer of a cold small network",
            (),
            seconds,
            "s",
            "plain",
            Target(0.2, least=False) if aimed else None,
        ),
        Figure(
            f"{title}: memory of one more model",
            tuple(memory for _, memory in bare),
            tuple(memory for _, memory in ours),
            "MB",
            "ratio",
            Target(0.5, least=False),
        ),
    ]


def _server(rounds: int) -> list[Figure]:
    ready, memory = [], []
    for _ in range(rounds):
        with served(_ZOO) as server:
            ready.append(server.ready_seconds)
            time.sleep(_IDLE_SECONDS)
            memory.append(psutil.Process(server.pid).memory_full_info().uss / _MB)
    return [
        Figure("start to ready", (), tuple(ready), "s", "plain", Target(1.5, least=False)),
        Figure(
            "idle memory of the server process",
            (),
            tuple(memory),
            "MB",
            "plain",
            Target(120, least=False),
        ),
    ]


def _command(rounds: int) -> Figure:
    """Time the shortest command, next to Python alone."""

    def timed(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        return time.perf_counter() - start

    alone, ours = take_turns(
        rounds, lambda: timed("-c", "pass"), lambda: timed("-m", "zoobridge", "--help")
    )
    return Figure(
        "`zoobridge --help`, more than Python alone", tuple(alone), tuple(ours), "s", "difference"
    )


def _run(bench: Bench) -> list[Figure]:
    effort = replace(bench.effort, rounds=min(bench.effort.rounds, _MOST_ROUNDS))
    rounds = 1 if effort.small else effort.rounds
    frameworks = ("onnx",) if effort.small else tuple(_BARE)
    cold = [figure for framework in frameworks for figure in _cold_model(framework, rounds)]
    return [*_server(rounds), *cold, _command(rounds)]


START_UP = Row(
    "start-up",
    "`zoobridge serve` on the demo zoo: from the command to the connection file, with no cache of the "
    "zoo; the memory that the server process alone would give back one second later (USS). Then, while "
    "another model (`textures`) is loaded in the same framework: the first answer of `digits` after it "
    "was unloaded, through the Python client; and what the server and all its workers take more then "
    "(PSS, which counts shared pages once).",
    "A fresh Python process that imports the framework, loads the same weights and runs them once; and "
    "its memory (USS).",
    _run,
)
