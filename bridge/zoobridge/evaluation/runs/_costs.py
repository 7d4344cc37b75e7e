"""What a model costs: measured at the client, and reported by the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from zoobridge.evaluation.measures._outcomes import Costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.client import Client, Model, ModelIdentity, Weights
    from zoobridge.evaluation.datasets._dataset import LabelledItem

__all__ = ["measure_costs", "warm_up"]

# Items that are asked for one by one to learn the latency, and for how long (seconds) at most,
# once there are enough for a median.
_PROBES = 50
_PROBE_SECONDS = 10.0
_ENOUGH = 5

# Items to try to load a model with: the first may be unreadable.
_WARMING = 5


def warm_up(client: Client, model: str, framework: str, items: Sequence[LabelledItem]) -> None:
    """Have a model loaded before its answers are timed."""
    for item in items[:_WARMING]:
        if _ask_one(client, model, framework, item)[1] is not None:
            return


def measure_costs(
    client: Client,
    model: Model,
    weights: Weights,
    items: Sequence[LabelledItem],
    throughput: float | None,
) -> Costs:
    """Measure what a model costs.

    Parameters
    ----------
    client
        Asks.
    model, weights
        What ran.
    items
        Items that it can answer; some of them are asked for again, one by one, spread evenly.
    throughput
        Items a second of the run; `None` where it is not known.
    """
    latencies, identity = _latencies(client, model.reference, weights.framework, items)
    held = next(
        (one for one in client.model(model.reference).loaded if one.framework == weights.framework),
        None,
    )
    gone = "the server had let go of the model when the run ended"
    found = {
        "throughput": (throughput, "no item was answered"),
        "load_seconds": (held and held.load_seconds, "the server does not report it" if held else gone),
        "memory_bytes": (held and held.memory_bytes, "the server does not report it" if held else gone),
        "size_bytes": (weights.size_bytes, "the server does not report it"),
        "parameters": (held and held.parameters, "the framework does not report it" if held else gone),
    }  # fmt: skip
    return Costs(
        latencies=latencies,
        values={name: float(value) for name, (value, _) in found.items() if value},
        reasons={"latency": "no item was answered"}
        | {name: reason for name, (value, reason) in found.items() if not value},
        place={
            "device": identity.device if identity else "",
            "framework_version": identity.framework_version if identity else "",
            "server": client.info().version,
        },
    )


def _latencies(
    client: Client, model: str, framework: str, items: Sequence[LabelledItem]
) -> tuple[tuple[float, ...], ModelIdentity | None]:
    step = max(1, len(items) // _PROBES)
    found: list[float] = []
    identity = None
    began = time.perf_counter()
    for item in items[::step][:_PROBES]:
        seconds, answered = _ask_one(client, model, framework, item)
        if answered is not None:
            identity = answered
            found.append(seconds)
        if len(found) >= _ENOUGH and time.perf_counter() - began > _PROBE_SECONDS:
            break
    return tuple(found), identity


def _ask_one(
    client: Client, model: str, framework: str, item: LabelledItem
) -> tuple[float, ModelIdentity | None]:
    """Return the seconds that an item took, and who answered; nobody if it failed."""
    options: dict[str, Any] = {} if item.region is None else {"regions": [item.region]}
    began = time.perf_counter()
    results = client.classify(model, item.path, framework=framework, **options)
    seconds = time.perf_counter() - began
    return seconds, None if results.errors else results[0].model
