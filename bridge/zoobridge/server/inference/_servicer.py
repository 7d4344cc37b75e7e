"""``inference.GRPCInferenceService`` over the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import grpc

from zoobridge.errors import CancelledError, InvalidRequestError, ZooBridgeError
from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.server._deadline import deadline_of
from zoobridge.server.inference._infer import read_inference
from zoobridge.server.inference._metadata import config_message, metadata_message
from zoobridge.server.inference._shared_memory import CallerRegions, SharedMemory
from zoobridge.server.inference._statistics_messages import statistics_message
from zoobridge.server.inference._stream import InferenceStream
from zoobridge.server.inference._views import Targets, find_view, views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.engine import PendingResponse
    from zoobridge.server._core import Core
    from zoobridge.server._open_streams import OpenStreams
    from zoobridge.server.inference._caller import Callers
    from zoobridge.server.inference._views import View

__all__ = ["SERVICE_NAME", "InferenceServicer"]

SERVICE_NAME: Final = "inference.GRPCInferenceService"

_EXTENSIONS: Final = (
    "classification",
    "binary_tensor_data",
    "parameters",
    "schedule_policy",
    "model_configuration",
    "model_repository",
    "model_repository(unload_dependents)",
    "statistics",
    "system_shared_memory",
)


class InferenceServicer:
    """Answers the Open Inference Protocol.

    Parameters
    ----------
    core
        Does the work.
    callers
        Knows whose shared memory a call may use.
    streams
        Where open streams are counted.
    """

    def __init__(self, core: Core, callers: Callers, streams: OpenStreams) -> None:
        self._core = core
        self._callers = callers
        self._streams = streams
        self._memory = SharedMemory()
        self._targets = Targets(core)

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return the service for a gRPC server."""
        methods: dict[str, tuple[Callable[..., Any], Any]] = {
            "ServerLive": (self._server_live, messages.ServerLiveRequest),
            "ServerReady": (self._server_ready, messages.ServerReadyRequest),
            "ModelReady": (self._model_ready, messages.ModelReadyRequest),
            "ServerMetadata": (self._server_metadata, messages.ServerMetadataRequest),
            "ModelMetadata": (self._model_metadata, messages.ModelMetadataRequest),
            "ModelInfer": (self._model_infer, messages.ModelInferRequest),
            "ModelConfig": (self._model_config, messages.ModelConfigRequest),
            "ModelStatistics": (self._model_statistics, messages.ModelStatisticsRequest),
            "RepositoryIndex": (self._index, messages.RepositoryIndexRequest),
            "RepositoryModelLoad": (self._load, messages.RepositoryModelLoadRequest),
            "RepositoryModelUnload": (self._unload, messages.RepositoryModelUnloadRequest),
            "SystemSharedMemoryStatus": (
                self._memory_status,
                messages.SystemSharedMemoryStatusRequest,
            ),
            "SystemSharedMemoryRegister": (
                self._memory_register,
                messages.SystemSharedMemoryRegisterRequest,
            ),
            "SystemSharedMemoryUnregister": (
                self._memory_unregister,
                messages.SystemSharedMemoryUnregisterRequest,
            ),
        }
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            name: grpc.unary_unary_rpc_method_handler(
                behavior, kind.FromString, lambda response: response.SerializeToString()
            )
            for name, (behavior, kind) in methods.items()
        }
        handlers["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(
            self._model_stream_infer,
            response_serializer=messages.ModelStreamInferResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE_NAME, handlers)

    def _server_live(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return messages.ServerLiveResponse(live=True)

    def _server_ready(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return messages.ServerReadyResponse(ready=True)

    def _server_metadata(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return messages.ServerMetadataResponse(
            name="zoobridge", version=self._core.version, extensions=_EXTENSIONS
        )

    def _model_ready(self, request: Any, _context: grpc.ServicerContext) -> Any:
        if request.version and not request.version[0].isdigit():
            raise InvalidRequestError(
                f"'{request.version}' is not a version; versions begin with a digit, such as 1 or "
                "1.0.0",
                field="version",
            )
        try:
            view = find_view(self._core, request.name, request.version)
            self._core.choices.choose(view.model, "")
        except ZooBridgeError:
            return messages.ModelReadyResponse(ready=False)
        return messages.ModelReadyResponse(ready=True)

    def _model_metadata(self, request: Any, _context: grpc.ServicerContext) -> Any:
        view = find_view(self._core, request.name, request.version)
        versions = [other.version for other in views(self._core) if other.name == view.name]
        return metadata_message(view, self._core.choices.choose(view.model, ""), versions)

    def _model_config(self, request: Any, _context: grpc.ServicerContext) -> Any:
        view = find_view(self._core, request.name, request.version)
        return config_message(view, self._core.choices.choose(view.model, ""))

    def _model_infer(self, request: Any, context: grpc.ServicerContext) -> Any:
        inference = read_inference(
            self._targets, self._regions(context), request, deadline=deadline_of(context)
        )
        answers: list[PendingResponse] = []
        try:
            for work in inference.works(self._core.may_wait):
                answers.append(self._core.engine.submit(work))
                if not context.add_callback(answers[-1].cancel):
                    raise CancelledError("the caller is gone")
            with self._core.waiting(inference.choice):
                parts = [part.response for answer in answers for part in answer]
        except ZooBridgeError:
            for answer in answers:
                answer.cancel()
            raise
        response = messages.ModelInferResponse()
        inference.respond(response, parts)
        return response

    def _model_stream_infer(
        self, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[Any]:
        """Run requests side by side, and answer each as it completes."""
        stream = InferenceStream(
            self._core.engine,
            self._targets,
            self._regions(context),
            deadline=deadline_of(context),
        )
        with self._streams.opened(stream, context):
            yield from stream.responses(requests)

    def _model_statistics(self, request: Any, _context: grpc.ServicerContext) -> Any:
        chosen: list[View] = (
            [find_view(self._core, request.name, request.version)]
            if request.name
            else views(self._core)
        )
        loaded = self._core.engine.statistics()
        return messages.ModelStatisticsResponse(
            model_stats=[
                statistics_message(
                    view, [one for one in loaded if one[0].model.reference == view.model.reference]
                )
                for view in chosen
            ]
        )

    def _index(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self._core.refresh()
        response = messages.RepositoryIndexResponse()
        for view in views(self._core):
            response.models.add(name=view.name, version=view.version, state="READY")
        if not request.ready:
            for model in self._core.catalog.models():
                if model.problem:
                    response.models.add(
                        name=model.id,
                        version=model.version or "1",
                        state="UNAVAILABLE",
                        reason=model.problem,
                    )
        return response

    def _load(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self._core.refresh()
        view = find_view(self._core, request.model_name, "")
        choice = self._core.pick(view.model.reference)
        with self._core.waiting(choice):
            self._core.engine.load(choice.model, choice.weights)
        return messages.RepositoryModelLoadResponse()

    def _unload(self, request: Any, _context: grpc.ServicerContext) -> Any:
        view = find_view(self._core, request.model_name, "")
        self._core.engine.unload(view.model)
        return messages.RepositoryModelUnloadResponse()

    def _memory_status(self, request: Any, context: grpc.ServicerContext) -> Any:
        response = messages.SystemSharedMemoryStatusResponse()
        caller = self._callers.of(context)
        for region in self._memory.regions(caller, request.name):
            # Two users may have chosen the same name.
            own = region.owner == caller.owner
            entry = response.regions[region.name if own else f"{region.name}@{region.owner}"]
            entry.name = region.name
            entry.key = region.key
            entry.offset = region.offset
            entry.byte_size = region.size
        return response

    def _memory_register(self, request: Any, context: grpc.ServicerContext) -> Any:
        caller = self._callers.of(context)
        self._memory.register(caller, request.name, request.key, request.offset, request.byte_size)
        return messages.SystemSharedMemoryRegisterResponse()

    def _memory_unregister(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._memory.unregister(self._callers.of(context), request.name)
        return messages.SystemSharedMemoryUnregisterResponse()

    def _regions(self, context: grpc.ServicerContext) -> CallerRegions:
        return CallerRegions(self._memory, lambda: self._callers.of(context))
