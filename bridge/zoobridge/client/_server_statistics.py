"""What the loaded models have done, as a client sees it."""

from dataclasses import dataclass

__all__ = ["BatchStatistics", "ModelStatistics", "ServerStatistics"]


@dataclass(frozen=True)
class BatchStatistics:
    """Batches of one size that a model has run.

    Parameters
    ----------
    size
        Items in such a batch.
    count
        How many of them were run.
    inference_seconds, postprocess_seconds
        What they took, all together.
    """

    size: int
    count: int
    inference_seconds: float
    postprocess_seconds: float


@dataclass(frozen=True)
class ModelStatistics:
    """What a loaded model has done since it was loaded: sums over its instances.

    Parameters
    ----------
    model, version
        The model.
    framework, weights_format
        What runs it.
    device
        Where it runs.
    instances
        Copies of it that run side by side.
    memory_bytes
        Memory that its workers have by themselves, as last measured.
    requests, failures
        Requests that were answered, and that failed as a whole.
    waiting
        Requests that were accepted and are not yet answered.
    items, failed_items
        Items that were answered, and those among them that have an error of their own.
    success_seconds, failure_seconds
        From acceptance to the last answer, and to failure.
    queue_seconds, preprocess_seconds, inference_seconds, postprocess_seconds
        Of the requests that were answered.
    last_used
        When a request was last answered, in seconds since 1970; 0: not yet.
    batches
        By size, the smallest first.
    precision
        How numbers are computed: ``float32``, ``tf32``, ``float16``.
    device_memory_bytes
        Memory of the device that its workers use; 0 on the CPU, or where it is not known.
    """

    model: str
    version: str
    framework: str
    weights_format: str
    device: str
    instances: int
    memory_bytes: int
    requests: int
    failures: int
    waiting: int
    items: int
    failed_items: int
    success_seconds: float
    failure_seconds: float
    queue_seconds: float
    preprocess_seconds: float
    inference_seconds: float
    postprocess_seconds: float
    last_used: float
    batches: tuple[BatchStatistics, ...] = ()
    precision: str = ""
    device_memory_bytes: int = 0


@dataclass(frozen=True)
class ServerStatistics:
    """The server at work.

    Parameters
    ----------
    models
        The loaded models by id.
    uptime_seconds
        Seconds since the server was ready.
    server_memory_bytes
        Memory of the server process itself.
    standby_memory_bytes
        Memory of what is kept to start workers fast, such as a framework already imported.
    memory_limit_bytes
        What workers and standby may take together.
    """

    models: tuple[ModelStatistics, ...]
    uptime_seconds: float
    server_memory_bytes: int
    standby_memory_bytes: int
    memory_limit_bytes: int
