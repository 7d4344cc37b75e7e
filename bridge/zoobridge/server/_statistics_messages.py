"""What the loaded models have done, as messages of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from zoobridge.protocol import to_message
from zoobridge.protocol.v1 import zoo_pb2

if TYPE_CHECKING:
    from zoobridge.engine import Engine, ModelState, ModelStatistics

__all__ = ["statistics_response"]


def statistics_response(engine: Engine, uptime: float) -> zoo_pb2.GetStatisticsResponse:
    """Ask the engine what its models have done.

    Parameters
    ----------
    engine
        Runs them.
    uptime
        Seconds since the server was ready.
    """
    memory = engine.memory()
    models = sorted(
        engine.statistics(), key=lambda one: (one[0].model.reference, one[0].weights.format)
    )
    return zoo_pb2.GetStatisticsResponse(
        models=[_model(state, done) for state, done in models],
        uptime_seconds=uptime,
        server_memory_bytes=psutil.Process().memory_info().rss,
        standby_memory_bytes=memory.standby_bytes,
        memory_limit_bytes=memory.limit_bytes,
    )


def _model(state: ModelState, done: ModelStatistics) -> zoo_pb2.ModelStatistics:
    return to_message(
        done,
        zoo_pb2.ModelStatistics,
        model=state.model.id,
        version=state.model.version,
        framework=state.weights.framework,
        weights_format=state.weights.format,
        device=state.device,
        precision=state.precision,
        device_memory_bytes=state.device_memory_bytes,
        instances=state.instances,
        memory_bytes=state.memory_bytes,
        waiting=state.waiting,
        batches=[
            to_message(batches, zoo_pb2.BatchStatistics, size=size)
            for size, batches in sorted(done.batches.items())
        ],
    )
