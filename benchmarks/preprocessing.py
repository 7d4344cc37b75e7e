"""Preprocessing time per picture, next to the reference implementation in the same run.

Run: ``python benchmarks/preprocessing.py [--seconds 2]``

A 224 × 224 × 3 picture of bytes is scaled to 0…1 and standardised per channel with fixed numbers,
as models trained on ImageNet want it. ZooBridge is timed from the picture in memory to the
tensor, planning included; ``bioimageio.core`` from the tensor that it is given on, with its
pipeline set up beforehand. Rounds alternate, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from bioimageio.core import Sample, Tensor
from bioimageio.core.proc_setup import get_pre_and_postprocessing
from bioimageio.spec.model import v0_5

from zoobridge.imaging import (
    AxisSize,
    Box,
    InputSpec,
    Item,
    Operation,
    PictureLimits,
    Preparation,
    Preparer,
    Region,
    picture_from_array,
    plan_items,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = [
    {"id": "scale_linear", "kwargs": {"gain": 1 / 255}},
    {
        "id": "fixed_zero_mean_unit_variance",
        "kwargs": {
            "axis": "channel",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
    },
]


def described() -> v0_5.InputTensorDescr:
    """Describe the input as a package does."""
    return v0_5.InputTensorDescr(
        id=v0_5.TensorId("input"),
        axes=[
            v0_5.BatchAxis(),
            v0_5.ChannelAxis(channel_names=["r", "g", "b"]),
            v0_5.SpaceInputAxis(id="y", size=224),
            v0_5.SpaceInputAxis(id="x", size=224),
        ],
        data=v0_5.IntervalOrRatioDataDescr(type="float32"),
        preprocessing=STEPS,
    )


def timed(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    """Time calls in turn for about `seconds`, and return the seconds of each call."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return times


def main() -> None:
    """Time both, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    seconds = parser.parse_args().seconds
    tensor = described()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)
    limits = PictureLimits()
    spec = InputSpec(
        "input",
        "NCYX",
        "float32",
        {"C": AxisSize(3), "Y": AxisSize(224), "X": AxisSize(224)},
        ("r", "g", "b"),
        tuple(
            Operation(step["id"], step.get("kwargs", {}))
            for step in (one.model_dump(mode="json") for one in tensor.preprocessing)
        ),
        (0.0, 255.0),
    )
    stack = np.stack([pixels] * 32)

    def ours(array: np.ndarray, axes: str) -> np.ndarray:
        picture = picture_from_array(array, axes, limits=limits)
        items = plan_items(picture, spec, planes={}, regions=(), max_items=1000)
        (prepared,), _ = Preparer(spec, Preparation()).prepare(picture, items)  # type: ignore[arg-type]
        return prepared.array

    pre, _ = get_pre_and_postprocessing(
        SimpleNamespace(inputs=[tensor], outputs=[]),  # type: ignore[arg-type]
        dataset_for_initial_statistics=[],
    )
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1))[np.newaxis]

    def reference() -> np.ndarray:
        members = {"input": Tensor(batch, dims=("batch", "channel", "y", "x"))}
        sample = Sample(members=members, stat={}, id=None)
        pre(sample)
        return sample.members["input"].to_numpy()

    difference = np.abs(ours(pixels, "YXC")[0] - reference()[0]).max()
    times = timed(
        {
            "bioimageio.core": reference,
            "alone": lambda: ours(pixels, "YXC"),
            "in 32s": lambda: ours(stack, "TYXC"),
        },
        seconds,
    )
    core = statistics.median(times["bioimageio.core"]) * 1e3
    print("224 × 224 × 3 uint8, scale_linear + fixed_zero_mean_unit_variance, per picture:")
    print(f"  bioimageio.core       {core:7.3f} ms")
    for name, label, count in (
        ("alone", "zoobridge, alone", 1),
        ("in 32s", "zoobridge, in 32s", 32),
    ):
        own = statistics.median(times[name]) * 1e3 / count
        print(f"  {label:<20}  {own:7.3f} ms   {core / own:5.1f} times as fast")
    print(f"  largest difference    {difference:.1e}")
    regions(rng, limits, seconds)


def regions(rng: np.random.Generator, limits: PictureLimits, seconds: float) -> None:
    """Time 10,000 boxes of 28 × 28 in one picture."""
    spec = InputSpec(
        "input",
        "NCYX",
        "float32",
        {"C": AxisSize(1), "Y": AxisSize(28), "X": AxisSize(28)},
        preprocessing=(
            Operation("ensure_dtype", {"dtype": "float32"}),
            Operation("scale_linear", {"gain": 1 / 255, "offset": 0.0}),
            Operation("ensure_dtype", {"dtype": "float32"}),
        ),
    )
    pixels = rng.integers(0, 256, (4096, 4096), dtype=np.uint8)
    picture = picture_from_array(pixels, "YX", limits=limits)
    corners = rng.integers(0, 4068, (10_000, 2)).tolist()
    places = [Region(str(n), Box(x, y, 28, 28)) for n, (x, y) in enumerate(corners)]

    def plan() -> list[Item]:
        planned = plan_items(picture, spec, planes={}, regions=places, max_items=10_000)
        return [item for item in planned if isinstance(item, Item)]

    items = plan()

    def bare() -> np.ndarray:
        taken = np.stack([pixels[y : y + 28, x : x + 28] for x, y in corners])
        return taken.astype(np.float32) * np.float32(1 / 255)

    times = timed(
        {
            "plan": plan,
            "prepare": lambda: Preparer(spec, Preparation()).prepare(picture, items),
            "bare": bare,
        },
        seconds,
    )
    print("10,000 boxes of 28 × 28 in 4096 × 4096 uint8:")
    for name, label in (
        ("plan", "planning"), ("prepare", "preparing"), ("bare", "NumPy in a loop"),
    ):  # fmt: skip
        print(f"  {label:<20}  {statistics.median(times[name]) * 1e3:7.1f} ms")


if __name__ == "__main__":
    main()
