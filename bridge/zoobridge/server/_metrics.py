"""Prometheus metrics, where the administrator asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily

from zoobridge.errors import ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.engine import Engine

__all__ = ["Metrics"]

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


class Metrics:
    """Counts calls and describes loaded models, served over HTTP.

    ``zoobridge_calls_total`` (by method and status code), ``zoobridge_call_seconds`` (by method),
    ``zoobridge_model_memory_bytes`` and ``zoobridge_model_items`` (by model and framework).
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "zoobridge_calls", "Calls that ended.", ("method", "code"), registry=self._registry
        )
        self._seconds = Histogram(
            "zoobridge_call_seconds", "How long they took.", ("method",), registry=self._registry
        )
        self._http: Any = None

    def observe(self, method: str, code: int, seconds: float) -> None:
        """Count a call that ended."""
        self._calls.labels(method, _NAMES.get(code, str(code))).inc()
        self._seconds.labels(method).observe(seconds)

    def start(self, host: str, port: int, engine: Engine) -> int:
        """Serve the metrics; return the port.

        Raises
        ------
        ServerUnavailableError
            If the port is taken.
        """
        self._registry.register(_Models(engine))
        try:
            self._http, _ = start_http_server(port, host, self._registry)
        except OSError as error:
            raise ServerUnavailableError(
                f"cannot serve metrics at {host}:{port}: {error.strerror or error}; choose another "
                "metrics port"
            ) from error
        return int(self._http.server_port)

    def stop(self) -> None:
        """Serve them no more."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None


class _Models:
    """Asks the engine whenever somebody reads the metrics."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("model", "framework", "device")
        memory = GaugeMetricFamily(
            "zoobridge_model_memory_bytes", "Memory of its worker.", labels=labels
        )
        items = GaugeMetricFamily(
            "zoobridge_model_items", "Items answered since it was loaded.", labels=labels
        )
        for state in self._engine.loaded():
            names = (state.model.reference, state.weights.framework, state.device)
            memory.add_metric(names, state.memory_bytes)
            items.add_metric(names, state.items)
        yield memory
        yield items
