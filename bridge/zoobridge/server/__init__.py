"""The server: servicers over one core, permissions, health, logs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.server._config import LOG_FORMATS, LOG_LEVELS, ServerConfig
from zoobridge.server._service import Service

if TYPE_CHECKING:
    from zoobridge.server._server import Server, serve

__all__ = ["LOG_FORMATS", "LOG_LEVELS", "Server", "ServerConfig", "Service", "serve"]


def __getattr__(name: str) -> Any:
    """Load the server on first use, so that its settings can be looked at without grpc."""
    if name in {"Server", "serve"}:
        return getattr(import_module("zoobridge.server._server"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
