"""What a loaded model has done, and where the time went."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

__all__ = ["BatchStatistics", "ModelStatistics", "StatisticsRecorder", "total"]


@dataclass(frozen=True)
class BatchStatistics:
    """Batches of one size.

    Parameters
    ----------
    count
        How many were run.
    inference_seconds, postprocess_seconds
        What they took, all together.
    """

    count: int = 0
    inference_seconds: float = 0.0
    postprocess_seconds: float = 0.0


@dataclass(frozen=True)
class ModelStatistics:
    """Sums since the model was loaded.

    Parameters
    ----------
    requests, failures
        Requests that were answered, and that failed as a whole.
    items, failed_items
        Items that were answered, and those among them that have an error of their own.
    success_seconds, failure_seconds
        From acceptance to the last answer.
    queue_seconds, preprocess_seconds, inference_seconds, postprocess_seconds
        Of the requests that were answered.
    last_used
        Seconds since 1970; 0 before the first use.
    batches
        By number of items.
    """

    requests: int = 0
    failures: int = 0
    items: int = 0
    failed_items: int = 0
    success_seconds: float = 0.0
    failure_seconds: float = 0.0
    queue_seconds: float = 0.0
    preprocess_seconds: float = 0.0
    inference_seconds: float = 0.0
    postprocess_seconds: float = 0.0
    last_used: float = 0.0
    batches: Mapping[int, BatchStatistics] = field(default_factory=dict)


def total(parts: Sequence[ModelStatistics]) -> ModelStatistics:
    """Return the sums of several replicas of a model together."""
    batches: dict[int, BatchStatistics] = {}
    for part in parts:
        for size, more in part.batches.items():
            known = batches.get(size, BatchStatistics())
            batches[size] = BatchStatistics(
                known.count + more.count,
                known.inference_seconds + more.inference_seconds,
                known.postprocess_seconds + more.postprocess_seconds,
            )
    sums: dict[str, Any] = {
        one.name: sum(getattr(part, one.name) for part in parts)
        for one in fields(ModelStatistics)
        if one.name not in ("batches", "last_used")
    }
    last_used = max((part.last_used for part in parts), default=0.0)
    return ModelStatistics(**sums, last_used=last_used, batches=batches)


class StatisticsRecorder:
    """Adds up; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums = ModelStatistics()

    def succeed(
        self,
        seconds: float,
        stages: tuple[float, float, float, float],
        *,
        items: int,
        failed_items: int,
    ) -> None:
        """Note a request that was answered.

        Parameters
        ----------
        seconds
            From acceptance to the last answer.
        stages
            Seconds of queue, preprocessing, inference and postprocessing.
        items, failed_items
            Its items, and those of them that failed.
        """
        queue, preprocess, inference, postprocess = stages
        with self._lock:
            sums = self._sums
            self._sums = replace(
                sums,
                requests=sums.requests + 1,
                items=sums.items + items,
                failed_items=sums.failed_items + failed_items,
                success_seconds=sums.success_seconds + seconds,
                queue_seconds=sums.queue_seconds + queue,
                preprocess_seconds=sums.preprocess_seconds + preprocess,
                inference_seconds=sums.inference_seconds + inference,
                postprocess_seconds=sums.postprocess_seconds + postprocess,
                last_used=time.time(),
            )

    def fail(self, seconds: float) -> None:
        """Note a request that failed as a whole."""
        with self._lock:
            self._sums = replace(
                self._sums,
                failures=self._sums.failures + 1,
                failure_seconds=self._sums.failure_seconds + seconds,
            )

    def read(self, batches: Mapping[int, BatchStatistics]) -> ModelStatistics:
        """Return the sums."""
        with self._lock:
            return replace(self._sums, batches=batches)
