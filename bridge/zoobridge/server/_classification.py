"""``ClassificationService`` over the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import grpc

from zoobridge.imaging import PictureLimits
from zoobridge.protocol.v1 import classification_pb2
from zoobridge.server._check import checked
from zoobridge.server._deadline import deadline_of
from zoobridge.server._stream import ClassifyStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.server._core import Core
    from zoobridge.server._open_streams import OpenStreams

__all__ = ["SERVICE_NAME", "ClassificationServicer"]

SERVICE_NAME: Final[str] = classification_pb2.DESCRIPTOR.services_by_name[
    "ClassificationService"
].full_name


class ClassificationServicer:
    """Answers ``Classify`` and ``ClassifyStream``; messages stay bytes as far as can be.

    Parameters
    ----------
    core
        Does the work.
    streams
        Where open streams are counted.
    """

    def __init__(self, core: Core, streams: OpenStreams) -> None:
        self._core = core
        self._streams = streams

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return the service for a gRPC server; its requests and answers are bytes."""
        return grpc.method_handlers_generic_handler(
            SERVICE_NAME,
            {
                "Classify": grpc.unary_unary_rpc_method_handler(self.classify),
                "ClassifyStream": grpc.stream_stream_rpc_method_handler(self.classify_stream),
                "CheckImage": grpc.unary_unary_rpc_method_handler(
                    self.check_image,
                    classification_pb2.CheckImageRequest.FromString,
                    classification_pb2.CheckImageResponse.SerializeToString,
                ),
            },
        )

    def classify(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        """Answer one request."""
        return self._core.classify(data, deadline=deadline_of(context), on_end=context.add_callback)

    def classify_stream(
        self, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Answer requests as they complete."""
        stream = ClassifyStream(self._core, requests, deadline=deadline_of(context))
        with self._streams.opened(stream, context):
            yield from stream.responses()

    def check_image(
        self, request: classification_pb2.CheckImageRequest, _context: grpc.ServicerContext
    ) -> classification_pb2.CheckImageResponse:
        """Return whether a picture fits a model."""
        limits = PictureLimits(self._core.config.limits.image_pixels)
        return checked(self._core.find(request.model), request, limits)
