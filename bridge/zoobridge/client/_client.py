"""The client."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

import grpc

from zoobridge.client._call_state import CallState, build
from zoobridge.client._evaluation_calls import EvaluationCalls
from zoobridge.client._image_check import ImageCheck, check_request
from zoobridge.client._images import sources
from zoobridge.client._log_records import LogRecord
from zoobridge.client._models import Framework, LoadedModel, Model, ServerInfo
from zoobridge.client._packing import ImageGroup, grouped
from zoobridge.client._request import Settings
from zoobridge.client._result import Result
from zoobridge.client._results import Results
from zoobridge.client._server_statistics import ServerStatistics
from zoobridge.client._stream import classify_stream
from zoobridge.client._training_calls import TrainingCalls
from zoobridge.client._transport import error_from_rpc
from zoobridge.errors import ZooBridgeError
from zoobridge.protocol import NO_HINTS, ClientHints, from_message
from zoobridge.protocol.v1 import zoo_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from types import TracebackType

    import numpy.typing as npt

    from zoobridge.client._call_state import ImageResults, OnProgress
    from zoobridge.client._folders import LeftOut
    from zoobridge.client._images import Images
    from zoobridge.client._request import IntensityLike, Planes, RegionLike
    from zoobridge.client._transport import Endpoint

__all__ = ["Client"]


class Client(EvaluationCalls, TrainingCalls):
    """A connection to a server. Made by :func:`connect`; may be used from several threads.

    It is a context manager, and keeps one channel until it is closed. Every method raises the
    :class:`~zoobridge.errors.ZooBridgeError` that the server answered with, in its own words,
    and never repeats a call by itself.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._lock = threading.Lock()
        self._info: ServerInfo | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls that are under way are cancelled."""
        self._channel.close()

    def info(self, *, timeout: float | None = None) -> ServerInfo:
        """Return what the server says of itself."""
        answer = self._call(self._zoo.GetServerInfo, zoo_pb2.GetServerInfoRequest(), timeout)
        info = from_message(ServerInfo, answer, address=self.address)
        with self._lock:
            self._info = info
        return info

    def frameworks(self, *, timeout: float | None = None) -> list[Framework]:
        """Return the frameworks, installed or not, by name."""
        answer = self._call(self._zoo.ListFrameworks, zoo_pb2.ListFrameworksRequest(), timeout)
        return [from_message(Framework, message) for message in answer.frameworks]

    def models(self, framework: str = "", *, timeout: float | None = None) -> list[Model]:
        """Return the models, broken ones included, by id.

        Parameters
        ----------
        framework
            Only models that this framework can run; empty for all.
        timeout
            Seconds; `None` to wait as long as it takes.
        """
        request = zoo_pb2.ListModelsRequest(framework=framework)
        answer = self._call(self._zoo.ListModels, request, timeout)
        return [from_message(Model, message) for message in answer.models]

    def model(
        self, name: str, *, include_cover: bool = False, timeout: float | None = None
    ) -> Model:
        """Return one model (``id`` or ``id@version``) with authors, citations and documentation.

        Parameters
        ----------
        name
            ``id`` or ``id@version``.
        include_cover
            Return its cover picture too, which may take some megabytes.
        timeout
            Seconds; `None` to wait as long as it takes.
        """
        request = zoo_pb2.GetModelRequest(model=name, include_cover=include_cover)
        answer = self._call(self._zoo.GetModel, request, timeout)
        return from_message(Model, answer.model, answer.details)

    def statistics(self, *, timeout: float | None = None) -> ServerStatistics:
        """Return what the loaded models have done, and the memory that all of it takes."""
        answer = self._call(self._zoo.GetStatistics, zoo_pb2.GetStatisticsRequest(), timeout)
        return from_message(ServerStatistics, answer)

    def log_records(self, *, after: int = 0, timeout: float | None = None) -> list[LogRecord]:
        """Return the server's last log records, oldest first. Needs the managing token.

        Parameters
        ----------
        after
            Only records after this number.
        timeout
            Seconds; `None` to wait as long as it takes.
        """
        request = zoo_pb2.ListLogRecordsRequest(after=after)
        answer = self._call(self._zoo.ListLogRecords, request, timeout)
        return [from_message(LogRecord, message) for message in answer.records]

    def load(self, name: str, framework: str = "", *, timeout: float | None = None) -> LoadedModel:
        """Load a model before its first use; returns when it is ready. Needs the managing token."""
        request = zoo_pb2.LoadModelRequest(model=name, framework=framework)
        return from_message(LoadedModel, self._call(self._zoo.LoadModel, request, timeout).loaded)

    def unload(self, name: str, framework: str = "", *, timeout: float | None = None) -> int:
        """Free a model's memory; returns the number of copies freed. Needs the managing token."""
        request = zoo_pb2.UnloadModelRequest(model=name, framework=framework)
        return int(self._call(self._zoo.UnloadModel, request, timeout).unloaded)

    def check_image(
        self,
        model: str,
        shape: Sequence[int],
        dtype: npt.DTypeLike,
        axes: str,
        *,
        timeout: float | None = None,
        **options: Any,
    ) -> ImageCheck:
        """Ask whether a picture fits a model, and what would be done to it, without its pixels.

        Parameters
        ----------
        model
            ``id`` or ``id@version``; without a version the newest.
        shape, dtype, axes
            The picture as an array: the length of each axis, the type of the pixels, and one letter
            an axis, such as ``TZCYX``.
        timeout
            Seconds; `None` to wait as long as it takes.
        **options
            ``values``: its smallest and greatest value where they are known; ``significant_bits``
            where it uses fewer than its type has; ``regions``: whether regions of various sizes
            are classified rather than planes; and ``fit``, ``interpolation``, ``intensity``
            and ``channels`` as of :meth:`classify`.

        Raises
        ------
        InvalidRequestError
            If an option has no such value.
        ZooBridgeError
            If no such model exists.
        """
        request = check_request(model, shape, dtype, axes, **options)
        return ImageCheck.from_message(self._call(self._check_image, request, timeout))

    def classify(
        self,
        model: str,
        images: Images,
        *,
        framework: str = "",
        regions: Sequence[RegionLike] | None = None,
        planes: Planes | None = None,
        axes: str = "",
        top_k: int = 0,
        all_scores: bool = False,
        activation: bool = False,
        threshold: float | None = None,
        fit: str = "",
        interpolation: str = "",
        intensity: IntensityLike | None = None,
        channels: Sequence[int] = (),
        mask_fill: str = "",
        orientation: str = "",
        series: int | None = None,
        values: tuple[float, float] | None = None,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Results:
        """Classify pictures, or places in them.

        A picture that cannot be read or does not fit the model gives a result with an error; the
        others are answered. An unknown model or option raises.

        Parameters
        ----------
        model
            ``id`` or ``id@version``; without a version the newest.
        images
            A path (file, folder with its subfolders, or pattern such as ``scans/**/*.tif``), an
            array (NumPy, xarray, dask), a PIL image, the bytes of a PNG, JPEG, TIFF, BMP, GIF or WebP
            file,
            any iterable of these, or a mapping from names to these.
        framework
            ``onnx``, ``pytorch``, ``tensorflow``; empty for the fastest safe one.
        regions
            Places to look at in every picture; `None` for each plane as a whole.
        planes
            Planes to look at; an axis that is not named is looked at in full.
        axes
            Axes of the pictures, one letter each, such as ``TZCYX``. Needed for arrays with three
            or more axes, but for ``YXC`` with 3 or 4 channels.
        top_k
            Number of classes to return; 0 for the package's default.
        all_scores
            Return the scores of all classes too.
        activation
            Return where in the item each class comes from too, where the package has it.
        threshold
            Minimum score for a class to count as positive, for independent probabilities.
        fit
            How to fit other sizes: ``stretch``, ``pad``, ``crop``, ``center``, ``refuse``.
        interpolation
            How: ``nearest``, ``bilinear``, ``bicubic``, ``box``, ``lanczos``.
        intensity
            ``as_is``, ``dtype_range``, ``unit_range``, ``min_max``, or ``(low, high)``; `None` to let
            type, stated depth and the model's range decide (``docs/intensities.md``).
        channels
            Channels of the picture to use, in the order in which the model takes them.
        mask_fill
            What stands outside a region's mask: ``zero``, ``mean``, ``keep``.
        orientation
            What to do with an EXIF tag: ``as_stored``, ``apply``.
        series
            Which picture of files that hold several, from 0; `None` for the first that is neither
            a thumbnail, nor a reduced copy, nor a mask.
        values
            The smallest and the greatest value of the picture that arrays are planes or parts of, so that
            intensities are treated alike in all of them; `None` for those of each array.
        timeout
            Seconds for the whole call; `None` to wait as long as it takes.
        on_progress
            Called whenever something was answered.

        Returns
        -------
        Results
            In the order of the pictures, and of the items in each.

        Raises
        ------
        InvalidRequestError
            If an option has no such value.
        ZooBridgeError
            If the call as a whole fails.
        """
        settings = Settings(
            model=model,
            framework=framework,
            regions=regions,
            planes=planes,
            top_k=top_k,
            all_scores=all_scores,
            activation=activation,
            threshold=threshold,
            fit=fit,
            interpolation=interpolation,
            intensity=intensity,
            channels=channels,
            mask_fill=mask_fill,
            orientation=orientation,
            series=series,
            values=values,
        )
        left_out: list[LeftOut] = []
        parts = self._run(settings, images, axes, timeout, on_progress, left_out)
        results = [result for part in parts for result in part.results]
        results.sort(key=lambda one: (one.image_index, one.item_index))
        return Results(results, left_out=left_out)

    def classify_iter(
        self,
        model: str,
        images: Images,
        *,
        axes: str = "",
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **options: Any,
    ) -> Generator[Result, None, None]:
        """Classify pictures and yield results as they come, in no particular order.

        Takes what :meth:`classify` takes. `images` is read only as far ahead as is useful, so it
        may be endless; closing the generator, or leaving its loop, cancels the rest.
        """
        settings = Settings(model=model, **options)
        with closing(self._run(settings, images, axes, timeout, on_progress)) as parts:
            for part in parts:
                yield from part.results

    def classify_each(
        self,
        model: str,
        images: Images,
        *,
        axes: str = "",
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **options: Any,
    ) -> Generator[Results, None, None]:
        """Classify pictures and yield the results of each as soon as all its items are answered.

        Takes what :meth:`classify` takes, and reads ahead and cancels as :meth:`classify_iter`
        does. The pictures come in the order in which they are done: see
        :attr:`Result.image_index <zoobridge.client.Result.image_index>`.
        """
        settings = Settings(model=model, **options)
        held: dict[int, list[Result]] = {}
        with closing(self._run(settings, images, axes, timeout, on_progress)) as parts:
            for part in parts:
                held.setdefault(part.image_index, []).extend(part.results)
                if part.last:
                    results = held.pop(part.image_index)
                    yield Results(sorted(results, key=lambda one: one.item_index))

    def _run(
        self,
        settings: Settings,
        images: Images,
        axes: str,
        timeout: float | None,
        on_progress: OnProgress | None,
        left_out: list[LeftOut] | None = None,
    ) -> Generator[ImageResults, None, None]:
        base = settings.to_message()
        pictures, total = sources(images, axes=axes, series=settings.series, left_out=left_out)
        # A lone picture does not need to know the hints, and need not wait for them.
        if total == 1 and (not base.regions or len(base.regions) <= self._hints().unary_items):
            group = ImageGroup((next(pictures),))
            state = CallState(settings.model, total, on_progress)
            try:
                request = build(group, base, limit=self._message_limit)
                response = self._call(self._classify, request, timeout)
            except ZooBridgeError as error:
                yield from state.fail(group, 0, error)
            else:
                yield state.unary(group, response)
            return

        hints = self._hints()
        yield from classify_stream(
            self._stream(timeout), self._endpoint, base, grouped(pictures, base, hints, total),
            CallState(settings.model, total, on_progress, hints), limit=self._message_limit,
        )  # fmt: skip

    def _known(self) -> ServerInfo:
        with self._lock:
            info = self._info
        return info if info is not None else self.info()

    def _message_limit(self) -> int:
        return self._known().limits.message_bytes

    def _hints(self) -> ClientHints:
        return self._known().client_hints or NO_HINTS

    def _call(self, method: Callable[..., Any], request: Any, timeout: float | None) -> Any:
        try:
            return method(request, timeout=timeout, metadata=self._endpoint.metadata)
        except grpc.RpcError as error:
            raise error_from_rpc(error, self._endpoint) from None
