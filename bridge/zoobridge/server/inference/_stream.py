"""One ``ModelStreamInfer``: requests run side by side, each answered as it completes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import ZooBridgeError
from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.server._faults import known_error, parsed
from zoobridge.server._open_streams import stream_drained
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
_WINDOW_BYTES: Final = 64 << 20


@dataclass(eq=False)
class _Running:
    """A request, its size in bytes, and the answers of the engine that are still to come."""

    request: Any
    size: int
    inference: Inference | None = None
    missing: int = 0
    answers: list[PendingResponse] = field(default_factory=list)
    outcomes: dict[int, ResponsePart | ZooBridgeError] = field(default_factory=dict)


class InferenceStream:
    """Reads requests while fewer than a window are unanswered, by number and by bytes.

    A separate thread reads and hands them to the engine, which delivers to the call's thread. A
    request is unanswered until the caller has taken its answer.

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
        self._outbox: SimpleQueue[_Running | None] = SimpleQueue()
        self._change = threading.Condition()
        self._running: set[_Running] = set()
        self._running_bytes = 0
        self._read_all = False
        self._draining = False
        self._failure: Exception | None = None
        self._ended = False

    def responses(self, requests: Iterator[bytes]) -> Iterator[Any]:
        """Yield a ``ModelStreamInferResponse`` for each request, in the order they are done.

        Parameters
        ----------
        requests
            Serialized ``ModelInferRequest`` messages.

        Raises
        ------
        ServerUnavailableError
            When the server is about to end; what was read until then is answered first.
        """
        reader = threading.Thread(
            target=self._read, args=(requests,), name="zoobridge-infer-reader", daemon=True
        )
        reader.start()
        try:
            while not self._finished():
                done = self._outbox.get()
                if done is not None:
                    yield _response(done)
                    self._release(done)
        finally:
            self.end()
        if self._failure is not None:
            raise self._failure
        if self._draining and not self._read_all:
            raise stream_drained()

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        with self._change:
            self._ended = True
            answers = [answer for running in self._running for answer in running.answers]
            self._change.notify_all()
        for answer in answers:
            answer.cancel()
        self._outbox.put(None)

    def drain(self) -> None:
        """Answer what was accepted, read nothing more, and end."""
        with self._change:
            self._draining = True
            self._change.notify_all()
        self._outbox.put(None)

    def _finished(self) -> bool:
        with self._change:
            return self._ended or ((self._read_all or self._draining) and not self._running)

    def _release(self, running: _Running) -> None:
        with self._change:
            self._running.discard(running)
            self._running_bytes -= running.size
            self._change.notify_all()

    # What follows runs on the reader's thread.

    def _read(self, requests: Iterator[bytes]) -> None:
        failure: Exception | None = None
        try:
            while self._wait_for_room():
                data = next(requests, None)
                if data is None:
                    break
                self._begin(
                    _Running(parsed(messages.ModelInferRequest.FromString, data), len(data))
                )
        except Exception as exception:  # noqa: BLE001 - raised on the call's own thread
            failure = exception
        with self._change:
            self._failure = failure
            self._read_all = True
        self._outbox.put(None)

    def _wait_for_room(self) -> bool:
        with self._change:
            self._change.wait_for(
                lambda: (
                    self._ended
                    or self._draining
                    or (len(self._running) < _WINDOW and self._running_bytes < _WINDOW_BYTES)
                )
            )
            return not (self._ended or self._draining)

    def _begin(self, running: _Running) -> None:
        with self._change:
            self._running.add(running)
            self._running_bytes += running.size
        try:
            running.inference = read_inference(
                self._targets, self._memory, running.request, deadline=self._deadline
            )
            works = running.inference.works()
            running.missing = len(works)
            for place, work in enumerate(works):
                deliver = partial(self._deliver, running, place)
                answer = self._engine.submit(replace(work, deliver=deliver))
                with self._change:
                    running.answers.append(answer)
                    ended = self._ended
                if ended:
                    answer.cancel()
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._fail(running, known_error(exception, _METHOD))

    def _fail(self, running: _Running, error: ZooBridgeError) -> None:
        with self._change:
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
        with self._change:
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
        assert done.inference is not None  # noqa: S101 - else there is an error
        response = messages.ModelStreamInferResponse()
        done.inference.respond(response.infer_response, parts)
    except Exception as exception:  # noqa: BLE001 - an error of this request alone
        error = known_error(exception, _METHOD)
        response = messages.ModelStreamInferResponse(error_message=error.message)
        response.infer_response.id = done.request.id
        response.infer_response.model_name = done.request.model_name
    return response
