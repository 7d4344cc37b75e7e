"""``ZooService`` over the core."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import psutil

from zoobridge.errors import InvalidRequestError
from zoobridge.protocol import ClientHints, to_message
from zoobridge.protocol.v1 import zoo_pb2, zoo_pb2_grpc
from zoobridge.server._messages import (
    details_message,
    framework_message,
    loaded_message,
    model_message,
)
from zoobridge.server._permission import Role
from zoobridge.server._statistics_messages import statistics_response

if TYPE_CHECKING:
    import grpc

    from zoobridge.protocol import Limits
    from zoobridge.server._core import Core
    from zoobridge.server._permission import Permissions
    from zoobridge.server._recent_log import RecentLog

__all__ = ["SERVICE_NAME", "ZooServicer"]

_log = logging.getLogger(__name__)

SERVICE_NAME: Final[str] = zoo_pb2.DESCRIPTOR.services_by_name["ZooService"].full_name


class ZooServicer(zoo_pb2_grpc.ZooServiceServicer):
    """Describes the zoo, and loads and unloads models.

    Parameters
    ----------
    core
        Does the work.
    permissions
        Tell whether a caller may see the server's folders.
    log
        What was logged last.
    """

    def __init__(self, core: Core, permissions: Permissions, log: RecentLog) -> None:
        self._core = core
        self._permissions = permissions
        self._log = log
        self._ready = time.monotonic()

    def ListFrameworks(  # noqa: N802 - the contract's name
        self, request: zoo_pb2.ListFrameworksRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.ListFrameworksResponse:
        """List the frameworks, installed or not."""
        del request, context
        states = self._core.choices.look()
        return zoo_pb2.ListFrameworksResponse(
            frameworks=[framework_message(state) for state in states]
        )

    def ListModels(  # noqa: N802
        self, request: zoo_pb2.ListModelsRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.ListModelsResponse:
        """List the models, broken ones included."""
        del context
        self._core.refresh()
        models = self._core.catalog.models()
        if request.framework:
            self._check_framework(request.framework)
            models = tuple(
                model
                for model in models
                if any(weights.framework == request.framework for weights in model.weights)
            )
        loaded = self._core.engine.loaded()
        return zoo_pb2.ListModelsResponse(
            models=[model_message(self._core, model, loaded) for model in models]
        )

    def GetModel(  # noqa: N802
        self, request: zoo_pb2.GetModelRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.GetModelResponse:
        """Describe one model in full."""
        del context
        model = self._core.describe(request.model)
        return zoo_pb2.GetModelResponse(
            model=model_message(self._core, model, self._core.engine.loaded()),
            details=details_message(model, include_cover=request.include_cover),
        )

    def LoadModel(  # noqa: N802
        self, request: zoo_pb2.LoadModelRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.LoadModelResponse:
        """Load a model before its first use."""
        del context
        choice = self._core.pick(request.model, request.framework)
        with self._core.waiting(choice):
            state = self._core.engine.load(choice.model, choice.weights)
        return zoo_pb2.LoadModelResponse(loaded=loaded_message(state))

    def UnloadModel(  # noqa: N802
        self, request: zoo_pb2.UnloadModelRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.UnloadModelResponse:
        """Free a model's memory once its accepted work is answered."""
        del context
        if request.framework:
            self._check_framework(request.framework)
        model = self._core.find(request.model)
        unloaded = self._core.engine.unload(model, request.framework)
        return zoo_pb2.UnloadModelResponse(unloaded=unloaded)

    def GetServerInfo(  # noqa: N802
        self, request: zoo_pb2.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.GetServerInfoResponse:
        """Describe the server; its folders are shown to managers alone."""
        del request
        config = self._core.config
        manager = self._permissions.role(context.invocation_metadata()) is Role.MANAGER
        return zoo_pb2.GetServerInfoResponse(
            version=self._core.version,
            limits=to_message(config.limits, zoo_pb2.Limits),
            uptime_seconds=time.monotonic() - self._ready,
            confinement=self._core.confinement,
            confinement_detail=self._core.confinement_detail,
            memory_bytes=psutil.Process().memory_info().rss,
            client_hints=to_message(_hints(config.limits), zoo_pb2.ClientHints),
            zoo_folders=[str(folder) for folder in config.zoos] if manager else [],
        )

    def GetStatistics(  # noqa: N802
        self, request: zoo_pb2.GetStatisticsRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.GetStatisticsResponse:
        """Return what the loaded models have done, and the memory that all of it takes."""
        del request, context
        return statistics_response(self._core.engine, time.monotonic() - self._ready)

    def ListLogRecords(  # noqa: N802
        self, request: zoo_pb2.ListLogRecordsRequest, context: grpc.ServicerContext
    ) -> zoo_pb2.ListLogRecordsResponse:
        """Return what was logged last."""
        del context
        return zoo_pb2.ListLogRecordsResponse(records=self._log.after(request.after))

    def _check_framework(self, framework: str) -> None:
        known = [state.name for state in self._core.choices.frameworks()]
        if framework not in known:
            raise InvalidRequestError(
                f"unknown framework '{framework}'; this server knows {', '.join(known)}",
                field="framework",
            )


def _hints(limits: Limits) -> ClientHints:
    """Return what clients should know; no message that is packed may exceed the limit."""
    hints = ClientHints()
    return replace(
        hints,
        packed_bytes=min(hints.packed_bytes, limits.message_bytes // 2),
        packed_items=min(hints.packed_items, limits.items),
    )
