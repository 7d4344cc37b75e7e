"""What a classification answers: one result for every item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from zoobridge.client._table import columns, html, record
from zoobridge.protocol import enum_word, error_from_status
from zoobridge.protocol.v1 import prediction_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from zoobridge.errors import ZooBridgeError
    from zoobridge.protocol.v1 import classification_pb2

__all__ = [
    "ClassScore",
    "Conversion",
    "ModelIdentity",
    "Novelty",
    "PredictionSet",
    "Result",
    "Results",
    "Timing",
]


@dataclass(frozen=True)
class ClassScore:
    """One class and its score.

    Parameters
    ----------
    index
        Index of the class in the model's labels.
    label
        The label.
    score
        The score; `None` where the model gives none.
    positive
        For independent probabilities: the score reaches the threshold in force.
    """

    index: int
    label: str
    score: float | None = None
    positive: bool = False


@dataclass(frozen=True)
class Conversion:
    """What was done to an item before the model saw it.

    Parameters
    ----------
    kind
        Such as ``resized``.
    detail
        Its particulars, as a phrase for people.
    notice
        A sentence to show to the user where the server assumed what it cannot know; else empty.
    notice_field
        The field of the request that changes the assumption, such as ``options.intensity``.
    """

    kind: str
    detail: str = ""
    notice: str = ""
    notice_field: str = ""

    @classmethod
    def from_message(cls, message: prediction_pb2.Conversion) -> Conversion:
        """Return what a message says."""
        kind = enum_word(prediction_pb2.ConversionKind, message.kind)
        return cls(kind, message.detail, message.notice, message.notice_field)


@dataclass(frozen=True)
class PredictionSet:
    """The classes that hold the true one with a stated probability.

    Parameters
    ----------
    coverage
        That probability, for pictures like those that the model was calibrated on.
    labels
        The classes, best first; none where no class is likely enough.
    """

    coverage: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Novelty:
    """How unlike the model's training pictures an item is.

    Parameters
    ----------
    value
        Mean cosine distance to the nearest training pictures: 0 (the same) to 1.
    threshold
        What it seldom exceeds for pictures like the training pictures.
    """

    value: float
    threshold: float

    @property
    def exceeded(self) -> bool:
        """Whether to warn: the model has not seen anything like this item."""
        return self.value > self.threshold


@dataclass(frozen=True)
class ModelIdentity:
    """Which model answered, in the words of a methods section.

    Parameters
    ----------
    id, version
        The package in the zoo.
    digest
        SHA-256 over the package's description and the weights that were used.
    framework, framework_version, weights_format, device
        With what it ran, and where.
    """

    id: str
    version: str = ""
    digest: str = ""
    framework: str = ""
    framework_version: str = ""
    weights_format: str = ""
    device: str = ""

    @classmethod
    def from_message(cls, message: prediction_pb2.ModelIdentity) -> ModelIdentity:
        """Return what a message says."""
        return cls(
            id=message.id,
            version=message.version,
            digest=message.digest,
            framework=message.framework,
            framework_version=message.framework_version,
            weights_format=message.weights_format,
            device=message.device,
        )


@dataclass(frozen=True)
class Timing:
    """Where the time of a request went, in seconds. Stages of different items overlap."""

    queue: float = 0.0
    preprocess: float = 0.0
    inference: float = 0.0
    postprocess: float = 0.0

    @classmethod
    def from_message(cls, message: prediction_pb2.Timing) -> Timing:
        """Return what a message says."""
        return cls(
            queue=message.queue_seconds,
            preprocess=message.preprocess_seconds,
            inference=message.inference_seconds,
            postprocess=message.postprocess_seconds,
        )


@dataclass(frozen=True)
class Result:
    """The answer for one item: a plane, or a region in a plane.

    Parameters
    ----------
    image
        Name of the picture: its path, or ``image-1``, ``image-2``, … for pictures without one.
    plane
        Where the plane lies, as ``T=0,Z=3``; empty for a picture of a single plane.
    region
        Id of the region; empty for a whole plane.
    label
        The best class; empty if the item failed.
    score
        Its score; `None` where the model gives none.
    top
        The best classes, best first.
    scores
        All scores in the order of the model's labels; `None` unless they were asked for.
    score_kind
        ``probability``, ``independent_probability``, ``logit``, ``label_only``, or empty.
    error
        What is wrong with this item; `None` if it was classified.
    conversions
        What was done to the item before the model saw it.
    prediction_set
        The classes that hold the true one with a stated probability; `None` where the model's
        package states no threshold for it.
    novelty
        How unlike the training pictures the item is; `None` where the model's package cannot tell.
    model
        Which model answered.
    timing
        Where the time of the item's request went; known with a request's last part.
    image_index, item_index
        Position of the picture among those given, and of the item in it.
    indexes
        :attr:`plane` as numbers: ``{"T": 0, "Z": 3}``.
    """

    image: str
    plane: str = ""
    region: str = ""
    label: str = ""
    score: float | None = None
    top: tuple[ClassScore, ...] = ()
    scores: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    score_kind: str = ""
    error: ZooBridgeError | None = None
    conversions: tuple[Conversion, ...] = ()
    prediction_set: PredictionSet | None = None
    novelty: Novelty | None = None
    model: ModelIdentity = ModelIdentity("")
    timing: Timing = Timing()
    image_index: int = 0
    item_index: int = 0
    indexes: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def positives(self) -> tuple[str, ...]:
        """The classes that reach the threshold, for independent probabilities."""
        return tuple(score.label for score in self.top if score.positive)

    def to_record(self, *, top: int | None = None) -> dict[str, Any]:
        """Return the result as a table's row; see ``docs/client.md`` for the columns.

        Parameters
        ----------
        top
            How many classes to tell; as many as there are if not given.
        """
        return record(self, top=len(self.top) if top is None else top)


def results_from_response(
    response: classification_pb2.ClassifyResponse, *, image: str, image_index: int
) -> list[Result]:
    """Return the results of a response, in its order."""
    identity = ModelIdentity.from_message(response.model)
    timing = Timing.from_message(response.timing)
    kind = enum_word(prediction_pb2.ScoreKind, response.score_kind)
    return [
        _result_from_item(
            item, image=image, image_index=image_index, kind=kind, identity=identity, timing=timing
        )
        for item in response.results
    ]


def _result_from_item(
    item: prediction_pb2.ItemResult,
    *,
    image: str,
    image_index: int,
    kind: str,
    identity: ModelIdentity,
    timing: Timing,
) -> Result:
    indexes = dict(sorted(item.plane.indexes.items()))
    failed = item.WhichOneof("outcome") != "prediction"
    top = tuple(
        ClassScore(
            index=one.index,
            label=one.label,
            score=one.score if one.HasField("score") else None,
            positive=one.positive,
        )
        for one in item.prediction.top
    )
    return Result(
        image=image,
        plane=",".join(f"{axis}={index}" for axis, index in indexes.items()),
        region=item.region_id,
        label=top[0].label if top else "",
        score=top[0].score if top else None,
        top=top,
        scores=_all_scores(item.prediction) if item.prediction.scores else None,
        score_kind=kind,
        error=error_from_status(item.error) if failed else None,
        conversions=tuple(map(Conversion.from_message, item.prediction.conversions)),
        prediction_set=_prediction_set(item.prediction),
        novelty=_novelty(item.prediction),
        model=identity,
        timing=timing,
        image_index=image_index,
        item_index=item.index,
        indexes=indexes,
    )


def _prediction_set(prediction: prediction_pb2.Prediction) -> PredictionSet | None:
    if not prediction.HasField("prediction_set"):
        return None
    message = prediction.prediction_set
    return PredictionSet(round(message.coverage, 6), tuple(message.labels))


def _novelty(prediction: prediction_pb2.Prediction) -> Novelty | None:
    if not prediction.HasField("novelty"):
        return None
    return Novelty(prediction.novelty.value, prediction.novelty.threshold)


def _all_scores(prediction: prediction_pb2.Prediction) -> NDArray[np.float32]:
    # Not asked for by most, and NumPy takes as long to import as all else here.
    import numpy as np

    return np.array(prediction.scores, np.float32)


class Results(Sequence[Result]):
    """The results of a call, in the order of the pictures given and of the items in each.

    Examples
    --------
    >>> results = client.classify("digits", "scans/")  # doctest: +SKIP
    >>> results[0].label  # doctest: +SKIP
    '7'
    >>> results.to_pandas()  # doctest: +SKIP
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self._results = tuple(results)

    @overload
    def __getitem__(self, index: int) -> Result: ...

    @overload
    def __getitem__(self, index: slice) -> Results: ...

    def __getitem__(self, index: int | slice) -> Result | Results:
        if isinstance(index, slice):
            return Results(self._results[index])
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    @property
    def errors(self) -> tuple[Result, ...]:
        """The results that hold an error."""
        return tuple(result for result in self._results if result.error is not None)

    @property
    def unlike_training(self) -> tuple[Result, ...]:
        """The results whose items are unlike the pictures that the model was trained on."""
        return tuple(one for one in self._results if one.novelty and one.novelty.exceeded)

    @property
    def labels(self) -> tuple[str, ...]:
        """The best class of each item; empty where it failed."""
        return tuple(result.label for result in self._results)

    def raise_for_errors(self) -> Results:
        """Raise the first item's error if any item failed, else return these results.

        Raises
        ------
        ZooBridgeError
            Of the type that the item's error has; its message names the item.
        """
        for result in self._results:
            if result.error is not None:
                raise _named(result)
        return self

    def _columns(self, top: int) -> tuple[str, ...]:
        reliability = any(one.prediction_set or one.novelty for one in self._results)
        return columns(top=top, errors=bool(self.errors), reliability=reliability)

    def to_records(self) -> list[dict[str, Any]]:
        """Return one dictionary for each item, all with the same keys: the table's columns."""
        top = max((len(result.top) for result in self._results), default=1)
        wanted = self._columns(top)
        rows = [record(result, top=top) for result in self._results]
        return [{name: row[name] for name in wanted} for row in rows]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each item.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError('pandas is missing; pip install "zoobridge[pandas]"') from error
        top = max((len(result.top) for result in self._results), default=1)
        return pd.DataFrame(self.to_records(), columns=list(self._columns(top)))

    def __repr__(self) -> str:
        failed = len(self.errors)
        head = f"<Results: {len(self)} items" + (f", {failed} failed" if failed else "") + ">"
        lines = [_line(result) for result in self._results[:10]]
        more = [f"… and {len(self) - 10} more"] if len(self) > 10 else []
        return "\n".join([head, *lines, *more])

    def _repr_html_(self) -> str:
        shown = Results(self._results[:50])
        note = f"{len(self)} items, {len(self.errors)} failed"
        return html(shown.to_records(), note=note)


def _named(result: Result) -> ZooBridgeError:
    """Return a result's error with the item's name before its sentence."""
    error = result.error
    assert error is not None  # noqa: S101 - the caller asked for failed results only
    where = ", ".join(part for part in (result.image, result.plane, result.region) if part)
    return type(error)(
        f"{where}: {error.message}",
        field=error.field,
        metadata=error.metadata,
        retry_after=error.retry_after,
    )


def _line(result: Result) -> str:
    where = " ".join(part for part in (result.image, result.plane, result.region) if part)
    if result.error is not None:
        return f"  {where}: {type(result.error).__name__}: {result.error.message}"
    score = "" if result.score is None else f" {result.score:.4g}"
    return f"  {where}: {result.label}{score}"
