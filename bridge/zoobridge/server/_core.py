"""What the server does, whatever the protocol: from a request to a model, and to its answer."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from zoobridge.engine import InferenceRequest
from zoobridge.errors import (
    BrokenPackageError,
    InvalidRequestError,
    OverloadedError,
    UnknownModelError,
    WorkerError,
    ZooBridgeError,
)
from zoobridge.protocol import divide_request
from zoobridge.protocol.v1 import classification_pb2, prediction_pb2
from zoobridge.server._faults import parsed
from zoobridge.server._model_selection import ModelSelection, ModelSelector
from zoobridge.server._paths import AllowedPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zoobridge.engine import Engine, PendingResponse, ResponsePart, Runtime
    from zoobridge.server._config import ServerConfig
    from zoobridge.zoo import Catalog, ModelDescription, TrustStore

    Deliver = Callable[[ModelSelection, ResponsePart | ZooBridgeError], None]
    OnEnd = Callable[[Callable[[], None]], bool]

__all__ = ["Core", "Submission", "answered"]

_log = logging.getLogger(__name__)

_MISS_SECONDS: Final = 0.25


@dataclass(frozen=True, eq=False)
class Submission:
    """Accepted work.

    Parameters
    ----------
    answer
        The engine's answer.
    choice
        What runs it.
    """

    answer: PendingResponse
    choice: ModelSelection


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
    aside
        Gives the place of the current call to others, for the time of a block.
    may_wait
        Returns whether the current call may wait so many seconds for its model.
    """

    def __init__(
        self,
        config: ServerConfig,
        catalog: Catalog,
        trust: TrustStore,
        engine: Engine,
        *,
        aside: Callable[[], AbstractContextManager[None]],
        may_wait: Callable[[float], bool],
    ) -> None:
        self.config = config
        self.catalog = catalog
        self.trust = trust
        self.engine = engine
        self._aside = aside
        self.may_wait = may_wait
        # Read once: it is a file on disk.
        self.version = version("zoobridge")
        self.confinement, self.confinement_detail = engine.confinement()
        self.paths = AllowedPaths(config.allow_paths, max_bytes=config.limits.message_bytes)
        self.choices = ModelSelector(catalog, trust, engine)
        self._refreshing = threading.Lock()
        self._refreshed = 0.0
        self._refresh_took = 0.0

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

    def find(self, name: str) -> ModelDescription:
        """Return a model by ``id`` or ``id@version``; a package that was just added is found too.

        Raises
        ------
        InvalidRequestError
            If no name is given.
        UnknownModelError
            If no model has that name; the message lists similar ones.
        """
        if not name:
            raise InvalidRequestError(
                "name a model; `zoobridge models` (ListModels) lists them", field="model"
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

    def pick(self, name: str, framework: str = "") -> ModelSelection:
        """Return what answers requests that name a model (see :meth:`find`) and a framework.

        Raises
        ------
        ZooBridgeError
            If nothing can answer; the message names the reason and the remedy.
        """
        if not self.catalog.complete:
            # A newer version may not have been read yet.
            self.find(name)
        return self.choices.pick(name, framework, self.find)

    def submit(
        self,
        request: classification_pb2.ClassifyRequest,
        data: Sequence[bytes | memoryview],
        *,
        deadline: float | None,
        deliver: Deliver | None = None,
    ) -> Submission:
        """Hand a request to the engine, without waiting for its answer.

        Parameters
        ----------
        request
            The request; its picture may be left out.
        data
            The same request as it came, in chunks.
        deadline
            On the clock of :func:`time.monotonic`; `None` for none.
        deliver
            Takes what answers, and each part as it completes or the error in its place, on a thread
            of the engine that it must not hold up; `None`: the answer is iterated over, and comes
            whole.

        Raises
        ------
        ZooBridgeError
            If it cannot be accepted.
        """
        if request.image.WhichOneof("source") == "path":
            request.image.encoded = self.paths.read(request.image.path)
            data = [request.SerializeToString()]
        choice = self.pick(request.model, request.framework)
        work = InferenceRequest(
            model=choice.model,
            weights=choice.weights,
            request=data,
            deadline=deadline,
            parts=deliver is not None,
            deliver=None if deliver is None else partial(deliver, choice),
            may_wait=self.may_wait,
        )
        return Submission(self.engine.submit(work), choice)

    def classify(self, data: bytes, *, deadline: float | None, on_end: OnEnd) -> bytes:
        """Answer a serialized ``ClassifyRequest`` with a serialized ``ClassifyResponse``.

        Parameters
        ----------
        data
            The request.
        deadline
            As in :meth:`submit`.
        on_end
            Registers a callback for when the caller is gone; returns whether it still waits.

        Raises
        ------
        ZooBridgeError
            If the request as a whole cannot be answered.
        """
        # The one place that looks into a request: for the model's name, and for a path.
        request = parsed(divide_request, data).request
        task = self.submit(request, [data], deadline=deadline)
        if not on_end(task.answer.cancel):
            task.answer.cancel()
        with self.waiting(task.choice, [task.answer]):
            return answered(task.choice, list(task.answer))

    @contextmanager
    def waiting(
        self, choice: ModelSelection, answers: Sequence[PendingResponse] = ()
    ) -> Iterator[None]:
        """Give the call's place to others, for the time of a block, where its model is to be loaded.

        Raises
        ------
        OverloadedError
            If too many calls wait for models; the answers are cancelled.
        """
        if self.engine.ready(choice.model, choice.weights):
            yield
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(self._aside())
            except OverloadedError:
                for answer in answers:
                    answer.cancel()
                raise
            yield


def answered(choice: ModelSelection, parts: Sequence[ResponsePart]) -> bytes:
    """Return parts of an answer as one serialized ``ClassifyResponse`` that says who answered.

    What the worker wrote is checked and passed on unchanged: thousands of results would take longer
    to be written again than to be read.

    Raises
    ------
    WorkerError
        If the worker sent what is not an answer.
    """
    model = choice.model
    written = b"".join([part.response for part in parts])
    try:
        response = classification_pb2.ClassifyResponse.FromString(written)
    except DecodeError as error:
        raise WorkerError(
            f"the worker of model {model.reference} sent an answer that cannot be read; "
            "try another framework, or report the model to its authors"
        ) from error
    # A worker runs what a stranger made, and may claim to be anything: what follows would be
    # merged into its claim.
    if response.HasField("model"):
        response.ClearField("model")
        written = response.SerializeToString()
    return written + _identity(choice, parts[-1].runtime)


@lru_cache(maxsize=1024)
def _identity(choice: ModelSelection, runtime: Runtime) -> bytes:
    """Return who answers, as a field of a response: the same for nearly all requests."""
    model, weights = choice.model, choice.weights
    identity = prediction_pb2.ModelIdentity(
        id=model.id,
        version=model.version,
        digest=weights.digest,
        framework=weights.framework,
        framework_version=runtime.framework_version,
        weights_format=weights.format,
        device=runtime.device,
        precision=runtime.precision,
    )
    return classification_pb2.ClassifyResponse(model=identity).SerializeToString()
