"""A network on a GPU, next to a program that feeds it as well as it can."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks._classifying import Classify
from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, alternate, take_turns
from benchmarks._networks import RESNET, Model, picture
from benchmarks._row import Bench, Row
from benchmarks._served import served
from benchmarks.rows._networks import model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks._fleet import Sample

__all__ = ["GPU"]

_CALLERS = 16
_BATCH = 64
_ROUNDS = 3


@dataclass(frozen=True)
class Program:
    """Copy a batch of bytes to the device, standardise it there, run the network, and rank."""

    model: Model
    device: str
    batch: int

    def open(self) -> Callable[[], int]:
        """Load the network."""
        from benchmarks.rows._gpu_program import load

        classify = load(str(self.model.weights), self.device)
        pictures = np.stack([picture(self.model.shape, number) for number in range(self.batch)])
        if int(classify(pictures)[0]) != self.model.best:
            raise RuntimeError("the reference does not know picture number 0")

        def step() -> int:
            return len(classify(pictures))

        return step


@dataclass(frozen=True)
class Arrays:
    """Have a list of arrays classified by one Python client."""

    address: str
    model: Model
    count: int

    def open(self) -> Callable[[], int]:
        """Connect."""
        import zoobridge

        client = zoobridge.connect(self.address)
        arrays = [picture(self.model.shape, number) for number in range(self.count)]

        def step() -> int:
            results = client.classify(self.model.name, arrays, axes="YXC", framework="pytorch")
            if results[0].label != f"c{self.model.best}":
                raise RuntimeError("the server does not know picture number 0")
            return len(results)

        return step


def _device() -> str:
    """Return the first GPU that PyTorch sees, asked in a separate process; empty where none is."""
    program = "import torch; print('cuda:0' if torch.cuda.is_available() else '')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _folder(cache: Path, count: int) -> Path:
    folder = cache / f"jpegs-{count}"
    if folder.exists():
        return folder
    making = Path(tempfile.mkdtemp(dir=cache))
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8))
        coarse.resize((500, 500), Image.Resampling.BICUBIC).save(making / f"{number:05}.jpg")
    making.rename(folder)
    return folder


def _run(bench: Bench) -> list[Figure]:
    device = _device()
    small = bench.effort.small
    if not device and not small:
        print("gpu: skipped, since PyTorch sees no GPU here", file=sys.stderr)
        return []
    # A quick run measures nothing: it shows that everything runs, on the CPU if need be.
    device = device or "cpu"
    model = model_of(bench, RESNET, "pytorch")
    batch = 4 if small else _BATCH
    with (
        served(model.zoo, arguments=("--device", device)) as server,
        Fleet(Program(model, device, batch)) as program,
        Fleet(Program(model, device, 1)) as lone_program,
    ):

        def pair(
            theirs: Fleet, ours: Arrays | Classify, callers: int
        ) -> tuple[list[Sample], list[Sample]]:
            with Fleet(ours, threads=callers, processes=min(callers, 4)) as fleet:
                theirs.warm(bench.effort)
                fleet.warm(bench.effort)
                return alternate(bench.effort, theirs, fleet)

        arrays = Arrays(server.address, model, 8 if small else 5000)
        many, many_ours = pair(program, arrays, 1)
        callers, callers_ours = pair(program, Classify(server.address, model), _CALLERS)
        lone, lone_ours = pair(lone_program, Classify(server.address, model), 1)
        folder = _folders(bench, model, device, batch, server.environment)

    def rates(samples: list[Sample]) -> tuple[float, ...]:
        return tuple(one.rate for one in samples)

    times, own_times = (tuple(one.milliseconds() for one in some) for some in (lone, lone_ours))
    return [
        Figure(
            f"arrays from one client, {device}",
            rates(many),
            rates(many_ours),
            "/s",
            "ratio",
            Target(0.6, least=True),
        ),
        Figure(
            f"{_CALLERS} callers of one picture, {device}",
            rates(callers),
            rates(callers_ours),
            "/s",
            "ratio",
            Target(0.25, least=True),
        ),
        Figure(
            f"1 caller, p50, {device}",
            times,
            own_times,
            "ms",
            "difference",
            Target(1.5, least=False),
        ),
        folder,
    ]


def _folders(
    bench: Bench, model: Model, device: str, batch: int, environment: dict[str, str]
) -> Figure:
    count = 8 if bench.effort.small else 5000
    folder = _folder(bench.cache, count)
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        written = str(Path(scratch, "labels.csv"))
        ours = ["zoobridge", "classify", model.name, str(folder), "--framework", "pytorch"]
        ours += ["--output", written]
        theirs = ["benchmarks.rows._gpu_program", str(model.weights), device, str(folder)]
        theirs += [str(batch), str(min(cores, count)), str(model.shape.size[0])]

        def run(command: list[str]) -> float:
            Path(written).unlink(missing_ok=True)
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", *command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            seconds = time.perf_counter() - start
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
            # The reference states the seconds of its loop: its start and load are not counted.
            return count / (float(done.stdout) if command is theirs else seconds)

        rounds = 1
        if not bench.effort.small:
            run(ours), run(theirs)
            rounds = min(bench.effort.rounds, _ROUNDS)
        found, found_ours = take_turns(rounds, lambda: run(theirs), lambda: run(ours))
    return Figure(
        f"folder of {count} JPEG of 500 px, {device}",
        tuple(found),
        tuple(found_ours),
        "/s",
        "ratio",
        Target(0.8, least=True),
        f"the reference decodes in {cores} processes; its start and load are not counted",
    )


GPU = Row(
    "gpu",
    "ResNet-50 as TorchScript on a GPU: 5,000 arrays of 224 × 224 × 3 bytes in one call of the "
    f"Python client, {_CALLERS} callers of one picture each, one caller, and `zoobridge classify` on "
    "a folder. Skipped, with a line, where PyTorch sees no GPU.",
    f"A program that copies batches of {_BATCH} (one for the lone caller) as bytes, standardises them "
    "on the device and runs the same weights in full float32; for the folder, a `DataLoader` with "
    "all cores (`benchmarks/rows/_gpu_program.py`).",
    _run,
)
