"""``grpc.health.v1``: of the server, of each service, and of each model by its name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from grpc_health.v1 import health_pb2

from zoobridge.errors import UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import grpc

__all__ = ["SERVICE_NAME", "HealthServicer"]

SERVICE_NAME: Final[str] = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_Response = health_pb2.HealthCheckResponse


class HealthServicer:
    """Answers from a table that the server keeps.

    Not grpc_health's own: that one sends to a watcher while it holds its lock, so that one watcher
    that does not read stops all checks; and it cannot forget a model.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._serving: dict[str, bool] = {}
        self._ended = False

    def update(self, serving: Mapping[str, bool]) -> None:
        """Replace the table: what serves and what does not, by service or model name."""
        with self._change:
            if not self._ended and serving != self._serving:
                self._serving = dict(serving)
                self._change.notify_all()

    def end(self) -> None:
        """Say from now on that nothing serves, and end all watches."""
        with self._change:
            self._ended = True
            self._serving = dict.fromkeys(self._serving, False)
            self._change.notify_all()

    def Check(  # noqa: N802 - the contract's name
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """Tell the state of a service or model."""
        del context
        status = self._status(request.service)
        if status == _Response.SERVICE_UNKNOWN:
            raise UnknownModelError(
                f"unknown service or model '{request.service}'; ask for a model by its id "
                "or id@version, for a service by its full name, or for nothing"
            )
        return _Response(status=status)

    def Watch(  # noqa: N802
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> Iterator[health_pb2.HealthCheckResponse]:
        """Tell the state now and whenever it changes."""
        gone = threading.Event()

        def leave() -> None:
            with self._change:
                gone.set()
                self._change.notify_all()

        if not context.add_callback(leave):
            return
        told: int | None = None
        ended = False
        while not ended:
            with self._change:
                while not (gone.is_set() or self._ended or self._status(request.service) != told):
                    self._change.wait()
                if gone.is_set():
                    return
                status, ended = self._status(request.service), self._ended
            if status != told:
                told = status
                yield _Response(status=status)

    def _status(self, service: str) -> int:
        with self._change:
            serving = self._serving.get(service)
        if serving is None:
            unknown: int = _Response.SERVICE_UNKNOWN
            return unknown
        status: int = _Response.SERVING if serving else _Response.NOT_SERVING
        return status
