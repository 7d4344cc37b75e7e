"""The same networks in PyTorch and TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks._figures import Figure, Target
from benchmarks._inprocess import best_setup
from benchmarks._networks import MOBILENET, RESNET, TINY
from benchmarks._row import Bench, Row
from benchmarks.rows._networks import model_of, throughput

if TYPE_CHECKING:
    from benchmarks._networks import Plan

__all__ = ["PYTORCH", "TENSORFLOW"]

_TITLES = {"pytorch": "TorchScript", "tensorflow": "Keras"}
_TARGETS = {RESNET: Target(0.90, least=True)}
_MOST_ROUNDS = 3


def _one(bench: Bench, plan: Plan, framework: str) -> Figure:
    model = model_of(bench, plan, framework)
    pictures = 32 if plan == TINY else 1
    batches = (32,) if plan == TINY else (1,) if bench.effort.small else (1, 4, 16)
    setup = best_setup(model, bench.effort, batches=batches)
    return throughput(
        bench,
        model,
        setup,
        target=_TARGETS.get(plan),
        pictures=pictures,
        name=f"{plan.name} as {_TITLES[framework]}, ",
    )


def _run(framework: str, bench: Bench) -> list[Figure]:
    effort = bench.effort
    fewer = replace(bench, effort=replace(effort, rounds=min(effort.rounds, _MOST_ROUNDS)))
    plans = (RESNET,) if effort.small else (MOBILENET, RESNET, TINY)
    return [_one(fewer, plan, framework) for plan in plans]


_NETWORKS = "The networks of [mobilenet](#mobilenet), [resnet50](#resnet50) and [tiny-batches](#tiny-batches)"
_SEARCHED = "best of batches of 1, 4 and 16, calls side by side or one with all cores"

PYTORCH = Row(
    "pytorch",
    f"{_NETWORKS} as TorchScript files.",
    f"The same program with PyTorch (`torch.jit.optimize_for_inference`), {_SEARCHED}.",
    partial(_run, "pytorch"),
)
TENSORFLOW = Row(
    "tensorflow",
    f"{_NETWORKS} as Keras 3 files.",
    f"The same program with TensorFlow (a traced `tf.function`), {_SEARCHED}.",
    partial(_run, "tensorflow"),
)
