"""ZooBridge: every image classifier of a model zoo behind one gRPC protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoobridge.client import AsyncClient, Client, connect, connect_async
    from zoobridge.training import TrainingProject

__all__ = ["AsyncClient", "Client", "TrainingProject", "connect", "connect_async"]


def __getattr__(name: str) -> Any:
    """Load the rest on first use, so that ``import zoobridge`` costs next to nothing."""
    if name == "TrainingProject":
        return import_module("zoobridge.training").TrainingProject
    if name in __all__:
        return getattr(import_module("zoobridge.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
