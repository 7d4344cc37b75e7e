"""The page: try, compare and judge models in the browser.

A separate process, which speaks gRPC to any ZooBridge server as every client does. Needs the
extra ``web``: ``pip install "zoobridge[web]"``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.web._config import ServerChoice, Uploads, WebConfig

if TYPE_CHECKING:
    from zoobridge.web._agreement import binomial_interval, binomial_test, cohen_kappa, fleiss_kappa
    from zoobridge.web._serve import serve

__all__ = [
    "ServerChoice",
    "Uploads",
    "WebConfig",
    "binomial_interval",
    "binomial_test",
    "cohen_kappa",
    "fleiss_kappa",
    "serve",
]

# What needs the extra is loaded on first use.
_HOMES = {
    "serve": "_serve",
    "binomial_interval": "_agreement",
    "binomial_test": "_agreement",
    "cohen_kappa": "_agreement",
    "fleiss_kappa": "_agreement",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"zoobridge.web.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
