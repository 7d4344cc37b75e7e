"""The calls of both clients that measure models."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any

import grpc

from zoobridge.client._connection import Connection
from zoobridge.client._evaluation import (
    EvaluationUpdate,
    evaluation_request,
    evaluation_updates,
)
from zoobridge.client._evaluation_files import save_part, without_files
from zoobridge.client._evaluation_lists import DatasetReader, Measure
from zoobridge.client._transport import error_from_rpc
from zoobridge.protocol import from_message
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Generator, Sequence
    from pathlib import Path

    from zoobridge.client._evaluation_results import Evaluation

    OnUpdate = Callable[[EvaluationUpdate], None]

__all__ = ["AsyncEvaluationCalls", "EvaluationCalls"]


class EvaluationCalls(Connection, ABC):
    """What a client can ask of ``EvaluationService``."""

    def measures(self, *, timeout: float | None = None) -> list[Measure]:
        """Return the measures that the server knows, in the order of tables."""
        answer = self._call(self._evaluation.ListMeasures, pb.ListMeasuresRequest(), timeout)
        return [from_message(Measure, message) for message in answer.measures]

    def dataset_readers(self, *, timeout: float | None = None) -> list[DatasetReader]:
        """Return the readers of labelled pictures that the server knows."""
        request = pb.ListDatasetReadersRequest()
        answer = self._call(self._evaluation.ListDatasetReaders, request, timeout)
        return [from_message(DatasetReader, message) for message in answer.readers]

    def evaluate(
        self,
        models: str | Sequence[str],
        data: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        on_update: OnUpdate | None = None,
        **options: Any,
    ) -> Evaluation:
        """Measure models on labelled pictures that lie on the server's machine.

        Where the pictures lie here, use :func:`zoobridge.evaluation.evaluate`, which reads them
        here and works with any server.

        Parameters
        ----------
        models
            ``id``, ``id@version``, or either with ``:framework``; without one, every framework
            that can run the model has its own row.
        data
            Absolute path on the server's machine, below a folder that its administrator allowed
            (``zoobridge serve --allow-path``).
        timeout
            Seconds for the whole call; `None` to wait as long as it takes.
        on_update
            Called whenever something was answered or measured.
        **options
            ``reader`` and its ``options``; ``mapping`` from the data's classes to the models';
            ``measures`` (all if empty), ``rank_by`` and ``seed``; ``run_id``, under which an
            interrupted run continues, and ``restart`` to start again; ``report``, a folder here
            that the server's report is written into, with pictures of mistakes.

        Raises
        ------
        ZooBridgeError
            If the call fails. What was classified is kept: make it again with the same ``run_id``.
        """
        update = EvaluationUpdate()
        with closing(self.evaluate_iter(models, data, timeout=timeout, **options)) as updates:
            for update in updates:
                if on_update is not None:
                    on_update(update)
        return update.ended()

    def evaluate_iter(
        self,
        models: str | Sequence[str],
        data: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        report: Path | None = None,
        **options: Any,
    ) -> Generator[EvaluationUpdate, None, None]:
        """Measure models as :meth:`evaluate` does, and yield its state as it changes.

        The last state holds the result. Closing the generator cancels the call; what was
        classified is kept under the run's id.
        """
        request = evaluation_request(models, data, report=report is not None, **options)
        call = self._evaluation.Evaluate(request, timeout=timeout, metadata=self._endpoint.metadata)
        try:
            yield from evaluation_updates(without_files(call, report))
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None
        finally:
            call.cancel()

    @abstractmethod
    def _call(self, method: Callable[..., Any], request: Any, timeout: float | None) -> Any:
        """Make a unary call, and raise the error that it was answered with."""


class AsyncEvaluationCalls(Connection, ABC):
    """What a client for asyncio can ask of ``EvaluationService``; see :class:`EvaluationCalls`."""

    async def measures(self, *, timeout: float | None = None) -> list[Measure]:
        """Return the measures that the server knows, in the order of tables."""
        request = pb.ListMeasuresRequest()
        answer = await self._call(self._evaluation.ListMeasures, request, timeout)
        return [from_message(Measure, message) for message in answer.measures]

    async def dataset_readers(self, *, timeout: float | None = None) -> list[DatasetReader]:
        """Return the readers of labelled pictures that the server knows."""
        request = pb.ListDatasetReadersRequest()
        answer = await self._call(self._evaluation.ListDatasetReaders, request, timeout)
        return [from_message(DatasetReader, message) for message in answer.readers]

    async def evaluate(
        self,
        models: str | Sequence[str],
        data: str | os.PathLike[str],
        *,
        on_update: OnUpdate | None = None,
        **options: Any,
    ) -> Evaluation:
        """Measure models on labelled pictures that lie on the server's machine.

        Takes what :meth:`zoobridge.client.Client.evaluate` takes.
        """
        update = EvaluationUpdate()
        async with aclosing(self.evaluate_iter(models, data, **options)) as updates:
            async for update in updates:
                if on_update is not None:
                    on_update(update)
        return update.ended()

    async def evaluate_iter(
        self,
        models: str | Sequence[str],
        data: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        report: Path | None = None,
        **options: Any,
    ) -> AsyncGenerator[EvaluationUpdate, None]:
        """Measure models, and yield the state as it changes; closing the generator cancels."""
        request = evaluation_request(models, data, report=report is not None, **options)
        call = self._evaluation.Evaluate(request, timeout=timeout, metadata=self._endpoint.metadata)
        update = EvaluationUpdate()
        try:
            while (response := await asyncio.to_thread(next, call, None)) is not None:
                if report is not None and response.WhichOneof("event") == "file":
                    await asyncio.to_thread(save_part, response.file, report)
                    continue
                update = update.after(response)
                yield update
            update.ended()
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None
        finally:
            call.cancel()

    @abstractmethod
    async def _call(self, method: Any, request: Any, timeout: float | None) -> Any:
        """Make a unary call, and raise the error that it was answered with."""
