"""The channel to a server, and what speaks over it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from zoobridge.protocol.v1 import (
    classification_pb2,
    evaluation_pb2_grpc,
    training_pb2_grpc,
    zoo_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.client._transport import Endpoint

__all__ = ["Connection"]

_CLASSIFICATION = "/zoobridge.v1.ClassificationService"


class Connection:
    """One channel, which is kept until it is closed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._channel = endpoint.channel()
        self._zoo = zoo_pb2_grpc.ZooServiceStub(self._channel)  # type: ignore[no-untyped-call]
        # Requests to classify are made as bytes, which a stub would not take.
        self._classify = self._channel.unary_unary(
            f"{_CLASSIFICATION}/Classify",
            request_serializer=None,
            response_deserializer=classification_pb2.ClassifyResponse.FromString,
        )
        self._classify_stream = self._channel.stream_stream(
            f"{_CLASSIFICATION}/ClassifyStream",
            request_serializer=None,
            response_deserializer=classification_pb2.ClassifyStreamResponse.FromString,
        )
        self._check_image = self._channel.unary_unary(
            f"{_CLASSIFICATION}/CheckImage",
            request_serializer=classification_pb2.CheckImageRequest.SerializeToString,
            response_deserializer=classification_pb2.CheckImageResponse.FromString,
        )
        self._evaluation = evaluation_pb2_grpc.EvaluationServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._training = training_pb2_grpc.TrainingServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        return f"<zoobridge.{type(self).__name__} of {self.address}>"

    @property
    def address(self) -> str:
        """``host:port`` of the server."""
        return self._endpoint.address

    def _stream(self, timeout: float | None) -> Callable[..., Any]:
        """Return what opens a call of many pictures; it takes the requests."""
        return partial(self._classify_stream, timeout=timeout, metadata=self._endpoint.metadata)
