"""``TrainingService``: finds the project of a call, and passes the call on to its process."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from typing import TYPE_CHECKING, Any, Final

import grpc

from zoobridge.errors import InvalidRequestError, OverloadedError, WorkerError, ZooBridgeError
from zoobridge.protocol import status_from_error
from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.server._faults import known_error
from zoobridge.server.training._annotate_stream import AnnotateStream
from zoobridge.server.training._processes import unknown_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google.protobuf.message import Message

    from zoobridge.protocol.v1 import image_pb2
    from zoobridge.server._open_streams import OpenStreams
    from zoobridge.server._paths import AllowedPaths
    from zoobridge.server.training._processes import TrainingProcesses

__all__ = ["SERVICE_NAME", "TrainingServicer"]

_log = logging.getLogger(__name__)

_SERVICE: Final = pb.DESCRIPTOR.services_by_name["TrainingService"]
SERVICE_NAME: Final[str] = _SERVICE.full_name
_LONGEST_NAME: Final = 100
#: Calls that a process ends a second after their caller is gone, itself if need be: they compute.
_LONG: Final = frozenset({"Suggest", "Fit", "GetTrainingReport", "Publish"})
_LONG_SECONDS: Final = 0.6
#: What others may take: they end soon, and the process may be fitting for another caller.
_SHORT_SECONDS: Final = 20.0
#: Windows of an explanation along each axis; the network runs once for each.
_MOST_WINDOWS: Final = 64
#: Explanations at once: one process computes one after the other, and each takes a stream's place.
_MOST_EXPLANATIONS: Final = 4
_RETRY_SECONDS: Final = 5.0


class _Caller:
    """Anyone who waits for the calls of a stream, of which one is under way at a time."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context
        self._cancel: Callable[[], None] | None = None
        context.add_callback(self._gone)

    def on_end(self, cancel: Callable[[], None]) -> bool:
        """Take what is to be called when it is gone; return whether it still waits."""
        self._cancel = cancel
        return bool(self._context.is_active())

    def _gone(self) -> None:
        if self._cancel is not None:
            self._cancel()


class TrainingServicer:
    """Answers ``TrainingService``.

    Parameters
    ----------
    folder
        Where projects are kept; made when the first one is.
    paths
        Pictures that may be named by their path.
    processes
        Starts those that train.
    streams
        Where open streams are counted.
    """

    def __init__(
        self,
        folder: Path,
        paths: AllowedPaths,
        processes: TrainingProcesses,
        streams: OpenStreams,
    ) -> None:
        self._streams = streams
        self._folder = folder
        self._paths = paths
        self._processes = processes
        self._explanations = threading.BoundedSemaphore(_MOST_EXPLANATIONS)

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return the service for a gRPC server."""
        return grpc.method_handlers_generic_handler(
            SERVICE_NAME, {method.name: self._method(method) for method in _SERVICE.methods}
        )

    def _method(self, method: Any) -> grpc.RpcMethodHandler[Any, Any]:
        parse = getattr(pb, method.input_type.name).FromString
        name = method.name
        own: dict[str, Callable[[Any], Message]] = {
            "ListProjects": self.list_projects,
            "DeleteProject": self.delete_project,
        }
        if name in own:
            return grpc.unary_unary_rpc_method_handler(
                lambda request, context: own[name](request).SerializeToString(),  # noqa: ARG005
                request_deserializer=parse,
            )
        if name == "Annotate":
            return grpc.stream_stream_rpc_method_handler(self.annotate, request_deserializer=parse)
        if name == "Explain":
            return grpc.unary_stream_rpc_method_handler(self.explain, request_deserializer=parse)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._stream(name, request, context),
                request_deserializer=parse,
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._unary(name, request, context),
            request_deserializer=parse,
        )

    def list_projects(self, request: pb.ListProjectsRequest) -> pb.ListProjectsResponse:
        """Return the names of the projects; one whose description cannot be read is left out."""
        del request
        names = []
        for path in self._folder.glob("[!.]*/project.json"):
            try:
                names.append(str(json.loads(path.read_text("utf-8"))["name"]))
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.warning("a training project cannot be listed: file=%s error=%r", path, error)
        return pb.ListProjectsResponse(names=sorted(names))

    def delete_project(self, request: pb.DeleteProjectRequest) -> pb.DeleteProjectResponse:
        """Remove a project.

        Raises
        ------
        InvalidRequestError
            If no project has that name.
        """
        folder = self._project_folder(request.name, existing=True)
        self._processes.remove(request.name, folder)
        _log.info("removed project=%r", request.name)
        return pb.DeleteProjectResponse()

    def annotate(
        self, requests: Iterator[pb.AnnotateRequest], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Pass on each message; one that fails is answered with its error."""
        caller, project = _Caller(context), ""

        def answer(request: pb.AnnotateRequest) -> list[bytes]:
            nonlocal project
            project = request.project or project
            try:
                folder = self._project_folder(project, existing=True)
                self._read_path(request.image)
                data = request.SerializeToString()
                return self._whole("Annotate", project, folder, data, caller)
            except ZooBridgeError as error:
                status = status_from_error(known_error(error, "Annotate"))
                return [pb.AnnotateResponse(id=request.id, error=status).SerializeToString()]

        stream = AnnotateStream(requests, answer)
        with self._streams.opened(stream, context):
            yield from stream.responses()

    def explain(self, request: pb.ExplainRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Pass on what belongs to no project.

        Raises
        ------
        InvalidRequestError
            If more windows are asked for than may be.
        OverloadedError
            If as many as may be are explained.
        """
        if request.windows > _MOST_WINDOWS:
            raise InvalidRequestError(
                f"{request.windows} windows along each axis are too many; ask for up to "
                f"{_MOST_WINDOWS}",
                field="windows",
            )
        if not self._explanations.acquire(blocking=False):
            raise OverloadedError(
                f"{_MOST_EXPLANATIONS} answers are being explained, which is as many as this server "
                "takes; try again when one is done",
                retry_after=_RETRY_SECONDS,
            )
        try:
            self._read_path(request.image)
            folder = self._folder / ".explain"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            data, caller = request.SerializeToString(), _Caller(context)
            try:
                yield from self._passed_on("Explain", "", folder, data, caller)
            except WorkerError:
                # Another caller's picture may have ended the process.
                yield from self._passed_on("Explain", "", folder, data, caller)
        finally:
            self._explanations.release()

    def _stream(self, method: str, request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        folder = self._project_folder(request.project, existing=True)
        data = request.SerializeToString()
        yield from self._passed_on(method, request.project, folder, data, _Caller(context))

    def _unary(self, method: str, request: Any, context: grpc.ServicerContext) -> bytes:
        opening = method == "OpenProject"
        name = request.name if opening else request.project
        folder = self._project_folder(name, existing=not opening or request.existing)
        if opening:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = request.SerializeToString()
        (response,) = self._whole(method, name, folder, data, _Caller(context))
        return response

    def _whole(
        self, method: str, project: str, folder: Path, data: bytes, caller: _Caller
    ) -> list[bytes]:
        """Return the responses of a call, which is repeated where that changes nothing."""
        try:
            return list(self._passed_on(method, project, folder, data, caller))
        except WorkerError:
            # A fit that was cancelled, or wanted too much memory, took the process with it.
            if method == "UndoAnnotation":
                raise
            return list(self._passed_on(method, project, folder, data, caller))

    def _passed_on(
        self, method: str, project: str, folder: Path, data: bytes, caller: _Caller
    ) -> Iterator[bytes]:
        seconds = _LONG_SECONDS if method in _LONG else _SHORT_SECONDS
        with self._processes.process(project, folder) as process:
            yield from process.call(method, data, on_end=caller.on_end, end_after=seconds)

    def _read_path(self, image: image_pb2.Image) -> None:
        if image.WhichOneof("source") == "path":
            image.encoded = self._paths.read(image.path)

    def _project_folder(self, name: str, *, existing: bool) -> Path:
        """Return the folder of a project; different names have different ones."""
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise InvalidRequestError(
                f"name a training project, in up to {_LONGEST_NAME} characters", field="project"
            )
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
        folder = self._folder / f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        if existing and not (folder / "project.json").is_file():
            raise unknown_project(name)
        return folder
