"""The answer for one item, and what it consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zoobridge.client._own_words import error_of
from zoobridge.protocol import enum_word, from_message, sent_as, shortest_float32
from zoobridge.protocol.v1 import prediction_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
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
    "Timing",
    "results_from_response",
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
    precision
        How numbers were computed: ``float32``, ``tf32``, ``float16``.
    """

    id: str
    version: str = ""
    digest: str = ""
    framework: str = ""
    framework_version: str = ""
    weights_format: str = ""
    device: str = ""
    precision: str = ""


@dataclass(frozen=True)
class Timing:
    """Where the time of a request went, in seconds. Stages of different items overlap."""

    queue: float = sent_as("queue_seconds", default=0.0)
    preprocess: float = sent_as("preprocess_seconds", default=0.0)
    inference: float = sent_as("inference_seconds", default=0.0)
    postprocess: float = sent_as("postprocess_seconds", default=0.0)


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
        How unlike the training pictures the item is; `None` where the model's package does not support it.
    activation
        ``(classes, height, width)``: where in the item each class comes from; `None` unless it was asked for
        and the package has an output ``activation``.
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
    activation: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    model: ModelIdentity = ModelIdentity("")
    timing: Timing = Timing()
    image_index: int = 0
    item_index: int = 0
    indexes: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def positives(self) -> tuple[str, ...]:
        """The classes that reach the threshold, for independent probabilities."""
        return tuple(score.label for score in self.top if score.positive)

    def to_record(self, *, top: int | None = None, labels: Sequence[str] = ()) -> dict[str, Any]:
        """Return the result as a row of the table, by column; `None` where a column has no value.

        Parameters
        ----------
        top
            Number of classes; as many as the result has if not given.
        labels
            The model's labels, to include all scores as ``score:LABEL``.
        """
        row: dict[str, Any] = {
            "image": self.image,
            "plane": self.plane,
            "region": self.region,
        }
        for rank in range(1, max(len(self.top) if top is None else top, 1) + 1):
            suffix = "" if rank == 1 else f"_{rank}"
            known = self.top[rank - 1] if rank <= len(self.top) else None
            row[f"label{suffix}"] = known.label if known else None
            row[f"score{suffix}"] = _short(known.score) if known else None
        row["model"] = self.model.id
        row["version"] = self.model.version
        row["digest"] = self.model.digest
        classes = self.prediction_set
        row["prediction_set"] = None if classes is None else "|".join(classes.labels)
        row["novelty"] = self.novelty.value if self.novelty else None
        row["novelty_threshold"] = self.novelty.threshold if self.novelty else None
        scores = () if self.scores is None else self.scores
        for index, label in enumerate(labels):
            row[f"score:{label}"] = (
                shortest_float32(float(scores[index])) if index < len(scores) else None
            )
        row["error"] = self.error.message if self.error is not None else None
        return row


def results_from_response(
    response: classification_pb2.ClassifyResponse, *, image: str, image_index: int
) -> list[Result]:
    """Return the results of a response, in its order."""
    identity = from_message(ModelIdentity, response.model)
    timing = from_message(Timing, response.timing)
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
    prediction = item.prediction
    top = tuple(
        ClassScore(
            index=one.index,
            label=one.label,
            score=one.score if one.HasField("score") else None,
            positive=one.positive,
        )
        for one in prediction.top
    )
    return Result(
        image=image,
        plane=",".join(f"{axis}={index}" for axis, index in indexes.items()),
        region=item.region_id,
        label=top[0].label if top else "",
        score=top[0].score if top else None,
        top=top,
        scores=_all_scores(prediction) if prediction.scores else None,
        score_kind=kind,
        error=error_of(item.error) if failed else None,
        conversions=tuple(from_message(Conversion, one) for one in prediction.conversions),
        prediction_set=(
            from_message(PredictionSet, prediction.prediction_set)
            if prediction.HasField("prediction_set")
            else None
        ),
        novelty=(
            from_message(Novelty, prediction.novelty) if prediction.HasField("novelty") else None
        ),
        activation=_activation(prediction.activation)
        if prediction.HasField("activation")
        else None,
        model=identity,
        timing=timing,
        image_index=image_index,
        item_index=item.index,
        indexes=indexes,
    )


def _all_scores(prediction: prediction_pb2.Prediction) -> NDArray[np.float32]:
    # Not asked for by most, and NumPy takes as long to import as all else here.
    import numpy as np

    return np.array(prediction.scores, np.float32)


def _activation(message: prediction_pb2.ActivationMap) -> NDArray[np.float32]:
    import numpy as np

    return np.array(message.values, np.float32).reshape(-1, message.height, message.width)


def _short(score: float | None) -> float | None:
    return None if score is None else shortest_float32(score)
