"""What models have done, in the protocol's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoobridge.protocol.inference import grpc_service_pb2 as messages

if TYPE_CHECKING:
    from zoobridge.engine import ModelState, ModelStatistics
    from zoobridge.server.inference._views import View

__all__ = ["statistics_message"]


def statistics_message(view: View, states: list[tuple[ModelState, ModelStatistics]]) -> Any:
    """Return the statistics of a model, all its loaded copies together.

    Parameters
    ----------
    view
        The model.
    states
        Its loaded copies; none if it is not loaded.
    """
    message = messages.ModelStatistics(name=view.name, version=view.version)
    stats = message.inference_stats
    for state, done in states:
        message.last_inference = max(message.last_inference, int(done.last_used * 1000))
        message.inference_count += done.items
        message.execution_count += sum(batches.count for batches in done.batches.values())
        _add(stats.success, done.requests, done.success_seconds)
        _add(stats.fail, done.failures, done.failure_seconds)
        _add(stats.queue, done.requests, done.queue_seconds)
        _add(stats.compute_input, done.requests, done.preprocess_seconds)
        _add(stats.compute_infer, done.requests, done.inference_seconds)
        _add(stats.compute_output, done.requests, done.postprocess_seconds)
        for size, batches in sorted(done.batches.items()):
            batch = message.batch_stats.add(batch_size=size)
            _add(batch.compute_infer, batches.count, batches.inference_seconds)
            _add(batch.compute_output, batches.count, batches.postprocess_seconds)
        message.memory_usage.add(type="CPU", byte_size=state.memory_bytes)
    return message


def _add(duration: Any, count: int, seconds: float) -> None:
    duration.count += count
    duration.ns += int(seconds * 1e9)
