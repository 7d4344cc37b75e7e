"""One ``ModelStreamInfer``: requests run side by side, each answered as it is done."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.server._faults import known_error
from zoobridge.server.inference._infer import infer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.engine import Engine
    from zoobridge.server.inference._shared_memory import SharedMemory
    from zoobridge.server.inference._views import Targets

__all__ = ["InferenceStream"]

_METHOD: Final = "/inference.GRPCInferenceService/ModelStreamInfer"
_THREADS: Final = 8
_WINDOW: Final = 64


class InferenceStream:
    """Reads requests while fewer than a window are unanswered.

    Parameters
    ----------
    engine
        Runs models.
    targets
        Finds them.
    memory
        The registered shared memory.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    """

    def __init__(
        self, engine: Engine, targets: Targets, memory: SharedMemory, *, deadline: float | None
    ) -> None:
        self._engine = engine
        self._targets = targets
        self._memory = memory
        self._deadline = deadline
        self._room = threading.Semaphore(_WINDOW)
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._cancels: set[Callable[[], None]] = set()
        self._ended = False

    def responses(self, requests: Iterator[Any]) -> Iterator[Any]:
        """Yield a ``ModelStreamInferResponse`` for each request, in the order they are done."""
        reader = threading.Thread(
            target=self._read, args=(requests,), name="zoobridge-infer-reader", daemon=True
        )
        reader.start()
        try:
            while isinstance(response := self._outbox.get(), messages.ModelStreamInferResponse):
                yield response
                self._room.release()
        finally:
            self.end()
        if response is not None:
            raise response

    def end(self) -> None:
        """Drop everything: the caller is gone."""
        with self._lock:
            self._ended = True
            cancels = list(self._cancels)
        for cancel in cancels:
            cancel()
        self._room.release()

    def _read(self, requests: Iterator[Any]) -> None:
        failure: Exception | None = None
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="zoobridge-infer") as pool:
            try:
                for request in requests:
                    self._room.acquire()
                    if self._ended:
                        break
                    pool.submit(self._run, request)
            except Exception as exception:  # noqa: BLE001 - raised on the call's own thread
                failure = exception
        self._outbox.put(failure)

    def _run(self, request: Any) -> None:
        registered: list[Callable[[], None]] = []

        def on_end(cancel: Callable[[], None]) -> bool:
            with self._lock:
                registered.append(cancel)
                self._cancels.add(cancel)
                return not self._ended

        try:
            response = infer(
                self._engine,
                self._targets,
                self._memory,
                request,
                deadline=self._deadline,
                on_end=on_end,
            )
            self._outbox.put(messages.ModelStreamInferResponse(infer_response=response))
        except Exception as exception:  # noqa: BLE001 - an error of this request alone
            error = known_error(exception, _METHOD)
            response = messages.ModelStreamInferResponse(error_message=error.message)
            response.infer_response.id = request.id
            response.infer_response.model_name = request.model_name
            self._outbox.put(response)
        finally:
            with self._lock:
                self._cancels.difference_update(registered)
