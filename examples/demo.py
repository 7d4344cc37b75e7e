"""What ``make demo`` shows: one network in three frameworks, on real pictures, behind one server.

Starts a server on the demo zoo, classifies held-out pictures through PyTorch, TensorFlow and ONNX
Runtime with the Python client, prints the results side by side, and stops the server. The exit
status is 0 only if every picture was answered, the frameworks agree, and the server ended cleanly.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import zoobridge
from zoobridge.client import Client, Region, Result
from zoobridge.errors import ZooBridgeError
from zoobridge.protocol.connection import RUNTIME_DIR_VARIABLE, discover, request_stop

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
FRAMEWORKS = {"pytorch": "PyTorch", "tensorflow": "TensorFlow", "onnx": "ONNX Runtime"}
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
#: Frameworks add up in different orders; probabilities may differ by so much.
TOLERANCE = 1e-4


class DemoError(Exception):
    """Something did not work as it should; the message says what."""


@dataclass(frozen=True)
class Answer:
    """A framework's result for a picture, and the seconds from call to answer."""

    result: Result
    seconds: float


@contextmanager
def served(zoo: Path) -> Iterator[Client]:
    """Serve a zoo in a separate process; yield a client, and stop the server afterwards."""
    with tempfile.TemporaryDirectory(prefix="zoobridge-demo-") as folder:
        # Folders of its own, so that the demo neither meets nor disturbs the user's own server.
        runtime = Path(folder, "runtime")
        os.environ[RUNTIME_DIR_VARIABLE] = str(runtime)
        own = {f"XDG_{kind}_HOME": str(Path(folder, kind.lower())) for kind in ("CACHE", "CONFIG")}
        log = Path(folder, "server.log")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "zoobridge", "serve", str(zoo)],
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not (found := discover()):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise DemoError(f"the server did not start:\n{log.read_text('utf-8')}")
                time.sleep(0.05)
            with zoobridge.connect(found[0].address, token=found[0].token) as client:
                yield client
            request_stop(found[0])
            if process.wait(STOP_SECONDS) != 0:
                raise DemoError(f"the server did not end cleanly:\n{log.read_text('utf-8')}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def chosen_pictures() -> dict[Path, str]:
    """Return one held-out picture of each class and the model that it is for."""
    chosen = {}
    for model in ("digits", "textures"):
        for folder in sorted(path for path in (PICTURES / model).iterdir() if path.is_dir()):
            chosen[sorted(folder.iterdir())[-1]] = model
    return chosen


def classify_each(client: Client, pictures: dict[Path, str]) -> dict[str, list[Answer]]:
    """Classify each picture with each framework, one call after the other."""
    answers: dict[str, list[Answer]] = {}
    for framework in FRAMEWORKS:
        answers[framework] = []
        for path, model in pictures.items():
            start = time.perf_counter()
            results = client.classify(model, path, framework=framework, top_k=1, all_scores=True)
            seconds = time.perf_counter() - start
            answers[framework].append(Answer(results.raise_for_errors()[0], seconds))
    return answers


def result_table(pictures: dict[Path, str], answers: dict[str, list[Answer]]) -> Table:
    """Lay the answers of all frameworks side by side."""
    table = Table(title="Held-out pictures, the same network in three frameworks")
    table.add_column("image")
    table.add_column("true class")
    for name in FRAMEWORKS.values():
        table.add_column(name, justify="right")
    table.add_column("time (ms)", justify="right")
    for index, path in enumerate(pictures):
        row = [answers[framework][index] for framework in FRAMEWORKS]
        table.add_row(
            path.relative_to(PICTURES).as_posix(),
            path.parent.name,
            *(_cell(answer.result, path.parent.name) for answer in row),
            " ".join(f"{1000 * answer.seconds:5.1f}" for answer in row),
        )
    return table


def _cell(result: Result, truth: str) -> str:
    style = "green" if result.label == truth else "red"
    return f"[{style}]{result.label}[/{style}]  {result.score:.4f}"


def greatest_difference(answers: dict[str, list[Answer]]) -> float:
    """Return the greatest difference between two frameworks in any score of any picture."""
    rows = zip(*answers.values(), strict=True)
    return max(
        float(np.ptp(np.stack([answer.result.scores for answer in row]), axis=0).max())
        for row in rows
    )


def all_digits_line(client: Client, framework: str) -> str:
    """Send all held-out digits over one stream; return how many are right, and how fast."""
    start = time.perf_counter()
    results = client.classify("digits", PICTURES / "digits", framework=framework, top_k=1)
    seconds = time.perf_counter() - start
    results.raise_for_errors()
    right = sum(result.label == Path(result.image).parent.name for result in results)
    if 10 * right < 9 * len(results):
        raise DemoError(f"{framework}: only {right} of {len(results)} digits are right")
    return f"{right} of {len(results)} held-out digits right, {len(results) / seconds:.0f} a second"


def mosaic_lines(client: Client) -> list[str]:
    """Classify the mosaic's regions in one call; return how many of each class are right."""
    folder = PICTURES / "mosaic"
    with (folder / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    regions = [
        Region(int(row["x"]), int(row["y"]), int(row["width"]), int(row["height"]), id=row["id"])
        for row in rows
    ]
    start = time.perf_counter()
    results = client.classify("textures", folder / "mosaic.jpg", regions=regions, top_k=1)
    seconds = time.perf_counter() - start
    results.raise_for_errors()
    truth = {row["id"]: row["class"] for row in rows}
    total = Counter(truth.values())
    right = Counter(result.label for result in results if truth[result.region] == result.label)
    if 10 * right.total() < 9 * total.total():
        raise DemoError(f"only {right.total()} of {total.total()} regions are right")
    counts = ", ".join(f"{label} {right[label]} of {total[label]}" for label in sorted(total))
    return [
        f"mosaic.jpg, 1024 x 1024: {total.total()} regions in one call, {1000 * seconds:.0f} ms",
        f"right: {counts}",
    ]


@contextmanager
def page(client: Client) -> Iterator[str]:
    """Serve the page to look at in a separate process; yield its address."""
    command = [sys.executable, "-m", "zoobridge", "web", "--server", client.address]
    process = subprocess.Popen(
        [*command, "--pictures", str(PICTURES)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().rpartition(" ")[2]
            with urllib.request.urlopen(address, timeout=READY_SECONDS) as answer:  # noqa: S310 - our own
                if b"ZooBridge" not in answer.read():
                    raise DemoError(f"the page at {address} is not ZooBridge's")
            yield address
        finally:
            process.terminate()


def main() -> None:
    """Run the demo."""
    console = Console()
    if not console.is_terminal:
        console.width = 124
    pictures = chosen_pictures()
    with served(HERE / "zoo") as client:
        console.print(f"server at {client.address}, confinement: {client.info().confinement}")
        versions = {framework.name: framework.version for framework in client.frameworks()}
        for framework, name in FRAMEWORKS.items():
            start = time.perf_counter()
            for model in ("digits", "textures"):
                client.load(model, framework)
            seconds = time.perf_counter() - start
            console.print(f"{name} {versions[framework]}: both models loaded in {seconds:.1f} s")
        answers = classify_each(client, pictures)
        console.print(result_table(pictures, answers))
        difference = greatest_difference(answers)
        console.print(f"greatest difference between frameworks in any score: {difference:.1e}")
        for framework, name in FRAMEWORKS.items():
            console.print(f"{name}: {all_digits_line(client, framework)}", highlight=False)
        for line in mosaic_lines(client):
            console.print(line, highlight=False)
        with page(client) as address:
            console.print(f"try, compare and judge the models at {address}", highlight=False)
            if sys.stdin.isatty() and console.is_terminal:
                console.print("Ctrl-C ends the page and the demo")
                with suppress(KeyboardInterrupt):
                    while True:
                        time.sleep(1)
    if difference > TOLERANCE:
        raise DemoError(f"the frameworks differ by {difference:.1e}; {TOLERANCE:.0e} is allowed")
    console.print("server stopped cleanly")


if __name__ == "__main__":
    try:
        main()
    except (DemoError, ZooBridgeError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"demo failed: {error}")
