"""Networks on many cores, next to the best that a program finds there."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from benchmarks._classifying import Classify
from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, alternate
from benchmarks._inprocess import InProcess, Setup
from benchmarks._networks import MOBILENET, RESNET, VIT, Model
from benchmarks._row import Bench, Row
from benchmarks._served import served
from benchmarks.rows._networks import model_of

__all__ = ["CORES"]

_LEAST_CORES = 8


@dataclass(frozen=True)
class _Way:
    """How a program uses the cores: so many processes of so many threads."""

    processes: int
    threads: int
    batch: int

    def __str__(self) -> str:
        return f"{self.processes} processes of {self.threads} threads, batches of {self.batch}"

    def fleet(self, model: Model) -> Fleet:
        setup = Setup(self.batch, 1, self.threads)
        return Fleet(
            InProcess(model, setup),
            threads=self.processes,
            processes=self.processes,
            environment={"OMP_NUM_THREADS": str(self.threads)},
        )


def _best(bench: Bench, model: Model, cores: int) -> _Way:
    ways = [
        _Way(processes, max(1, cores // processes), batch)
        for processes in (1, 2, 4, 8, cores)
        if processes <= cores
        for batch in (1, 8)
    ]
    if bench.effort.small:
        ways = ways[:1]
    rates = {}
    for way in dict.fromkeys(ways):
        with way.fleet(model) as fleet:
            fleet.run(bench.effort.seconds / 2)
            rates[way] = fleet.run(bench.effort.seconds).rate
    return max(rates, key=rates.__getitem__)


def _run(bench: Bench) -> list[Figure]:
    cores = len(os.sched_getaffinity(0))
    if cores < _LEAST_CORES and not bench.effort.small:
        print(f"cores: skipped, since {cores} cores are fewer than {_LEAST_CORES}", file=sys.stderr)
        return []
    figures = []
    for plan in (VIT, RESNET, MOBILENET)[: 1 if bench.effort.small else 3]:
        model = model_of(bench, plan, "pytorch")
        way = _best(bench, model, cores)
        with (
            served(model.zoo) as server,
            way.fleet(model) as program,
            Fleet(Classify(server.address, model), threads=2 * cores, processes=2) as callers,
        ):
            program.warm(bench.effort)
            callers.warm(bench.effort)
            theirs, ours = alternate(bench.effort, program, callers)
        figures.append(
            Figure(
                f"{plan.name}, {cores} cores, throughput",
                tuple(one.rate for one in theirs),
                tuple(one.rate for one in ours),
                "/s",
                "ratio",
                Target(0.9, least=True),
                f"the reference's best: {way}",
            )
        )
    return figures


CORES = Row(
    "cores",
    "ViT-B/16, ResNet-50 and MobileNetV2 as TorchScript on all of at least 8 cores, 224 × 224 × 3 "
    "bytes a request, two callers for each core. Skipped, with a line, on fewer cores.",
    "A program that runs the same weights in the best of 1, 2, 4, 8 … processes with the cores "
    "divided among them, in batches of 1 or 8, searched for in the same run.",
    _run,
)
