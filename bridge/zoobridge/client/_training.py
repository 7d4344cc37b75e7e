"""What a server says of a training project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.protocol import enum_word
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AnnotatedItems",
    "AnswerExplanation",
    "ClassCount",
    "ClassFigures",
    "DuplicateItems",
    "ItemBox",
    "ProjectSummary",
    "PublishedModel",
    "QuestionedItem",
    "SuggestedItem",
    "TrainingAnnotation",
    "TrainingFigures",
    "TrainingItem",
    "TrainingReport",
    "UndoneAnnotation",
    "UnusedItem",
]


@dataclass(frozen=True)
class ClassCount:
    """A class, and how many items have it."""

    label: str
    items: int


@dataclass(frozen=True)
class ProjectSummary:
    """The state of a project.

    Parameters
    ----------
    name
        Of the project.
    classes
        By name.
    annotated, unlabelled
        Items with a class, and without one.
    pictures, bytes
        What the server keeps.
    """

    name: str
    classes: tuple[ClassCount, ...] = ()
    annotated: int = 0
    unlabelled: int = 0
    pictures: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class ItemBox:
    """A place in the picture that was sent, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class TrainingItem:
    """A place in a picture, as a project knows it.

    Parameters
    ----------
    picture
        SHA-256 of its pixels as the server keeps them.
    box
        The place; `None` for the whole picture.
    name, region_id
        What its picture and its place were called when they were sent.
    """

    picture: str
    box: ItemBox | None = None
    name: str = ""
    region_id: str = ""


@dataclass(frozen=True)
class TrainingAnnotation:
    """An item and its class.

    Parameters
    ----------
    item
        The item.
    label
        Its class; empty where none was given.
    group
        What must not be divided between training and test.
    annotator, time
        Who gave the class, and when (UTC, ISO 8601).
    suggested
        Whether the model chose the item.
    """

    item: TrainingItem
    label: str = ""
    group: str = ""
    annotator: str = ""
    time: str = ""
    suggested: bool = False


@dataclass(frozen=True)
class AnnotatedItems:
    """What a project knows of items that were sent.

    Parameters
    ----------
    items
        With the classes that they have now.
    classes
        The project's classes now.
    """

    items: tuple[TrainingAnnotation, ...]
    classes: tuple[ClassCount, ...]


@dataclass(frozen=True)
class UndoneAnnotation:
    """What :meth:`RemoteTrainingProject.undo` took back.

    Parameters
    ----------
    undone
        The annotation as it was.
    label_now
        The class that its item has now; empty where it has none.
    classes
        The project's classes now.
    """

    undone: TrainingAnnotation
    label_now: str
    classes: tuple[ClassCount, ...]


@dataclass(frozen=True)
class SuggestedItem:
    """An item whose class would tell most.

    Parameters
    ----------
    item
        The item.
    label, score
        What the model so far takes it for, and how probable it holds that; empty and `None` where
        there is none.
    """

    item: TrainingItem
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class ClassFigures:
    """What is known of one class.

    Parameters
    ----------
    label
        The class.
    items, groups
        How many items, and groups of them, are annotated.
    recall
        Share of its items that unseeing models answered right; `None` with too few groups.
    """

    label: str
    items: int
    groups: int
    recall: float | None = None


@dataclass(frozen=True)
class QuestionedItem:
    """An item whose class models that had not seen it contradict.

    Parameters
    ----------
    item
        The item.
    label, answered
        Its class, and what they answered.
    probability
        That they give to its class.
    """

    item: TrainingItem
    label: str
    answered: str
    probability: float


@dataclass(frozen=True)
class DuplicateItems:
    """Two items that look alike.

    Parameters
    ----------
    first, second
        The items.
    similarity
        Cosine of their embeddings.
    contradicting
        Whether their classes differ.
    """

    first: TrainingItem
    second: TrainingItem
    similarity: float
    contradicting: bool = False


@dataclass(frozen=True)
class UnusedItem:
    """An annotation that a fit could not use, and the reason."""

    item: str
    reason: str


@dataclass(frozen=True)
class TrainingFigures:
    """All that is known of a fitted model; tested on groups that were not fitted on.

    Parameters
    ----------
    balanced_accuracy, low, high
        Mean share answered right of each class, and its 95 % interval.
    accuracy, majority_rate, chance
        Share answered right; that of always answering the commonest class; balanced accuracy of
        guessing.
    classes
        What is known of each class.
    confusion
        Row by row: mean number of tested items of each class (row) answered as each class.
    calibration_error
        Expected calibration error of the probabilities.
    novelty_threshold
        Above it clients warn.
    mistakes, doubtful
        Items answered wrongly, and items whose class the others contradict.
    duplicates
        Items that look alike.
    unused
        Annotations that were not used.
    cautions
        What the figures do not say.
    seconds
        That the fit took.
    """

    balanced_accuracy: float
    low: float
    high: float
    accuracy: float = 0.0
    majority_rate: float = 0.0
    chance: float = 0.0
    classes: tuple[ClassFigures, ...] = ()
    confusion: tuple[float, ...] = ()
    calibration_error: float = 0.0
    novelty_threshold: float = 0.0
    mistakes: tuple[QuestionedItem, ...] = ()
    doubtful: tuple[QuestionedItem, ...] = ()
    duplicates: tuple[DuplicateItems, ...] = ()
    unused: tuple[UnusedItem, ...] = ()
    cautions: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the balanced accuracy."""
        return self.low, self.high


@dataclass(frozen=True)
class TrainingReport:
    """The report of the last fit.

    Parameters
    ----------
    figures
        The figures.
    html
        A page for people.
    json
        Figures and recipe for programs.
    annotations_csv
        The annotations as a table.
    """

    figures: TrainingFigures
    html: str
    json: str
    annotations_csv: str


@dataclass(frozen=True)
class PublishedModel:
    """A model in the zoo.

    Parameters
    ----------
    id, version
        How it is addressed.
    formats
        Of its weights.
    """

    id: str
    version: str
    formats: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The model as one writes it: ``id@version``."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, eq=False)
class AnswerExplanation:
    """What an answer rests on.

    Parameters
    ----------
    model
        As ``id@version``.
    label, score
        The class that is explained, and its score for the unchanged picture.
    values
        ``(height, width)``: how much the score falls where that place is covered, below zero where
        it rises; or what that place of an activation map adds to the score before the softmax.
    method
        ``occlusion`` or ``activation``.
    """

    model: str
    label: str
    score: float
    values: NDArray[np.float32]
    method: str = "occlusion"

    @classmethod
    def from_message(cls, message: pb.AnswerExplanation) -> AnswerExplanation:
        """Read what a server sent."""
        import numpy as np

        values = np.array(message.values, np.float32).reshape(message.height, message.width)
        method = enum_word(pb.ExplanationMethod, message.method)
        return cls(message.model, message.label, message.score, values, method or "occlusion")
