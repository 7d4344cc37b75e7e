"""What a model answered beside what is true, in the form that measures take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Outcomes"]


@dataclass(frozen=True)
class Outcomes:
    """The answers of one model on items that have one true class each.

    Parameters
    ----------
    labels
        The classes, in the order of the model.
    truth
        ``(items,)`` integers: index of each item's true class.
    predicted
        ``(items,)`` integers: index of the answered class.
    scores
        ``(items, classes)`` floats; `None` where the model gives labels alone.
    kind
        ``probability``, ``independent_probability``, ``logit`` or ``label_only``.

    Raises
    ------
    InvalidRequestError
        If the shapes do not fit each other, an index names no class, or a score is not finite.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.intp]
    predicted: NDArray[np.intp]
    scores: NDArray[np.float64] | None
    kind: str

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.truth.ndim != 1 or self.truth.shape != self.predicted.shape:
            raise InvalidRequestError("every item needs one true and one answered class")
        if not self.truth.size:
            raise InvalidRequestError("no item was classified, so there is nothing to measure")
        for name, indexes in (("true", self.truth), ("answered", self.predicted)):
            if indexes.min() < 0 or indexes.max() >= count:
                raise InvalidRequestError(f"a {name} class is none of the model's {count} classes")
        if self.scores is not None:
            if self.scores.shape != (self.truth.size, count):
                raise InvalidRequestError(
                    f"scores have shape {self.scores.shape}, not {(self.truth.size, count)}"
                )
            if not np.isfinite(self.scores).all():
                raise InvalidRequestError("scores hold NaN or infinite values")

    @classmethod
    def from_scores(cls, labels: tuple[str, ...], truth: Any, scores: Any, kind: str) -> Outcomes:
        """Return outcomes of scores, of which the highest is the answer.

        Parameters
        ----------
        labels
            The classes.
        truth
            ``(items,)`` class indexes.
        scores
            ``(items, classes)``; or ``(items, 1)`` for two classes, the probability of the second,
            which answers it from 0.5 on.
        kind
            The kind of score.
        """
        values = np.asarray(scores, np.float64)
        if values.ndim == 2 and values.shape[1] == 1 and len(labels) == 2 and kind != "logit":
            # A single sigmoid is a distribution over two classes.
            values = np.concatenate([1 - values, values], axis=1)
            kind = "probability"
            predicted = (values[:, 1] >= 0.5).astype(np.intp)
        else:
            predicted = values.argmax(axis=-1).astype(np.intp)
        return cls(tuple(labels), np.asarray(truth, np.intp), predicted, values, kind)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """``(items,)`` booleans: where the answer is the truth."""
        return np.equal(self.truth, self.predicted)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """``(classes, classes)`` counts: row the true class, column the answered one."""
        count = len(self.labels)
        flat = np.bincount(self.truth * count + self.predicted, minlength=count * count)
        return flat.reshape(count, count).astype(np.int64)
