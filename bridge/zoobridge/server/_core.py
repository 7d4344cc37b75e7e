"""What the server does, whatever the protocol: from a request to a model, and to its answer."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from zoobridge.engine import Work
from zoobridge.errors import (
    BrokenPackageError,
    InvalidRequestError,
    UnknownModelError,
    WorkerError,
)
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2
from zoobridge.server._faults import parsed
from zoobridge.server._paths import AllowedPaths
from zoobridge.zoo import TrustClass, choose_weights, weights_obstacle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zoobridge.backend import FrameworkFacts
    from zoobridge.engine import Answer, Engine, FrameworkState, ModelState
    from zoobridge.server._config import ServerConfig
    from zoobridge.zoo import Catalog, ModelDescription, TrustStore, WeightsDescription

    OnEnd = Callable[[Callable[[], None]], bool]

__all__ = ["Core", "Task"]

_log = logging.getLogger(__name__)

_FACTS_SECONDS: Final = 10.0
_MISS_SECONDS: Final = 0.25


@dataclass(frozen=True, eq=False)
class Task:
    """Accepted work.

    Parameters
    ----------
    answer
        The engine's answer.
    model, weights
        What runs it.
    """

    answer: Answer
    model: ModelDescription
    weights: WeightsDescription


class Core:
    """Finds models, hands work to the engine, and says who answered.

    Parameters
    ----------
    config
        The administrator's settings.
    catalog
        The zoo.
    trust
        What the user trusts.
    engine
        Runs models.
    """

    def __init__(
        self, config: ServerConfig, catalog: Catalog, trust: TrustStore, engine: Engine
    ) -> None:
        self.config = config
        self.catalog = catalog
        self.trust = trust
        self.engine = engine
        self.confinement, self.confinement_detail = engine.confinement()
        self._paths = AllowedPaths(config.allow_paths, max_bytes=config.limits.message_bytes)
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._refreshed = 0.0
        self._refresh_took = 0.0
        self._frameworks: tuple[float, list[FrameworkState]] = (0.0, [])
        self._ran: dict[tuple[str, str], tuple[float, ModelState]] = {}

    def refresh(self) -> None:
        """Look for changes of the zoo on disk."""
        asked = time.monotonic()
        with self._refreshing:
            # What another caller has just looked for need not be looked for again.
            if self._refreshed < asked:
                begun = time.monotonic()
                self.catalog.refresh()
                self._refreshed = begun
                self._refresh_took = time.monotonic() - begun

    def frameworks(self, *, fresh: bool = False) -> list[FrameworkState]:
        """Tell the frameworks; unless `fresh`, as they were some seconds ago."""
        known, states = self._frameworks
        now = time.monotonic()
        if fresh or not states or now - known > _FACTS_SECONDS:
            states = self.engine.frameworks()
            self._frameworks = (now, states)
        return states

    def find(self, name: str) -> ModelDescription:
        """Return a model by ``id`` or ``id@version``; a package that was just added is found too.

        Raises
        ------
        InvalidRequestError
            If no name is given.
        UnknownModelError
            If there is none; the message holds names that are near.
        """
        if not name:
            raise InvalidRequestError(
                "name a model; `zoobridge models` (ListModels) tells which there are", field="model"
            )
        if not self.catalog.complete and "@" not in name:
            # A newer version may not have been read yet.
            self.refresh()
        try:
            return self.catalog.find(name)
        except UnknownModelError:
            # Names that are not there must not keep the disk busy more than a tenth of the time.
            due = self._refreshed + min(_MISS_SECONDS, 10 * self._refresh_took)
            time.sleep(max(0.0, due - time.monotonic()))
        self.refresh()
        return self.catalog.find(name)

    def describe(self, name: str) -> ModelDescription:
        """Return a model as :meth:`find` does, but a broken one too."""
        try:
            return self.find(name)
        except BrokenPackageError as error:
            for model in self.catalog.models():
                if model.reference == error.metadata.get("model"):
                    return model
            raise

    def choose(self, model: ModelDescription, framework: str) -> WeightsDescription:
        """Return the weights to run: of the framework asked for, else the fastest safe ones.

        Raises
        ------
        ZooBridgeError
            If none can be used; the message names the reason and the remedy.
        """
        return choose_weights(
            model,
            framework,
            frameworks=self._facts(),
            confined=self.confinement != "none",
            trust=self.trust,
        )

    def vouched(self, model: ModelDescription, weights: WeightsDescription) -> ModelDescription:
        """Return a model that is marked as trusted exactly if these weights are.

        Only code asks for trust; for the rest the mark says nothing.
        """
        if weights.trust_class is not TrustClass.CODE:
            return model
        trusted = self.trust.trusts(weights.digest)
        return model if model.trusted == trusted else replace(model, trusted=trusted)

    def obstacle(self, model: ModelDescription, weights: WeightsDescription) -> tuple[str, str]:
        """Tell why weights cannot be used here and now, and the command that mends it."""
        return weights_obstacle(
            model,
            weights,
            frameworks=self._facts(),
            confined=self.confinement != "none",
            trust=self.trust,
        )

    def is_usable(self, model: ModelDescription) -> bool:
        """Tell whether a model can be served: its package is sound, and some weights can run."""
        return not model.problem and any(
            self.obstacle(model, weights) == ("", "") for weights in model.weights
        )

    def _facts(self) -> dict[str, FrameworkFacts]:
        return {state.name: state.facts for state in self.frameworks()}

    def submit(
        self,
        request: classification_pb2.ClassifyRequest,
        data: bytes | None = None,
        *,
        deadline: float | None,
        parts: bool = False,
    ) -> Task:
        """Hand a request to the engine, without waiting for its answer.

        Parameters
        ----------
        request
            The request.
        data
            The same request as it came, which spares writing it anew.
        deadline
            On the clock of :func:`time.monotonic`; `None` for none.
        parts
            Whether the answer may come in parts.

        Raises
        ------
        ZooBridgeError
            If it cannot be accepted.
        """
        if request.image.WhichOneof("source") == "path":
            request.image.encoded = self._paths.read(request.image.path)
            data = None
        model = self.find(request.model)
        weights = self.choose(model, request.framework)
        model = self.vouched(model, weights)
        work = Work(
            model=model,
            weights=weights,
            request=request.SerializeToString() if data is None else data,
            deadline=deadline,
            parts=parts,
        )
        return Task(self.engine.submit(work), model, weights)

    def classify(
        self, data: bytes, *, deadline: float | None, on_end: OnEnd
    ) -> classification_pb2.ClassifyResponse:
        """Answer a serialized ``ClassifyRequest``.

        Parameters
        ----------
        data
            The request.
        deadline
            As in :meth:`submit`.
        on_end
            Takes what is to be called when the caller is gone; tells whether it still waits.

        Raises
        ------
        ZooBridgeError
            If the request as a whole cannot be answered.
        """
        # The one place that looks into a request: for the model's name, and for a path.
        request = parsed(classification_pb2.ClassifyRequest.FromString, data)
        task = self.submit(request, data, deadline=deadline)
        del request
        if not on_end(task.answer.cancel):
            task.answer.cancel()
        return self.joined(task, (part.response for part in task.answer))

    def joined(self, task: Task, parts: Iterable[bytes]) -> classification_pb2.ClassifyResponse:
        """Return parts of an answer as one response, and say in it who answered.

        Raises
        ------
        WorkerError
            If the worker sent what is no answer.
        """
        try:
            response = classification_pb2.ClassifyResponse.FromString(b"".join(parts))
        except DecodeError as error:
            raise WorkerError(
                f"the worker of model {task.model.reference} sent an answer that cannot be read; "
                "try another framework, or report the model to its authors"
            ) from error
        # Set, not merged: a worker runs what a stranger made, and may claim to be anything.
        response.model.CopyFrom(self._identity(task))
        return response

    def forget(self) -> None:
        """Forget where models ran, after copies were loaded or unloaded."""
        with self._lock:
            self._ran.clear()

    def _identity(self, task: Task) -> prediction_pb2.ModelIdentity:
        state = self._state(task)
        return prediction_pb2.ModelIdentity(
            id=task.model.id,
            version=task.model.version,
            digest=task.weights.digest,
            framework=task.weights.framework,
            framework_version=state.framework_version if state else "",
            weights_format=task.weights.format,
            device=state.device if state else "",
        )

    def _state(self, task: Task) -> ModelState | None:
        """Return the copy that runs a task; asking the engine for it measures memory, so seldom."""
        key = (task.model.reference, task.weights.digest)
        now = time.monotonic()
        with self._lock:
            known = self._ran.get(key)
        if known is not None and now - known[0] < _FACTS_SECONDS:
            return known[1]
        for state in self.engine.loaded():
            if (state.model.reference, state.weights.digest) == key:
                with self._lock:
                    self._ran[key] = (now, state)
                return state
        # It was unloaded right after it had answered.
        return known[1] if known is not None else None
