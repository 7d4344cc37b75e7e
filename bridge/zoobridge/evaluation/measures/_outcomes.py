"""What a model answered beside what is true, in the form that measures take."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["Costs", "Ordered", "Outcomes"]


@dataclass(frozen=True)
class Costs:
    """What a model costs where it ran.

    Parameters
    ----------
    latencies
        Seconds from asking for a picture to its answer, for pictures asked for one by one.
    values
        By name of the measure: ``throughput`` (items a second), ``load_seconds``,
        ``memory_bytes``, ``size_bytes``, ``parameters``.
    reasons
        Why a cost is not known, by name of the measure.
    place
        Where it ran: ``device``, ``framework_version``, ``server`` (ZooBridge's version there).
    """

    latencies: tuple[float, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ordered:
    """Items by falling score, for each class.

    Parameters
    ----------
    order
        ``(classes, items)``: indexes of the items.
    truth
        ``(classes, items)`` booleans: whether the item is of the class.
    begins
        Where runs of equal scores begin, in all of `order` as one row.
    sizes
        ``(classes,)``: number of runs.
    """

    order: NDArray[np.intp]
    truth: NDArray[np.bool_]
    begins: NDArray[np.intp]
    sizes: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The answers of one model on labelled items.

    Parameters
    ----------
    labels
        The classes, in the order of the model.
    truth, predicted
        The true and the answered class of each item: ``(items,)`` indexes, or for items that may
        have several classes ``(items, classes)`` booleans.
    scores
        ``(items, classes)`` floats; `None` where the model gives labels alone.
    kind
        ``probability``, ``independent_probability``, ``logit`` or ``label_only``.
    costs
        What the answers cost.

    Raises
    ------
    InvalidRequestError
        If the shapes do not fit each other, an index names no class, or a score is not finite.
    """

    labels: tuple[str, ...]
    truth: NDArray[Any]
    predicted: NDArray[Any]
    scores: NDArray[np.float64] | None
    kind: str
    costs: Costs = Costs()

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.truth.ndim not in (1, 2) or self.truth.shape != self.predicted.shape:
            raise InvalidRequestError("every item needs its true and its answered classes")
        if not len(self):
            raise InvalidRequestError("no item was classified, so there is nothing to measure")
        if self.multi_label:
            if self.truth.shape[1] != count:
                raise InvalidRequestError(
                    f"{self.truth.shape[1]} columns were given for {count} classes"
                )
        else:
            for name, indexes in (("true", self.truth), ("answered", self.predicted)):
                if indexes.min() < 0 or indexes.max() >= count:
                    raise InvalidRequestError(
                        f"a {name} class is not one of the model's {count} classes"
                    )
        if self.scores is not None:
            if self.scores.shape != (len(self), count):
                raise InvalidRequestError(
                    f"scores have shape {self.scores.shape}, not {(len(self), count)}"
                )
            if not np.isfinite(self.scores).all():
                raise InvalidRequestError("scores hold NaN or infinite values")

    @classmethod
    def from_scores(
        cls,
        labels: tuple[str, ...],
        truth: Any,
        scores: Any,
        kind: str,
        *,
        threshold: float = 0.5,
        costs: Costs | None = None,
    ) -> Outcomes:
        """Return outcomes of scores.

        Where items have one class, the highest score is the answer. Where they may have several,
        the answers are all classes whose independent probability reaches the threshold, or the
        highest alone where scores are not independent of each other.

        Parameters
        ----------
        labels
            The classes.
        truth
            ``(items,)`` class indexes, or ``(items, classes)`` booleans.
        scores
            ``(items, classes)``; or ``(items, 1)`` for two classes, the score of the second, which
            is the answer from the threshold on, or from 0 on where scores are unbounded.
        kind
            The kind of score.
        threshold
            From which score on a class counts.
        costs
            What the answers cost.
        """
        values = np.asarray(scores, np.float64)
        true = np.asarray(truth)
        if values.ndim == 2 and values.shape[1] == 1 and len(labels) == 2:
            least = 0.0 if kind == "logit" else threshold
            answered = (values[:, 0] >= least).astype(np.intp)
            # A single sigmoid is a distribution over two classes, as a logit is against 0.
            other = np.zeros_like(values) if kind == "logit" else 1 - values
            values = np.concatenate([other, values], axis=1)
            kind = kind if kind == "logit" else "probability"
        else:
            answered = values.argmax(axis=-1).astype(np.intp)
        if true.ndim == 2:
            several = kind == "independent_probability"
            chosen = values >= threshold if several else np.eye(len(labels), dtype=bool)[answered]
            return cls(tuple(labels), true.astype(bool), chosen, values, kind, costs or Costs())
        return cls(tuple(labels), true.astype(np.intp), answered, values, kind, costs or Costs())

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def multi_label(self) -> bool:
        """Whether items may have several classes, or none."""
        return self.truth.ndim == 2

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """``(items,)`` booleans: where the answer is the truth, all of it."""
        same = np.equal(self.truth, self.predicted)
        return np.asarray(same.all(axis=1) if self.multi_label else same)

    @cached_property
    def true_matrix(self) -> NDArray[np.bool_]:
        """``(items, classes)`` booleans: which classes each item has."""
        if self.multi_label:
            return self.truth
        return np.asarray(np.eye(len(self.labels), dtype=bool)[self.truth])

    @cached_property
    def own_rank(self) -> NDArray[np.int64]:
        """``(items,)``: how many classes score as high as the true one, or higher."""
        scores = np.asarray(self.scores)
        own = scores[np.arange(len(self)), self.truth]
        return np.asarray((scores >= own[:, None]).sum(axis=1) - 1)

    @cached_property
    def own_probability(self) -> NDArray[np.float64]:
        """``(items,)``: the probability of the true class, of probabilities scaled to add up to one."""
        scores = np.asarray(self.scores)
        return np.asarray(scores[np.arange(len(self)), self.truth] / scores.sum(axis=1))

    @cached_property
    def squared_distance(self) -> NDArray[np.float64]:
        """``(items, classes)``: how far each score is from 1 for true classes, and 0 for others."""
        return (np.asarray(self.scores) - self.true_matrix) ** 2

    @property
    def confusion(self) -> NDArray[np.int64]:
        """``(classes, classes)`` counts: row the true class, column the answered one.

        Raises
        ------
        InvalidRequestError
            If items have several classes: then no answer stands against one true class.
        """
        if self.multi_label:
            raise InvalidRequestError("items with several classes have no confusion matrix")
        count = len(self.labels)
        flat = np.bincount(self.truth * count + self.predicted, minlength=count * count)
        return flat.reshape(count, count).astype(np.int64)

    @cached_property
    def ordered(self) -> Ordered:
        """The items by falling score, for each class.

        For two classes that exclude each other there is one order alone, that of the second class
        against the first.
        """
        columns, truth = np.asarray(self.scores).T, self.true_matrix.T
        if not self.multi_label and len(self.labels) == 2:
            exact = self.kind == "probability"
            columns = (columns[1] if exact else columns[1] - columns[0])[None]
            truth = truth[1:]
        order = np.argsort(-columns, axis=1, kind="stable")
        falling = np.take_along_axis(columns, order, axis=1)
        new = np.ones(falling.shape, bool)
        new[:, 1:] = np.diff(falling, axis=1) != 0
        return Ordered(
            order=order,
            truth=np.take_along_axis(truth, order, axis=1),
            begins=np.flatnonzero(new),
            sizes=new.sum(axis=1),
        )
