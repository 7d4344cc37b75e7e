"""The border between the server and whatever runs models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zoobridge.backend import FrameworkFacts
    from zoobridge.engine._model_statistics import ModelStatistics
    from zoobridge.errors import ZooBridgeError
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = [
    "ByteSource",
    "Chunk",
    "Engine",
    "FrameworkState",
    "InferenceRequest",
    "MemoryUse",
    "ModelState",
    "PendingResponse",
    "ResponsePart",
    "Runtime",
]


class ByteSource(Protocol):
    """Bytes that lie elsewhere, and are read into their place when that is known."""

    @property
    def nbytes(self) -> int:
        """How many there are."""
        ...

    def read_into(self, place: memoryview) -> None:
        """Write them to `place`, which is as long.

        Raises
        ------
        ZooBridgeError
            If they cannot be read any more.
        """
        ...


Chunk: TypeAlias = "bytes | memoryview | ByteSource"


@dataclass(frozen=True)
class InferenceRequest:
    """One request on its way to a model.

    Parameters
    ----------
    model, weights
        What to run.
    request
        A serialized ``zoobridge.v1.ClassifyRequest``; its ``model`` and ``framework`` are ignored.
        It may come in chunks that make it up together.
    deadline
        On the clock of :func:`time.monotonic`, in seconds; `None` for none.
    parts
        Whether the answer may come in several parts, as they complete.
    tensors
        Whether the request asks for the bare network: `request` then holds packed tensors
        (:func:`zoobridge.engine.pack_tensors`), and so does the answer's only part.
    deliver
        Takes each part as it completes, or the error in its place, on a thread of the engine that it
        must not hold up; `None`: whoever submits it iterates over the answer.
    may_wait
        Returns whether the request may wait so many seconds for the model; asked where `deliver` is
        `None`, before it is accepted, and must not take long. `None`: as long as the engine's settings say.
    """

    model: ModelDescription
    weights: WeightsDescription
    request: bytes | Sequence[Chunk]
    deadline: float | None = None
    parts: bool = False
    tensors: bool = False
    deliver: Callable[[ResponsePart | ZooBridgeError], None] | None = None
    may_wait: Callable[[float], bool] | None = None

    @property
    def chunks(self) -> Sequence[Chunk]:
        """The request in chunks."""
        return (self.request,) if isinstance(self.request, bytes) else self.request

    @property
    def size(self) -> int:
        """The request's length in bytes."""
        return sum(
            len(chunk) if isinstance(chunk, bytes) else chunk.nbytes for chunk in self.chunks
        )

    @property
    def lead(self) -> int | None:
        """How many bytes come before the first that is read from elsewhere; `None` if none is."""
        before = 0
        for chunk in self.chunks:
            if not isinstance(chunk, (bytes, memoryview)):
                return before
            before += len(chunk)
        return None


@dataclass(frozen=True)
class Runtime:
    """What a model ran with.

    Parameters
    ----------
    device
        ``cpu``, or a framework's name for another device.
    framework_version
        Version of the framework.
    precision
        How numbers are computed: ``float32``, ``tf32``, ``float16``.
    """

    device: str
    framework_version: str
    precision: str = "float32"


@dataclass(frozen=True)
class ResponsePart:
    """A part of an answer.

    Parameters
    ----------
    response
        A serialized ``zoobridge.v1.ClassifyResponse`` that holds ``results``, ``score_kind``,
        ``model`` and, in the last part, ``timing``. Parts of one answer can be joined by
        concatenating them.
    total
        Number of items of the request.
    last
        Whether this is the last part.
    runtime
        What computed it.
    """

    response: bytes | memoryview
    total: int
    last: bool
    runtime: Runtime


class PendingResponse(Protocol):
    """The parts of one answer, in the order in which they are done."""

    def __iter__(self) -> Iterator[ResponsePart]:
        """Wait for and yield each part; of work that delivers its parts itself, none.

        Raises
        ------
        ZooBridgeError
            If the request as a whole cannot be answered.
        """
        ...

    def cancel(self) -> None:
        """Drop what has not run yet; :class:`~zoobridge.errors.CancelledError` is then its outcome."""
        ...


@dataclass(frozen=True)
class ModelState:
    """A loaded model.

    Parameters
    ----------
    memory_bytes
        Memory that its workers use by themselves, as last measured.
    items
        Items answered since it was loaded.
    confinement
        ``landlock`` or ``none``.
    load_seconds
        From the start of its worker until it could answer.
    parameters
        Numbers in its weights; 0 where the backend does not state it.
    waiting
        Requests that were accepted and are not yet answered.
    instances
        Replicas of it that run side by side.
    precision
        How numbers are computed: ``float32``, ``tf32``, ``float16``.
    device_memory_bytes
        Memory of the device that its workers use; 0 on the CPU, or where it is not known.
    """

    model: ModelDescription
    weights: WeightsDescription
    device: str
    framework_version: str
    memory_bytes: int
    items: int
    confinement: str
    load_seconds: float = 0.0
    parameters: int = 0
    waiting: int = 0
    instances: int = 1
    precision: str = "float32"
    device_memory_bytes: int = 0


@dataclass(frozen=True)
class MemoryUse:
    """Memory that an engine has and may have.

    Parameters
    ----------
    worker_bytes
        What the loaded models have, as last measured.
    standby_bytes
        What is kept to start workers fast, such as a framework already imported.
    limit_bytes
        What both may have together.
    """

    worker_bytes: int
    standby_bytes: int
    limit_bytes: int


@dataclass(frozen=True)
class FrameworkState:
    """A framework that a backend exists for.

    Parameters
    ----------
    devices
        Devices that it sees; empty until it has been started once.
    device_problem
        Why it does not use an accelerator that the machine has; empty where it does.
    """

    name: str
    facts: FrameworkFacts
    formats: tuple[str, ...]
    devices: tuple[str, ...] = ()
    device_problem: str = ""


class Engine(Protocol):
    """Loads, runs and unloads models. All methods may be called from any thread."""

    def submit(self, request: InferenceRequest) -> PendingResponse:
        """Accept work, loading the model if need be, without waiting for either.

        Raises
        ------
        OverloadedError
            If too much work waits for the model already.
        """
        ...

    def load(self, model: ModelDescription, weights: WeightsDescription) -> ModelState:
        """Load a model, wait until it is ready, and return its state."""
        ...

    def unload(self, model: ModelDescription, framework: str = "") -> int:
        """Free the replicas of a model once their accepted work is answered; return how many."""
        ...

    def ready(self, model: ModelDescription, weights: WeightsDescription) -> bool:
        """Return whether a model is loaded, so that its requests need not wait for that."""
        ...

    def loaded(self) -> list[ModelState]:
        """Return the loaded replicas."""
        ...

    def statistics(self) -> list[tuple[ModelState, ModelStatistics]]:
        """Return what each loaded replica has done."""
        ...

    def memory(self) -> MemoryUse:
        """Return the memory that is used, and the limit."""
        ...

    def frameworks(self) -> list[FrameworkState]:
        """Return the frameworks, installed or not, by name."""
        ...

    def confinement(self) -> tuple[str, str]:
        """Return how workers are confined (``landlock`` or ``none``), and if not, why, in a sentence."""
        ...

    def close(self, *, grace: float) -> None:
        """Answer accepted work for up to `grace` seconds, then end all workers."""
        ...
