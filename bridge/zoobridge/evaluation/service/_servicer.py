"""``EvaluationService``: evaluations of data that lie on the server's machine.

The servicer imports neither SciPy nor anything that reads pictures. Each evaluation is a
process of its own that is a client of the server, with its caller's rights; cancelling the call
ends the process.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import grpc

from zoobridge.errors import InvalidRequestError, OverloadedError, ServerUnavailableError
from zoobridge.evaluation.service._launch import Launched
from zoobridge.evaluation.service._paths import AllowedFolders
from zoobridge.evaluation.service._runs import open_run
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["EvaluationService"]

_log = logging.getLogger(__name__)

_RUN_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MOST: Final = 4
# A caller that lost its connection comes back sooner than the server notices that it was gone.
_PATIENCE_SECONDS: Final = 20.0


class EvaluationService:
    """Answers ``EvaluationService``; a server takes it among its further services.

    Parameters
    ----------
    allow_paths
        Folders below which data may lie.
    folder
        Where the answers of runs are saved, so that they can continue; runs that nobody has asked for
        in thirty days are removed.
    """

    name: Final[str] = pb.DESCRIPTOR.services_by_name["EvaluationService"].full_name

    def __init__(self, allow_paths: Sequence[Path], folder: Path) -> None:
        self._allowed = AllowedFolders(allow_paths)
        self._folder = folder
        self._server: dict[str, Any] | None = None
        self._free = threading.Condition()
        self._running: dict[str, Launched | None] = {}
        self._lists: tuple[bytes, bytes] | None = None
        self._listing = threading.Lock()

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return the service for a gRPC server."""
        return grpc.method_handlers_generic_handler(
            self.name,
            {
                "ListMeasures": grpc.unary_unary_rpc_method_handler(
                    lambda request, context: self._listed(0),  # noqa: ARG005
                    request_deserializer=pb.ListMeasuresRequest.FromString,
                ),
                "ListDatasetReaders": grpc.unary_unary_rpc_method_handler(
                    lambda request, context: self._listed(1),  # noqa: ARG005
                    request_deserializer=pb.ListDatasetReadersRequest.FromString,
                ),
                "Evaluate": grpc.unary_stream_rpc_method_handler(
                    self.evaluate, request_deserializer=pb.EvaluateRequest.FromString
                ),
            },
        )

    def begin(self, address: str, certificate: Path | None) -> None:
        """Record what this very server is reached by.

        Parameters
        ----------
        address
            ``host:port``.
        certificate
            To check it by; `None` where it serves without TLS.
        """
        ca = None if certificate is None else str(certificate.resolve())
        self._server = {"address": address, "ca": ca, "tls": ca is not None}

    def end(self) -> None:
        """End every evaluation; each can continue once the server runs again."""
        with self._free:
            self._server = None
            running = [one for one in self._running.values() if one is not None]
        for launched in running:
            launched.kill()

    def evaluate(
        self, request: pb.EvaluateRequest, context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Run an evaluation, and pass on the responses of its process."""
        self._check(request)
        with self._run(request.run_id) as run:
            folder = open_run(self._folder, request.run_id, restart=request.restart)
            settings = {
                "task": "evaluate",
                "token": _token(context),
                "roots": [str(root) for root in self._allowed.roots],
                "folder": str(folder),
            }
            _log.info("evaluation run=%s data=%s", request.run_id, request.data)
            with run(settings, request.SerializeToString(), folder) as launched:
                if not context.add_callback(launched.kill):
                    launched.kill()
                yield from launched.responses(f"run {request.run_id}")

    def _check(self, request: pb.EvaluateRequest) -> None:
        if not request.models:
            raise InvalidRequestError("name at least one model to evaluate", field="models")
        if not request.run_id:
            request.run_id = secrets.token_hex(8)
        if _RUN_ID.fullmatch(request.run_id) is None:
            raise InvalidRequestError(
                f"{request.run_id!r} is not a run id; write up to 64 of a-z, 0-9, '.', '_' and '-', "
                "beginning with a letter or digit",
                field="run_id",
            )
        request.data = str(self._allowed.resolved(request.data, field="data"))
        for name, value in list(request.options.items()):
            request.options[name] = self._allowed.option(name, value)

    @contextmanager
    def _run(self, run_id: str) -> Iterator[Any]:
        """Hold a run for this call alone; gives what launches its process."""
        with self._free:
            if not self._free.wait_for(lambda: run_id not in self._running, _PATIENCE_SECONDS):
                raise OverloadedError(
                    f"run {run_id} is under way in another call; cancel that one, wait for its "
                    "end, or choose another run_id",
                    retry_after=_PATIENCE_SECONDS,
                )
            if len(self._running) >= _MOST:
                raise OverloadedError(
                    f"{_MOST} evaluations are under way, which is as many as this server takes; "
                    "try again when one has ended",
                    retry_after=_PATIENCE_SECONDS,
                )
            self._running[run_id] = None

        def launch(settings: dict[str, Any], request: bytes, folder: Path) -> Launched:
            with self._free:
                if self._server is None:
                    raise ServerUnavailableError("the server is shutting down")
                launched = Launched(settings | self._server, request, folder)
                self._running[run_id] = launched
            return launched

        try:
            yield launch
        finally:
            with self._free:
                del self._running[run_id]
                self._free.notify_all()

    def _listed(self, which: int) -> bytes:
        """Return the list of measures or readers that a process sent; they do not change."""
        with self._listing:
            if self._lists is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                with Launched({"task": "list"}, b"", self._folder) as launched:
                    measures, readers = launched.responses("the list of measures")
                self._lists = (measures, readers)
            return self._lists[which]


def _token(context: grpc.ServicerContext) -> str:
    """Return the caller's token: the evaluation may do what its caller may."""
    for key, value in context.invocation_metadata():
        scheme, _, token = str(value).partition(" ")
        if key == "authorization" and scheme.lower() == "bearer":
            return token.strip()
    return ""
