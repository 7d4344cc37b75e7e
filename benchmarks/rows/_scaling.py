"""More callers, more models, and a load beside work."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks._classifying import Classify
from benchmarks._figures import Figure, Target
from benchmarks._fleet import Fleet, Sample, alternate, take_turns
from benchmarks._networks import MOBILENET, RESNET
from benchmarks._row import Bench, Row
from benchmarks._served import Served, served
from benchmarks.rows._networks import model_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks._networks import Model

__all__ = ["CALLERS", "LOADING", "MODELS"]

#: What "flat" means here: at least so much of the throughput stays.
_FLAT = Target(0.95, least=True)
_MODELS = 8
_CALLERS = 8


def _callers(bench: Bench) -> list[Figure]:
    effort = bench.effort
    model = model_of(bench, MOBILENET, "onnx")
    figures = []
    with served(model.zoo) as server, Fleet(Classify(server.address, model), threads=2) as two:
        two.warm(effort)
        for count in (1, 32) if effort.small else (1, 4, 8, 16, 32):
            with Fleet(Classify(server.address, model), threads=count) as callers:
                callers.warm(effort)
                few, many = alternate(effort, two, callers)
            figures.append(
                Figure(
                    f"{count} caller{'s' * (count > 1)}, throughput; reference 2 callers",
                    tuple(one.rate for one in few),
                    tuple(one.rate for one in many),
                    "/s",
                    "ratio",
                    _FLAT if count > 2 else None,
                    f"p50 {many[-1].milliseconds():.1f} ms, p99 {many[-1].milliseconds(99):.1f} ms",
                )
            )
    return figures


def _copies(model: Model, cache: Path) -> list[Model]:
    """Make further packages of the same weights, each a separate model."""
    zoo = cache / "zoos" / f"{model.name}-copies"
    copies = [replace(model, name=f"{model.name}-{n}", zoo=zoo) for n in range(_MODELS)]
    if not zoo.exists():
        for copy in copies:
            shutil.copytree(model.zoo / model.name, zoo / copy.name)
            path = zoo / copy.name / "rdf.yaml"
            document = json.loads(path.read_text("utf-8"))
            path.write_text(json.dumps(document | {"id": copy.name}), "utf-8")
    return copies


def _models(bench: Bench) -> list[Figure]:
    effort = bench.effort
    copies = _copies(model_of(bench, MOBILENET, "onnx"), bench.cache)
    figures = []
    with served(copies[0].zoo) as server, ExitStack() as stack:
        one = stack.enter_context(_spread(server, copies[:1], bench))
        for count in (8,) if effort.small else (2, 4, 8):
            with _spread(server, copies[:count], bench) as several:
                first, second = take_turns(effort.rounds, one, several)
            figures.append(
                Figure(
                    f"{count} models, throughput of all; reference 1 model",
                    tuple(sum(sample.rate for sample in samples) for samples in first),
                    tuple(sum(sample.rate for sample in samples) for samples in second),
                    "/s",
                    "ratio",
                    _FLAT,
                )
            )
    return figures


@contextmanager
def _spread(
    server: Served, models: Sequence[Model], bench: Bench
) -> Iterator[Callable[[], list[Sample]]]:
    """Spread callers over models; gives a function that lets all of them run."""
    with ExitStack() as stack:
        fleets = [
            stack.enter_context(
                Fleet(Classify(server.address, model), threads=_CALLERS // len(models))
            )
            for model in models
        ]

        pool = stack.enter_context(ThreadPoolExecutor(len(fleets)))

        def run(seconds: float = bench.effort.seconds) -> list[Sample]:
            return list(pool.map(lambda fleet: fleet.run(seconds), fleets))

        run(bench.effort.warm_seconds / 2)
        yield run


def _loading(bench: Bench) -> list[Figure]:
    import zoobridge

    effort = bench.effort
    model = model_of(bench, MOBILENET, "onnx")
    other = _copies(model, bench.cache)[0] if effort.small else model_of(bench, RESNET, "onnx")
    with (
        served(model.zoo, other.zoo) as server,
        zoobridge.connect(server.address, token=server.token) as client,
        Fleet(Classify(server.address, model)) as caller,
    ):
        caller.warm(effort)
        loads: list[float] = []

        def while_loading() -> Sample:
            ended = threading.Event()

            def load() -> None:
                while not ended.is_set():
                    loads.append(client.load(other.name, "onnx").load_seconds)
                    client.unload(other.name)

            thread = threading.Thread(target=load)
            thread.start()
            try:
                return caller.run(effort.seconds)
            finally:
                ended.set()
                thread.join()

        quiet, beside = take_turns(effort.rounds, lambda: caller.run(effort.seconds), while_loading)
    note = f"{len(loads)} loads of {sum(loads) / len(loads):.2f} s on average"
    return [
        Figure(
            f"{name} of a model while another loads; reference without",
            tuple(one.milliseconds(percent) for one in quiet),
            tuple(one.milliseconds(percent) for one in beside),
            "ms",
            "ratio",
            target,
            note,
        )
        for name, percent, target in (("p99", 99, Target(1.5, least=False)), ("p50", 50, None))
    ]


CALLERS = Row(
    "callers",
    "MobileNetV2 (ONNX) as in [mobilenet](#mobilenet), with 1 to 32 callers. Flat is called what keeps "
    "0.95 of the throughput of two callers, who occupy two cores.",
    "ZooBridge itself with 2 callers.",
    _callers,
)
MODELS = Row(
    "models",
    f"{_CALLERS} callers as in [mobilenet](#mobilenet), spread evenly over 2 to {_MODELS} models of "
    "this size, each in a separate worker. Flat is called what keeps 0.95 of the throughput.",
    "ZooBridge itself with all callers at one model.",
    _models,
)
LOADING = Row(
    "loading",
    "One caller of MobileNetV2 (ONNX), while ResNet-50 (ONNX) is loaded and unloaded over and over.",
    "The same caller while nothing is loaded.",
    _loading,
)
