"""What a request costs the server: its processor time, next to one process that does it all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from benchmarks._classifying import Classify
from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, take_turns
from benchmarks._networks import TINY
from benchmarks._row import Bench, Row
from benchmarks._served import served
from benchmarks.rows._networks import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks._networks import Model

__all__ = ["SERVER_CPU"]


@contextmanager
def _reference(model: Model) -> Iterator[tuple[str, int]]:
    """Run the one process; gives its address and its id."""
    command = [sys.executable, "-m", "benchmarks.rows._aio_server", str(model.weights)]
    command += [str(model.shape.size[0]), str(model.shape.classes)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}", process.pid
    finally:
        process.terminate()
        process.communicate()


def _processor_seconds(pid: int) -> float:
    """Return what a process and all that it started have used."""
    seconds = 0.0
    server = psutil.Process(pid)
    for process in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _run(bench: Bench) -> list[Figure]:
    effort = bench.effort
    model = model_of(bench, TINY, "onnx")
    figures = []
    with _reference(model) as (their_address, their_pid), served(model.zoo) as server:
        for callers, pictures, target in ((8, 1, 1.5), (32, 1, 1.5), (8, 32, 1.5)):

            def cost(fleet: Fleet, pid: int) -> float:
                before = _processor_seconds(pid)
                items = fleet.run(effort.seconds).items
                # Clocks of processes tick in hundredths of a second.
                return max(1e-6, (_processor_seconds(pid) - before) / items * 1e3)

            with (
                Fleet(Classify(their_address, model, pictures), threads=callers) as first,
                Fleet(Classify(server.address, model, pictures), threads=callers) as second,
            ):
                first.warm(effort)
                second.warm(effort)
                theirs, ours = take_turns(
                    effort.rounds,
                    lambda fleet=first: cost(fleet, their_pid),  # type: ignore[misc]
                    lambda fleet=second: cost(fleet, server.pid),  # type: ignore[misc]
                )
            what = f"{callers} callers" + (f", batches of {pictures}" if pictures > 1 else "")
            figures.append(
                Figure(
                    f"{what}, server's processor time a picture",
                    tuple(theirs),
                    tuple(ours),
                    "ms",
                    "ratio",
                    Target(target, least=False),
                )
            )
    return figures


SERVER_CPU = Row(
    "server-cpu",
    "Two convolutions on 28 × 28 bytes, ONNX. The processor time of the server and its workers for "
    "each picture, whatever the callers use.",
    "One `grpc.aio` process with the network in it, that reads and writes the same messages "
    "(`benchmarks/rows/_aio_server.py`), driven by the same callers.",
    _run,
)
