"""What a service of another part of ZooBridge looks like to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import grpc

__all__ = ["Service"]


class Service(Protocol):
    """A gRPC service that the server offers beside its own, behind the same guard."""

    @property
    def name(self) -> str:
        """Its full name, such as ``zoobridge.v1.EvaluationService``."""

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return its methods; answers may be serialized already."""

    def begin(self, address: str, certificate: Path | None) -> None:
        """Record what a program on this machine reaches the server by, before any call."""

    def end(self) -> None:
        """Let go of everything, after the last call."""
