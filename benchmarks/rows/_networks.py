"""Networks of three sizes, each next to a program that runs it by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks._classifying import Classify, ClassifyByClient
from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, alternate
from benchmarks._inprocess import InProcess, Setup, best_setup, lone_setup
from benchmarks._networks import MOBILENET, RESNET, TINY, make
from benchmarks._row import Bench, Row
from benchmarks._served import served

if TYPE_CHECKING:
    from benchmarks._networks import Model, Plan

__all__ = ["MOBILENET_ALONE", "MOBILENET_CALLERS", "RESNET_CALLERS", "TINY_ALONE", "TINY_BATCHES"]

_CALLERS = 8
_CONTRACT = "`zoobridge.v1` through generated stubs, from the array of bytes to the label"
_PROGRAM = (
    "A program that runs the same weights by itself, on the same bytes, with the same preprocessing "
    "written by hand in NumPy"
)


def model_of(bench: Bench, plan: Plan, framework: str) -> Model:
    """Make the model that a row runs."""
    return make(plan.small() if bench.effort.small else plan, framework, bench.cache)


def throughput(
    bench: Bench,
    model: Model,
    setup: Setup,
    *,
    target: Target | None,
    pictures: int = 1,
    name: str = "",
    bare: bool = False,
) -> Figure:
    """Compare what callers of a server get done with what a program does by itself."""
    with (
        served(model.zoo) as server,
        InProcess(model, setup, bare=bare).fleet() as program,
        Fleet(Classify(server.address, model, pictures), threads=_CALLERS) as callers,
    ):
        program.warm(bench.effort)
        callers.warm(bench.effort)
        theirs, ours = alternate(bench.effort, program, callers)
    what = f"{_CALLERS} callers" + (f", batches of {pictures}" if pictures > 1 else "")
    return Figure(
        f"{name}{what}, throughput" + ("; reference without preprocessing" if bare else ""),
        tuple(one.rate for one in theirs),
        tuple(one.rate for one in ours),
        "/s",
        "ratio",
        target,
        f"the reference's best: {setup}",
    )


def _callers(plan: Plan, least: float, bench: Bench) -> list[Figure]:
    model = model_of(bench, plan, "onnx")
    setup = best_setup(model, bench.effort)
    return [
        throughput(bench, model, setup, target=Target(least, least=True)),
        throughput(bench, model, setup, target=None, bare=True),
    ]


def _batches(plan: Plan, least: float, bench: Bench) -> list[Figure]:
    model = model_of(bench, plan, "onnx")
    setup = best_setup(model, bench.effort, batches=(32,))
    return [throughput(bench, model, setup, target=Target(least, least=True), pictures=32)]


def _alone(plan: Plan, most: float, bench: Bench) -> list[Figure]:
    effort = bench.effort
    model = model_of(bench, plan, "onnx")
    setup = lone_setup(model, effort)
    figures = []
    with served(model.zoo) as server, InProcess(model, setup).fleet() as program:
        program.warm(effort)
        for task, name, target in (
            (Classify, "1 caller, p50", Target(most, least=False)),
            (ClassifyByClient, "1 caller, p50, through the Python client", None),
        ):
            with Fleet(task(server.address, model)) as caller:
                caller.warm(effort)
                theirs, ours = alternate(effort, program, caller)
            figures.append(
                Figure(
                    name,
                    tuple(one.milliseconds() for one in theirs),
                    tuple(one.milliseconds() for one in ours),
                    "ms",
                    "difference",
                    target,
                    f"the reference: {setup}",
                )
            )
    return figures


MOBILENET_CALLERS = Row(
    "mobilenet",
    f"MobileNetV2, ONNX, 224 × 224 × 3 bytes a request, {_CALLERS} callers (threads of one process, "
    f"each with a separate connection). {_CONTRACT}.",
    f"{_PROGRAM}, with its best batch and threads, searched for in the same run.",
    partial(_callers, MOBILENET, 0.90),
)
RESNET_CALLERS = Row(
    "resnet50",
    f"ResNet-50, otherwise as [mobilenet](#mobilenet). {_CONTRACT}.",
    f"{_PROGRAM}, with its best batch and threads, searched for in the same run.",
    partial(_callers, RESNET, 0.97),
)
MOBILENET_ALONE = Row(
    "mobilenet-alone",
    f"MobileNetV2, ONNX, 224 × 224 × 3 bytes a request, one caller. {_CONTRACT}.",
    f"{_PROGRAM}, one picture a call, all cores, spinning or not as is faster.",
    partial(_alone, MOBILENET, 0.4),
)
TINY_ALONE = Row(
    "tiny-alone",
    f"Two convolutions on 28 × 28 bytes, ONNX, one caller. {_CONTRACT}.",
    f"{_PROGRAM}, one picture a call, all cores, spinning or not as is faster.",
    partial(_alone, TINY, 0.35),
)
TINY_BATCHES = Row(
    "tiny-batches",
    f"Two convolutions on 28 × 28 bytes, ONNX, 32 pictures a request as planes of one array, "
    f"{_CALLERS} callers. {_CONTRACT} of each picture.",
    f"{_PROGRAM}, 32 pictures a call, with its best threads.",
    partial(_batches, TINY, 0.55),
)
