"""What every call passes: admission, permission, parsing, and the way from an exception to a status.

All services go through here, those of libraries too (health, reflection), so that none of them
answers a caller's mistake with UNKNOWN or INTERNAL.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import grpc

from zoobridge.errors import Code, ServerUnavailableError
from zoobridge.server._arrivals import Arrivals
from zoobridge.server._faults import known_error, parsed
from zoobridge.server._pools import InPlace
from zoobridge.server._refusal import Refusal, Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zoobridge.server._open_streams import OpenStreams
    from zoobridge.server._own_memory import OwnMemory
    from zoobridge.server._permission import Permissions
    from zoobridge.server._pools import CallPool, CallPools

    Behavior = Callable[[Any, grpc.ServicerContext], Any]
    Observer = Callable[[str, int, float], None]
    _Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]

__all__ = ["CallInterceptor"]

_OK = 0
_RESTART_SECONDS: Final = 2.0
_HEALTH: Final = "/grpc.health.v1.Health/"
_IN_PLACE: Final = InPlace(1)


def _no_observer(_method: str, _code: int, _seconds: float) -> None:
    """Observe nothing."""


@dataclass(frozen=True)
class _Method:
    """A method: its handler, what refuses a call of it, and the threads that answer it."""

    handler: _Handler
    refuse: _Handler
    pool: CallPool


class CallInterceptor:
    """Wraps every method's handler; a ``grpc.ServerInterceptor``.

    Parameters
    ----------
    permissions
        Who may do what.
    pools
        The threads that answer, which know when another call would wait too long.
    memory
        What messages take while they arrive.
    streams
        Those that are open; some end where others need their thread, or memory.
    observe
        Told of every call that ended: its method, status code and seconds.
    """

    def __init__(
        self,
        permissions: Permissions,
        pools: CallPools,
        *,
        memory: OwnMemory,
        streams: OpenStreams,
        observe: Observer = _no_observer,
    ) -> None:
        self._permissions = permissions
        self._pools = pools
        self._streams = streams
        self._observe = observe
        self._arrivals = Arrivals(pools.all, memory, streams.give_way)
        self._draining = False
        self._methods: dict[str, _Method] = {}

    def close(self) -> None:
        """Look after no more calls."""
        self._arrivals.close()

    def drain(self) -> None:
        """Accept no more calls; refuse new ones with the reason. Health is still answered."""
        self._draining = True
        self._arrivals.drain()

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], _Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Return what answers a call: its handler, or what refuses it at once.

        gRPC asks on its own thread, before the call takes another one and before its message is read.

        Returns
        -------
        grpc.RpcMethodHandler or None
            `None` if no such method exists.
        """
        method = handler_call_details.method
        known = self._methods.get(method)
        if known is None:
            handler = continuation(handler_call_details)
            if handler is None:
                return None
            pool = self._pools.pool_for(method, streaming=handler.response_streaming)
            known = _Method(self._wrap(method, handler, pool), self._refuser(method, pool), pool)
            self._methods[method] = known
        if self._draining and not method.startswith(_HEALTH):
            return known.refuse
        return known.refuse if self._full(known.pool) else known.handler

    def _full(self, pool: CallPool) -> bool:
        if not pool.full:
            return False
        # The new stream waits for the moment that the idle one takes to end.
        return not (pool is self._pools.streams and self._streams.make_room())

    def _refuser(self, method: str, pool: CallPool) -> _Handler:
        overloaded, draining = Refusals(pool.overloaded), Refusals(_shutting_down)

        def refuse(_requests: Any, context: grpc.ServicerContext) -> None:
            refusal = (draining if self._draining else overloaded).next()
            self._observe(method, refusal.code.value[0], 0.0)
            refusal.send(context)

        refuse.experimental_thread_pool = _IN_PLACE  # type: ignore[attr-defined]
        return grpc.stream_unary_rpc_method_handler(refuse)

    def _wrap(self, method: str, handler: _Handler, pool: CallPool) -> _Handler:
        # Messages are parsed and written here, not by grpc, which would answer INTERNAL.
        parse = handler.request_deserializer or _as_it_is
        write = handler.response_serializer or _as_it_is
        if handler.unary_unary is not None:
            # gRPC hands over the iterator of a stream's messages without waiting for the first one.
            return grpc.stream_unary_rpc_method_handler(
                _on(pool, self._unary(method, pool, handler.unary_unary, parse, write))
            )
        if handler.unary_stream is not None:
            behavior: Behavior = handler.unary_stream

            def answer(data: Iterator[bytes], context: grpc.ServicerContext) -> Any:
                message = self._arrivals.message(pool, data, context)
                return behavior(parsed(parse, message), context)

            return grpc.stream_stream_rpc_method_handler(
                _on(pool, self._stream(method, answer, write))
            )
        if handler.stream_stream is not None:
            behave: Behavior = handler.stream_stream

            def converse(data: Iterable[bytes], context: grpc.ServicerContext) -> Any:
                messages = self._arrivals.messages(iter(data), context)
                return behave(map(partial(parsed, parse), messages), context)

            return grpc.stream_stream_rpc_method_handler(
                _on(pool, self._stream(method, converse, write))
            )
        return handler

    def _unary(
        self,
        method: str,
        pool: CallPool,
        behavior: Behavior,
        parse: Callable[[bytes], Any],
        write: Callable[[Any], bytes],
    ) -> Behavior:
        def call(data: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            with self._errors(method, context):
                self._permissions.check(method, context.invocation_metadata())
                message = self._arrivals.message(pool, data, context)
                return write(behavior(parsed(parse, message), context))

        return call

    def _stream(self, method: str, behavior: Behavior, write: Callable[[Any], bytes]) -> Behavior:
        def call(data: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
            with self._errors(method, context):
                self._permissions.check(method, context.invocation_metadata())
                for response in behavior(data, context):
                    yield write(response)

        return call

    @contextmanager
    def _errors(self, method: str, context: grpc.ServicerContext) -> Iterator[None]:
        start = time.monotonic()
        code = int(Code.CANCELLED)
        try:
            yield
            code = _OK
        except grpc.RpcError:
            # The caller is gone; grpc raises and expects this from the iterator of requests.
            raise
        except Exception as exception:  # noqa: BLE001 - the one place where all become a status
            # Without a name for the error, which holds this frame: its call's message is let go at once.
            refusal = Refusal.of(known_error(exception, method))
            code = refusal.code.value[0]
            refusal.send(context)
        finally:
            self._observe(method, code, time.monotonic() - start)


def _on(pool: CallPool, behavior: Behavior) -> Behavior:
    """Have gRPC answer by the threads of a pool."""
    behavior.experimental_thread_pool = pool  # type: ignore[attr-defined]
    return behavior


def _as_it_is(data: Any) -> Any:
    return data


def _shutting_down() -> ServerUnavailableError:
    return ServerUnavailableError(
        "the server is shutting down and takes no more calls; send this one again when it is back, "
        "or to another server",
        retry_after=_RESTART_SECONDS,
    )
