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
from zoobridge.server._window import RequestWindow, StreamedRequest
from zoobridge.server.inference._infer import read_inference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.engine import Engine, ResponsePart
    from zoobridge.server.inference._infer import Inference
    from zoobridge.server.inference._shared_memory import CallerRegions
    from zoobridge.server.inference._views import Targets

__all__ = ["InferenceStream"]

_METHOD: Final = "/inference.GRPCInferenceService/ModelStreamInfer"
_WINDOW: Final = 64
_WINDOW_BYTES: Final = 64 << 20


@dataclass(eq=False, kw_only=True)
class _Running(StreamedRequest):
    """A request that was read, and what came of it until now."""

    request: Any
    inference: Inference | None = None
    missing: int = 0
    outcomes: dict[int, ResponsePart | ZooBridgeError] = field(default_factory=dict)


class InferenceStream:
    """Reads requests as far as a :class:`RequestWindow` lets it.

    A separate thread reads and hands them to the engine, which delivers to the call's thread.

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
        self._window = RequestWindow[_Running](_WINDOW, _WINDOW_BYTES)
        # Guards what came of each request: the engine delivers on threads of its own.
        self._outcomes = threading.Lock()

    def responses(self, requests: Iterator[bytes]) -> Iterator[Any]:
        """Yield a ``ModelStreamInferResponse`` for each request, in the order they are done.

        Parameters
        ----------
        requests
            Serialized ``ModelInferRequest`` messages.

        Raises
        ------
        ServerUnavailableError
            When the stream was drained; what was read until then is answered first.
        """
        reader = threading.Thread(
            target=self._read, args=(requests,), name="zoobridge-infer-reader", daemon=True
        )
        reader.start()
        try:
            while not self._window.finished:
                done = self._outbox.get()
                if done is not None:
                    yield _response(done)
                    self._window.release((done,))
                # It holds its request, and the next answer may be long in coming.
                del done
            self._window.check()
        finally:
            self.end()

    @property
    def idle_since(self) -> float | None:
        """See :attr:`RequestStream.idle_since`."""
        return self._window.idle_since

    def end(self) -> None:
        """See :meth:`RequestStream.end`."""
        self._window.end()
        self._outbox.put(None)

    def drain(self, error: ZooBridgeError | None = None) -> None:
        """See :meth:`RequestStream.drain`."""
        self._window.drain(error)
        self._outbox.put(None)

    # What follows runs on the reader's thread.

    def _read(self, requests: Iterator[bytes]) -> None:
        try:
            while self._window.wait_for_room():
                data = next(requests, None)
                if data is None:
                    self._window.close()
                    break
                request = parsed(messages.ModelInferRequest.FromString, data)
                running = _Running(len(data), request=request)
                if self._window.add(running):
                    self._begin(running)
                # The next message may be long in coming.
                del data, request, running
        except Exception as exception:  # noqa: BLE001 - raised on the call's own thread
            self._window.close(exception)
        self._outbox.put(None)

    def _begin(self, running: _Running) -> None:
        try:
            running.inference = read_inference(
                self._targets, self._memory, running.request, deadline=self._deadline
            )
            works = running.inference.works()
            running.missing = len(works)
            for place, work in enumerate(works):
                deliver = partial(self._deliver, running, place)
                answer = self._engine.submit(replace(work, deliver=deliver))
                self._window.expect(running, answer)
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            self._fail(running, known_error(exception, _METHOD))

    def _fail(self, running: _Running, error: ZooBridgeError) -> None:
        with self._outcomes:
            # What was submitted may still answer, and finds that it is not waited for.
            running.missing = 0
            running.outcomes = {0: error}
        for answer in running.answers:
            answer.cancel()
        self._outbox.put(running)

    # On a thread of the engine.

    def _deliver(
        self, running: _Running, place: int, outcome: ResponsePart | ZooBridgeError
    ) -> None:
        with self._outcomes:
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
