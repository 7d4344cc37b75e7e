"""A folder of pictures, from the command line."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks._figures import Figure, Target
from benchmarks._fleet import take_turns
from benchmarks._inprocess import best_setup
from benchmarks._networks import MOBILENET
from benchmarks._row import Bench, Row
from benchmarks._served import served
from benchmarks.rows._networks import model_of

__all__ = ["FOLDER"]

_SIZE = (512, 384)
_ENDINGS = (".png", ".tif", ".jpg")
_MOST_ROUNDS = 3


def _pictures(cache: Path, count: int) -> Path:
    """Make a folder of coloured pictures with some grain, as many of each kind."""
    folder = cache / f"pictures-{count}"
    if folder.exists():
        return folder
    making = Path(tempfile.mkdtemp(dir=cache))
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
        smooth = np.asarray(coarse.resize(_SIZE, Image.Resampling.BICUBIC), np.int16)
        grain = rng.integers(-6, 7, smooth.shape, np.int16)
        picture = Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
        picture.save(making / f"picture-{number:04}{_ENDINGS[number % 3]}")
    making.rename(folder)
    return folder


def _rows(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if failed := [row for row in rows if row.get("error")]:
        raise RuntimeError(f"{failed[0]}")
    return len(rows)


def _run(bench: Bench) -> list[Figure]:
    effort = bench.effort
    count = 9 if effort.small else 1000
    model = model_of(bench, MOBILENET, "onnx")
    folder = _pictures(bench.cache, count)
    cores = len(os.sched_getaffinity(0))
    batch = best_setup(model, effort, batches=(1, 2, 4)).batch
    with served(model.zoo) as server, tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch, "labels.csv")
        ours = ["zoobridge", "classify", model.name, str(folder), "--output", str(written)]
        theirs = ["benchmarks.rows._folder_program", str(model.weights), str(folder), str(written)]
        theirs += [str(batch), str(cores), str(model.shape.size[0])]

        def run(command: list[str]) -> tuple[float, float]:
            """Return the seconds of a command, and those that it says it worked."""
            written.unlink(missing_ok=True)
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", *command],
                env=server.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            seconds = time.perf_counter() - start
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
            if (found := _rows(written)) != count:
                raise RuntimeError(f"{found} of {count} pictures were classified")
            return seconds, float(done.stdout) if command is theirs else seconds

        run(ours), run(theirs)  # files in memory, batch sizes learnt
        found, found_ours = take_turns(
            min(effort.rounds, _MOST_ROUNDS), lambda: run(theirs), lambda: run(ours)
        )
    rates = tuple(count / seconds for seconds, _ in found_ours)
    note = f"the reference decodes in {cores} threads and runs batches of {batch} side by side"
    return [
        Figure(
            "pictures a second, command against command",
            tuple(count / seconds for seconds, _ in found),
            rates,
            "/s",
            "ratio",
            Target(0.95, least=True),
            note,
        ),
        Figure(
            "pictures a second; the reference without its start and load",
            tuple(count / worked for _, worked in found),
            rates,
            "/s",
            "ratio",
            note="the whole command `zoobridge classify`, start of Python included, against the "
            "reference's loop alone",
        ),
    ]


FOLDER = Row(
    "folder",
    "`zoobridge classify` on a folder of 1,000 pictures of 512 × 384, a third each PNG, TIFF and JPEG, "
    "MobileNetV2 (ONNX), into a CSV file; the time of the whole command, with a server that has the "
    "model loaded.",
    "A program that decodes and scales with Pillow in as many threads as cores, runs batches side by "
    "side, and writes a CSV file (`benchmarks/rows/_folder_program.py`).",
    _run,
)
