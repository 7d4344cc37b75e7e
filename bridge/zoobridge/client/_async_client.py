"""The client for asyncio."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self

import grpc

from zoobridge.client._async_stream import async_groups, classify_stream
from zoobridge.client._call_state import CallState, build
from zoobridge.client._evaluation_calls import AsyncEvaluationCalls
from zoobridge.client._image_check import ImageCheck, check_request
from zoobridge.client._images import Reading
from zoobridge.client._log_records import LogRecord
from zoobridge.client._models import Framework, LoadedModel, Model, ServerInfo
from zoobridge.client._request import Settings
from zoobridge.client._result import Result
from zoobridge.client._results import Results
from zoobridge.client._server_statistics import ServerStatistics
from zoobridge.client._start import find_server
from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import DeadlineError, ServerUnavailableError, ZooBridgeError
from zoobridge.protocol import NO_HINTS, Limits, from_message
from zoobridge.protocol.v1 import zoo_pb2

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Sequence
    from types import TracebackType

    import numpy.typing as npt

    from zoobridge.client._call_state import OnProgress
    from zoobridge.client._folders import LeftOut
    from zoobridge.client._images import Images
    from zoobridge.client._transport import Endpoint

__all__ = ["AsyncClient", "connect_async"]


async def connect_async(
    address: str | None = None,
    *,
    token: str | None = None,
    ca: str | os.PathLike[str] | None = None,
    tls: bool | None = None,
    start: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    timeout: float = 10.0,
) -> AsyncClient:
    """Connect to a server from asyncio; see :func:`zoobridge.connect` for the parameters.

    Examples
    --------
    >>> async with await zoobridge.connect_async() as client:  # doctest: +SKIP
    ...     results = await client.classify("digits", "scans/")
    """
    endpoint = await asyncio.to_thread(
        find_server, address, token=token, ca=ca, tls=tls, start=start
    )
    client = AsyncClient(endpoint)
    try:
        await client.info(timeout=timeout)
    except DeadlineError as error:
        await client.close()
        raise ServerUnavailableError(
            f"{client.address} did not answer within {timeout:g} s; check that it is a ZooBridge server, "
            "and use the address that `zoobridge serve` printed"
        ) from error
    except ZooBridgeError:
        await client.close()
        raise
    return client


class AsyncClient(AsyncEvaluationCalls):
    """A connection to a server for asyncio. Made by :func:`connect_async`; belongs to one loop.

    Its methods are those of :class:`~zoobridge.client.Client`, to be awaited. Files are read in
    threads; a plain iterable of pictures is consumed in the loop, so give an asynchronous one
    where producing a picture takes long.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._limit = Limits().message_bytes
        self._hints = NO_HINTS

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls that are under way are cancelled."""
        self._channel.close()

    async def info(self, *, timeout: float | None = None) -> ServerInfo:
        """Return what the server says of itself."""
        answer = await self._call(self._zoo.GetServerInfo, zoo_pb2.GetServerInfoRequest(), timeout)
        info = from_message(ServerInfo, answer, address=self.address)
        self._limit = info.limits.message_bytes
        self._hints = info.client_hints or NO_HINTS
        return info

    async def frameworks(self, *, timeout: float | None = None) -> list[Framework]:
        """Return the frameworks, installed or not, by name."""
        request = zoo_pb2.ListFrameworksRequest()
        answer = await self._call(self._zoo.ListFrameworks, request, timeout)
        return [from_message(Framework, message) for message in answer.frameworks]

    async def models(self, framework: str = "", *, timeout: float | None = None) -> list[Model]:
        """Return the models, broken ones included, by id."""
        request = zoo_pb2.ListModelsRequest(framework=framework)
        answer = await self._call(self._zoo.ListModels, request, timeout)
        return [from_message(Model, message) for message in answer.models]

    async def model(
        self, name: str, *, include_cover: bool = False, timeout: float | None = None
    ) -> Model:
        """Return one model (``id`` or ``id@version``) with authors, citations and documentation."""
        request = zoo_pb2.GetModelRequest(model=name, include_cover=include_cover)
        answer = await self._call(self._zoo.GetModel, request, timeout)
        return from_message(Model, answer.model, answer.details)

    async def statistics(self, *, timeout: float | None = None) -> ServerStatistics:
        """Return what the loaded models have done, and the memory that all of it takes."""
        request = zoo_pb2.GetStatisticsRequest()
        return from_message(
            ServerStatistics, await self._call(self._zoo.GetStatistics, request, timeout)
        )

    async def log_records(self, *, after: int = 0, timeout: float | None = None) -> list[LogRecord]:
        """Return the server's last log records, oldest first. Needs the managing token.

        Parameters
        ----------
        after
            Only records after this number.
        timeout
            Seconds; `None` to wait as long as it takes.
        """
        request = zoo_pb2.ListLogRecordsRequest(after=after)
        answer = await self._call(self._zoo.ListLogRecords, request, timeout)
        return [from_message(LogRecord, message) for message in answer.records]

    async def load(
        self,
        name: str,
        framework: str = "",
        *,
        timeout: float | None = None,
    ) -> LoadedModel:
        """Load a model before its first use; returns when it is ready. Needs the managing token."""
        request = zoo_pb2.LoadModelRequest(model=name, framework=framework)
        answer = await self._call(self._zoo.LoadModel, request, timeout)
        return from_message(LoadedModel, answer.loaded)

    async def unload(
        self,
        name: str,
        framework: str = "",
        *,
        timeout: float | None = None,
    ) -> int:
        """Free a model's memory; returns the number of copies freed. Needs the managing token."""
        request = zoo_pb2.UnloadModelRequest(model=name, framework=framework)
        return int((await self._call(self._zoo.UnloadModel, request, timeout)).unloaded)

    async def check_image(
        self,
        model: str,
        shape: Sequence[int],
        dtype: npt.DTypeLike,
        axes: str,
        *,
        timeout: float | None = None,
        **options: Any,
    ) -> ImageCheck:
        """Ask whether a picture fits a model; see :meth:`zoobridge.client.Client.check_image`."""
        request = check_request(model, shape, dtype, axes, **options)
        return ImageCheck.from_message(await self._call(self._check_image, request, timeout))

    async def classify(self, model: str, images: Images, **options: Any) -> Results:
        """Classify pictures, or places in them.

        Parameters
        ----------
        model
            ``id`` or ``id@version``; without a version the newest.
        images
            As for :meth:`zoobridge.client.Client.classify`, or an asynchronous iterable.
        **options
            The keywords of :meth:`zoobridge.client.Client.classify`.

        Returns
        -------
        Results
            In the order of the pictures, and of the items in each.
        """
        left_out: list[LeftOut] = []
        async with aclosing(self._run(model, images, left_out, **options)) as stream:
            results = [result async for result in stream]
        results.sort(key=lambda one: (one.image_index, one.item_index))
        return Results(results, left_out=left_out)

    async def classify_iter(
        self,
        model: str,
        images: Images,
        *,
        axes: str = "",
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **options: Any,
    ) -> AsyncGenerator[Result, None]:
        """Classify pictures and yield results as they come, in no particular order.

        Takes what :meth:`classify` takes. Closing the generator cancels the rest; wrap it in
        :func:`contextlib.aclosing` where its loop may be left early.
        """
        run = self._run(
            model, images, [], axes=axes, timeout=timeout, on_progress=on_progress, **options
        )
        async with aclosing(run) as stream:
            async for result in stream:
                yield result

    async def _run(
        self,
        model: str,
        images: Images,
        left_out: list[LeftOut],
        *,
        axes: str = "",
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **options: Any,
    ) -> AsyncGenerator[Result, None]:
        settings = Settings(model=model, **options)
        base = settings.to_message()
        how = Reading(axes, settings.series, left_out)
        groups, total = async_groups(images, base, how, self._hints)
        state = CallState(model, total, on_progress, self._hints)
        if total == 1 and len(base.regions) <= self._hints.unary_items:
            group = await anext(groups)
            try:
                request = await asyncio.to_thread(build, group, base, limit=self._message_limit)
                response = await self._call(self._classify, request, timeout)
            except ZooBridgeError as error:
                (part,) = state.fail(group, 0, error)
            else:
                part = state.unary(group, response)
            for result in part.results:
                yield result
            return

        stream = classify_stream(
            self._stream(timeout), self._endpoint, base, groups, state,
            limit=self._message_limit,
        )  # fmt: skip
        async with aclosing(stream):
            async for part in stream:
                for result in part.results:
                    yield result

    def _message_limit(self) -> int:
        return self._limit

    async def _call(self, method: Any, request: Any, timeout: float | None) -> Any:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        call = method.future(request, timeout=timeout, metadata=self._endpoint.metadata)
        call.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
        try:
            await done.wait()
            return call.result()
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None
        except asyncio.CancelledError:
            call.cancel()
            await done.wait()
            raise
