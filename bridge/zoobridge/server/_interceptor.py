"""What every call passes: permission, parsing, and the way from an exception to a status.

All services go through here, those of libraries too (health, reflection), so that none of them
answers a caller's mistake with UNKNOWN or INTERNAL.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

from zoobridge.errors import Code, OverloadedError, ZooBridgeError
from zoobridge.protocol import status_from_error, trailing_metadata
from zoobridge.server._faults import known_error, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zoobridge.server._permission import Permissions

    Behavior = Callable[[Any, grpc.ServicerContext], Any]
    Observer = Callable[[str, int, float], None]
    _Handler: TypeAlias = grpc.RpcMethodHandler[Any, Any]

__all__ = ["CallInterceptor"]

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STREAM_RETRY_SECONDS = 1.0
_OK = 0


def _no_observer(_method: str, _code: int, _seconds: float) -> None:
    """Observe nothing."""


class CallInterceptor:
    """Wraps every method's handler; a ``grpc.ServerInterceptor``.

    Parameters
    ----------
    permissions
        Who may do what.
    max_streams
        Streams that may be open at once; each holds a thread for as long as it lives.
    observe
        Told of every call that ended: its method, status code and seconds.
    """

    def __init__(
        self, permissions: Permissions, *, max_streams: int, observe: Observer = _no_observer
    ) -> None:
        self._permissions = permissions
        self._max_streams = max_streams
        self._streams = threading.BoundedSemaphore(max_streams)
        self._observe = observe
        self._guarded: dict[str, _Handler] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], _Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Return the guarded handler of a method; `None` where there is no such method."""
        method = handler_call_details.method
        guarded = self._guarded.get(method)
        if guarded is None:
            handler = continuation(handler_call_details)
            if handler is None:
                return None
            guarded = self._guard(method, handler)
            self._guarded[method] = guarded
        return guarded

    def _guard(self, method: str, handler: _Handler) -> _Handler:
        # Messages are parsed and written here, not by grpc, which would answer INTERNAL.
        parse = handler.request_deserializer or _as_it_is
        write = handler.response_serializer or _as_it_is
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(
                self._unary(method, handler.unary_unary, parse, write)
            )
        if handler.unary_stream is not None:
            behavior: Behavior = handler.unary_stream

            def answer(data: bytes, context: grpc.ServicerContext) -> Any:
                return behavior(parsed(parse, data), context)

            return grpc.unary_stream_rpc_method_handler(self._stream(method, answer, write))
        if handler.stream_stream is not None:
            behave: Behavior = handler.stream_stream

            def converse(data: Iterable[bytes], context: grpc.ServicerContext) -> Any:
                return behave((parsed(parse, one) for one in data), context)

            return grpc.stream_stream_rpc_method_handler(self._stream(method, converse, write))
        return handler

    def _unary(
        self,
        method: str,
        behavior: Behavior,
        parse: Callable[[bytes], Any],
        write: Callable[[Any], bytes],
    ) -> Behavior:
        def call(data: bytes, context: grpc.ServicerContext) -> bytes:
            with self._errors(method, context):
                self._permissions.check(method, context.invocation_metadata())
                return write(behavior(parsed(parse, data), context))

        return call

    def _stream(self, method: str, behavior: Behavior, write: Callable[[Any], bytes]) -> Behavior:
        def call(data: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
            with self._errors(method, context):
                self._permissions.check(method, context.invocation_metadata())
                if not self._streams.acquire(blocking=False):
                    raise OverloadedError(
                        f"{self._max_streams} streams are open, which is as many as this server "
                        "takes; close one, or try again shortly",
                        retry_after=_STREAM_RETRY_SECONDS,
                    )
                try:
                    for response in behavior(data, context):
                        yield write(response)
                finally:
                    self._streams.release()

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
            error = known_error(exception, method)
            code = int(error.code)
            _abort(context, error)
        finally:
            self._observe(method, code, time.monotonic() - start)


def _as_it_is(data: Any) -> Any:
    return data


def _abort(context: grpc.ServicerContext, error: ZooBridgeError) -> None:
    """End the call with an error's status; always raises, as grpc wants it."""
    status = status_from_error(error)
    context.set_trailing_metadata(trailing_metadata(status))
    context.abort(_CODES[status.code], status.message)
