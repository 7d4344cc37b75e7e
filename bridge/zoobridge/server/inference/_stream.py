"""One ``ModelStreamInfer``: requests run side by side, each answered as it is done."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import ZooBridgeError
from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.server._faults import known_error
from zoobridge.server.inference._infer import read_inference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.engine import Engine, PendingResponse, ResponsePart
    from zoobridge.server.inference._infer import Inference
    from zoobridge.server.inference._shared_memory import CallerRegions
    from zoobridge.server.inference._views import Targets

__all__ = ["InferenceStream"]

_METHOD: Final = "/inference.GRPCInferenceService/ModelStreamInfer"
_WINDOW: Final = 64


@dataclass(eq=False)
class _Running:
    """A request, and the answers of the engine that are still to come."""

    request: Any
    inference: Inference | None = None
    missing: int = 0
    answers: list[PendingResponse] = field(default_factory=list)
    outcomes: dict[int, ResponsePart | ZooBridgeError] = field(default_factory=dict)


class InferenceStream:
    """Reads requests while fewer than a window are unanswered.

    A thread of its own reads and hands them to the engine, which delivers to the call's thread.

    Parameters
    ----------
    engine
        Runs models.
    targets
        Finds them.
    memory
        The shared memory of the call's user.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    """

    def __init__(
        self, engine: Engine, targets: Targets, memory: CallerRegions, *, deadline: float | None
    ) -> None:
        self._engine = engine
        self._targets = targets
        self._memory = memory
        self._deadline = deadline
        self._room = threading.Semaphore(_WINDOW)
        self._outbox: SimpleQueue[_Running | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._running: set[_Running] = set()
        self._read_all = False
        self._failure: Exception | None = None
        self._ended = False

    def responses(self, requests: Iterator[Any]) -> Iterator[Any]:
        """Yield a ``ModelStreamInferResponse`` for each request, in the order they are done."""
        reader = threading.Thread(
            target=self._read, args=(requests,), name="zoobridge-infer-reader", daemon=True
        )
        reader.start()
        try:
            while not self._finished():
                done = self._outbox.get()
                if done is not None:
                    yield _response(done)
                    with self._lock:
                        self._running.discard(done)
                    self._room.release()
        finally:
            self.end()
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        with self._lock:
            self._ended = True
            answers = [answer for running in self._running for answer in running.answers]
        for answer in answers:
            answer.cancel()
        self._room.release()
        self._outbox.put(None)

    def _finished(self) -> bool:
        with self._lock:
            return self._ended or (self._read_all and not self._running)

    # What follows runs on the reader's thread.

    def _read(self, requests: Iterator[Any]) -> None:
        failure: Exception | None = None
        try:
            for request in requests:
                self._room.acquire()
                if self._ended:
                    break
                self._begin(_Running(request))
        except Exception as exception:  # noqa: BLE001 - raised on the call's own thread
            failure = exception
        with self._lock:
            self._failure = failure
            self._read_all = True
        self._outbox.put(None)

    def _begin(self, running: _Running) -> None:
        with self._lock:
            self._running.add(running)
        try:
            running.inference = read_inference(
                self._targets, self._memory, running.request, deadline=self._deadline
            )
            works = running.inference.works()
            running.missing = len(works)
            for place, work in enumerate(works):
                deliver = partial(self._deliver, running, place)
                answer = self._engine.submit(replace(work, deliver=deliver))
                with self._lock:
                    running.answers.append(answer)
                    ended = self._ended
                if ended:
                    answer.cancel()
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._fail(running, known_error(exception, _METHOD))

    def _fail(self, running: _Running, error: ZooBridgeError) -> None:
        with self._lock:
            # What was submitted may still answer, and finds that it is not waited for.
            running.missing = 0
            running.outcomes = {0: error}
            answers = list(running.answers)
        for answer in answers:
            answer.cancel()
        self._outbox.put(running)

    # On a thread of the engine.

    def _deliver(
        self, running: _Running, place: int, outcome: ResponsePart | ZooBridgeError
    ) -> None:
        with self._lock:
            if running.missing == 0:
                return
            running.outcomes[place] = outcome
            running.missing -= 1
            done = running.missing == 0
        if done:
            self._outbox.put(running)


def _response(done: _Running) -> Any:
    try:
        parts = []
        for _, outcome in sorted(done.outcomes.items()):
            if isinstance(outcome, ZooBridgeError):
                raise outcome
            parts.append(outcome.response)
        assert done.inference is not None  # noqa: S101 - where there is none, there is an error
        response = messages.ModelStreamInferResponse()
        done.inference.respond(response.infer_response, parts)
    except Exception as exception:  # noqa: BLE001 - an error of this request alone
        error = known_error(exception, _METHOD)
        response = messages.ModelStreamInferResponse(error_message=error.message)
        response.infer_response.id = done.request.id
        response.infer_response.model_name = done.request.model_name
    return response
