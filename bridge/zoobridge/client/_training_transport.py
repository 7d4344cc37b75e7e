"""Making calls of ``TrainingService``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.client._transport import Endpoint

__all__ = ["TrainingTransport"]


class TrainingTransport:
    """Calls over a client's channel.

    Parameters
    ----------
    stub
        Of the service.
    endpoint
        The server.
    """

    def __init__(self, stub: Any, endpoint: Endpoint) -> None:
        self._stub = stub
        self._endpoint = endpoint

    def unary(self, method: str, request: Any, timeout: float | None = None) -> Any:
        """Return the answer of a call."""
        try:
            return getattr(self._stub, method)(
                request, timeout=timeout, metadata=self._endpoint.metadata
            )
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None

    def stream(self, method: str, request: Any) -> Iterator[Any]:
        """Yield the answers of a call; closing the generator cancels it."""
        call = getattr(self._stub, method)(request, metadata=self._endpoint.metadata)
        try:
            yield from call
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None
        finally:
            call.cancel()

    def last(
        self,
        method: str,
        request: Any,
        end: str,
        on_step: Callable[[str, int, int], None] | None,
    ) -> Any:
        """Return the event that ends long work, and report progress until then.

        Raises
        ------
        ServerError
            If the call ends without that event.
        """
        responses = self.stream(method, request)
        try:
            for response in responses:
                event = response.WhichOneof("event")
                if event == end:
                    return getattr(response, end)
                if event == "progress" and on_step is not None:
                    step = response.progress
                    on_step(step.stage, step.done, step.total)
        finally:
            responses.close()  # type: ignore[attr-defined]
        raise ServerError("the server ended the call without an answer; repeat it")
