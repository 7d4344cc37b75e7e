"""The server as a whole: its parts put together, started, and ended in order."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
import time
from contextlib import ExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn, Self

import grpc
import platformdirs
import psutil
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from zoobridge.engine import EngineConfig, LocalEngine
from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol.connection import publish
from zoobridge.protocol.v1 import zoo_pb2_grpc
from zoobridge.server import _classification, _health, _zoo, training
from zoobridge.server._classification import ClassificationServicer
from zoobridge.server._core import Core
from zoobridge.server._descriptors import raise_descriptor_limit
from zoobridge.server._health import HealthServicer
from zoobridge.server._interceptor import CallInterceptor
from zoobridge.server._listen import listen, reachable_address, server_options
from zoobridge.server._logs import configure_logs
from zoobridge.server._open_streams import OpenStreams
from zoobridge.server._own_memory import OwnMemory
from zoobridge.server._permission import Permissions
from zoobridge.server._pools import CallPools
from zoobridge.server._recent_log import RecentLog
from zoobridge.server._watch import ZooWatch
from zoobridge.server.inference import Callers, InferenceServicer
from zoobridge.server.training import TrainingProcesses, TrainingServicer, TrainingSettings
from zoobridge.zoo import Catalog, TrustStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

    from zoobridge.engine import Engine
    from zoobridge.protocol.connection import ConnectionFile
    from zoobridge.server._config import ServerConfig
    from zoobridge.server._service import Service

__all__ = ["Server", "serve"]

_log = logging.getLogger(__name__)

_SERVICES = (
    *(_classification.SERVICE_NAME, _zoo.SERVICE_NAME, _health.SERVICE_NAME),
    training.SERVICE_NAME,
)
_POLL_SECONDS = 0.02
# The last answers are on their way when the threads that wrote them are done.
_LAST_SECONDS = 1.0
_HURRY_SECONDS = 1.0
# So many of the largest messages may arrive at once, as far as memory goes.
_MESSAGES = 4
# Bytes that the process grows by in ordinary use, however small the messages are.
_ORDINARY_GROWTH = 256 << 20


class Server:
    """A server inside this process.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`.

    Parameters
    ----------
    config
        Settings.
    engine
        What runs the models; the workers of this machine if not given. The server closes it.
    services
        Further services to offer.

    Examples
    --------
    >>> with Server(ServerConfig(zoos=(Path("examples/zoo"),))) as server:  # doctest: +SKIP
    ...     print(server.address)
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        engine: Engine | None = None,
        services: Sequence[Service] = (),
    ) -> None:
        self.config = config
        #: The managing token.
        self.token = config.token or secrets.token_urlsafe(32)
        # Of processes that are started here: it allows no more than they need.
        self._process_token = secrets.token_urlsafe(32)
        self._engine = engine
        self._services = tuple(services)
        self._names = (*_SERVICES, *(service.name for service in services))
        self._stack = ExitStack()
        self._grpc: grpc.Server | None = None
        self._address = ""
        self._grace = config.grace_seconds
        self._connection: ConnectionFile | None = None
        self.metrics_port: int | None = None

    @property
    def address(self) -> str:
        """What a program on this machine reaches the server by: ``host:port``.

        Raises
        ------
        ServerUnavailableError
            Before :meth:`start`.
        """
        if not self._address:
            raise ServerUnavailableError("the server was not started; call start() first")
        return self._address

    @property
    def asked_to_end(self) -> bool:
        """Whether a program of this user asked by the connection file (``zoobridge stop``)."""
        return self._connection is not None and self._connection.stop_requested

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the port, read the zoo, and begin to serve.

        Raises
        ------
        InvalidRequestError
            If a setting is wrong, such as a zoo folder that does not exist.
        ServerUnavailableError
            If the port is taken.
        """
        self.config.check()
        # What was begun is undone, last first, when a later step fails, and in stop().
        with ExitStack() as stack:
            self._begin(stack)
            self._stack = stack.pop_all()

    def _begin(self, stack: ExitStack) -> None:
        config = self.config
        log = RecentLog()
        logging.getLogger().addHandler(log)
        stack.callback(logging.getLogger().removeHandler, log)
        permissions = Permissions(
            self.token,
            classification_token=config.classification_token,
            training_token=config.training_token,
            process_token=self._process_token,
            open_to_strangers=config.loopback,
        )
        metrics = None
        if config.metrics_port is not None:
            from zoobridge.server._metrics import Metrics

            metrics = Metrics()
        pools = CallPools.of(threads=config.max_workers, patience=config.max_wait_seconds)
        stack.callback(pools.close)
        streams = OpenStreams()
        interceptor = CallInterceptor(
            permissions,
            pools,
            memory=OwnMemory(max(_MESSAGES * config.limits.message_bytes, _ORDINARY_GROWTH)),
            streams=streams,
            **({} if metrics is None else {"observe": metrics.observe}),
        )
        stack.callback(interceptor.close)
        interceptors: Any = (interceptor,)
        server = grpc.server(
            pools.control, interceptors=interceptors, options=server_options(config)
        )
        stack.callback(server.stop, None)
        port = listen(server, config)

        engine = self._engine or LocalEngine(_engine_config(config))
        stack.callback(self._close_engine, engine)
        trust = TrustStore(config.trust_file)
        cache = config.cache or platformdirs.user_cache_path("zoobridge", appauthor=False)
        core = Core(
            config,
            Catalog(config.zoos, cache=cache, trust=trust),
            trust,
            engine,
            aside=pools.aside,
            may_wait=pools.classifying.may_wait,
        )
        health = HealthServicer()
        health.update(self._serving({}))
        watch = ZooWatch(core, lambda models: health.update(self._serving(models)))
        watch.start()
        stack.callback(watch.stop)
        if metrics is not None and config.metrics_port is not None:
            self.metrics_port = metrics.start(config.host, config.metrics_port, engine)
            stack.callback(metrics.stop)

        classification = ClassificationServicer(core, streams)
        inference = InferenceServicer(core, Callers(permissions, port), streams)
        self._address = reachable_address(config, port)
        server.add_generic_rpc_handlers(
            tuple(
                one.handler()
                for one in (classification, inference, self._training(core, streams, stack))
            )
        )
        add_zoo: Any = zoo_pb2_grpc.add_ZooServiceServicer_to_server
        add_zoo(_zoo.ZooServicer(core, permissions, log), server)
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        for service in self._services:
            service.begin(self._address, config.tls_certificate)
            stack.callback(service.end)
            server.add_generic_rpc_handlers((service.handler(),))
        reflection.enable_server_reflection((*self._names, reflection.SERVICE_NAME), server)
        server.start()
        self._grpc = server
        stack.callback(self._drain, server, interceptor, pools, health, streams)
        if config.publish:
            certificate = str(config.tls_certificate.resolve()) if config.tls_certificate else ""
            connection = publish(
                self._address, self.token, ca=certificate, version=version("zoobridge")
            )
            stack.callback(connection.remove)
            self._connection = connection

    def stop(self, *, grace: float | None = None) -> None:
        """Refuse new calls, answer those that were accepted, and end all workers.

        Parameters
        ----------
        grace
            Seconds that accepted calls may take; as configured if not given.
        """
        self._grace = self.config.grace_seconds if grace is None else grace
        self._stack.close()
        self._grpc = None

    def hurry(self) -> None:
        """Cut short a :meth:`stop` that is under way in another thread."""
        self._grace = 0.0
        server = self._grpc
        if server is not None:
            server.stop(0)

    def abandon(self) -> None:
        """End all processes that the server has started, and let nobody find it any more."""
        if self._connection is not None:
            self._connection.remove()
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()

    def _drain(
        self,
        server: grpc.Server,
        interceptor: CallInterceptor,
        pools: CallPools,
        health: HealthServicer,
        streams: OpenStreams,
    ) -> None:
        begun = time.monotonic()
        # The port stays open meanwhile, so that callers get the reason for the refusal.
        interceptor.drain()
        health.end()
        streams.drain()
        while pools.unanswered and time.monotonic() - begun < self._grace:
            time.sleep(_POLL_SECONDS)
        left = self._grace - (time.monotonic() - begun)
        server.stop(max(0.0, min(_LAST_SECONDS, left))).wait()
        self._grace = max(0.0, self._grace - (time.monotonic() - begun))

    def _serving(self, models: dict[str, bool]) -> dict[str, bool]:
        return {**models, **dict.fromkeys(("", *self._names), True)}

    def _training(self, core: Core, streams: OpenStreams, stack: ExitStack) -> TrainingServicer:
        config = self.config
        folder = config.training_folder or (
            platformdirs.user_data_path("zoobridge", appauthor=False) / "served-projects"
        )
        certificate = config.tls_certificate
        processes = TrainingProcesses(
            TrainingSettings(
                address=self._address,
                token=self._process_token,
                certificate=None if certificate is None else certificate.resolve(),
                zoo=config.zoos[0].resolve(),
                cache=folder.absolute() / ".cache",
            )
        )
        stack.callback(processes.close)
        return TrainingServicer(folder.absolute(), core.paths, processes, streams)

    def _close_engine(self, engine: Engine) -> None:
        engine.close(grace=self._grace)


def serve(config: ServerConfig, *, services: Sequence[Service] = ()) -> None:
    """Serve until SIGTERM or Ctrl-C (on Windows also Ctrl-Break).

    One line with the address is written to standard error once the server is ready; the log goes
    there too. Accepted calls are answered before it returns; a second signal ends the process and
    all that it has started within about a second. Must be called on the main thread.

    Parameters
    ----------
    config
        Settings.
    services
        Further services to offer.

    Raises
    ------
    ZooBridgeError
        If the server cannot start; the message names what to change.
    """
    config.check()
    configure_logs(config.log_format, config.log_level)
    raise_descriptor_limit()
    server = Server(config, services=services)
    ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        if ending.is_set():
            # Not here: the main thread may hold the very locks that this takes.
            threading.Thread(
                target=_end_at_once, args=(server,), name="zoobridge-hurry", daemon=True
            ).start()
        ending.set()

    names = ("SIGTERM", "SIGINT", "SIGBREAK")
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    for one in signals:
        signal.signal(one, end)
    with server:
        sys.stderr.write(f"zoobridge {version('zoobridge')} serves at {server.address}\n")
        sys.stderr.flush()
        # With a timeout, since on Windows a wait without one does not hear signals.
        while not (ending.wait(0.5) or server.asked_to_end):
            pass
        _log.info("shutting down address=%s", server.address)
    # A second signal that arrives now would end Python's own clean-up with an error status.
    for one in signals:
        signal.signal(one, signal.SIG_IGN)


def _end_at_once(server: Server) -> NoReturn:
    """End this process in order if that is quick, and if not, all the same."""
    server.hurry()
    time.sleep(_HURRY_SECONDS)
    _log.warning("ended at once why='asked twice'")
    server.abandon()
    # What a supervisor takes for an end that was asked for, and does not mend.
    os._exit(0)


def _engine_config(config: ServerConfig) -> EngineConfig:
    defaults = EngineConfig()
    return EngineConfig(
        threads=defaults.threads if config.threads is None else config.threads,
        device=config.device,
        precision=config.precision,
        max_memory=defaults.max_memory if config.max_memory is None else config.max_memory,
        keep_seconds=config.keep_seconds,
        standby_seconds=config.standby_seconds,
        instances=config.instances,
        instances_of=config.instances_of,
        limits=config.limits,
        fork=config.fork,
        max_wait_seconds=config.max_wait_seconds,
    )
