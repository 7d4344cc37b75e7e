"""A run: the answers of one model with one framework on a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.measures._outcomes import Costs, Outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.evaluation.runs._journal import Answer

__all__ = ["Run"]


@dataclass(frozen=True, eq=False)
class Run:
    """The answers of one model with one framework on a dataset.

    Parameters
    ----------
    model, framework, digest
        Which weights answered, and with what.
    labels, score_kind, threshold
        The model's classes, what its scores are, and from which score on a class counts.
    classes
        What the dataset calls each label; the label itself where the dataset has no such class.
    dataset
        Digest of the items.
    truth
        Indexes of each item's true classes.
    multi_label
        Whether items may have several classes, or none.
    answers
        One for each item, in the order of the dataset.
    costs
        What they cost.
    """

    model: str
    framework: str
    digest: str
    labels: tuple[str, ...]
    score_kind: str
    threshold: float
    classes: tuple[str, ...]
    dataset: str
    truth: tuple[tuple[int, ...], ...]
    multi_label: bool
    answers: tuple[Answer, ...]
    costs: Costs

    @property
    def name(self) -> str:
        """``model:framework``."""
        return f"{self.model}:{self.framework}"

    def answered(self, item: int) -> str:
        """Return what it answered for an item in the dataset's words; empty if it failed."""
        label = self.answers[item].label
        return self.classes[self.labels.index(label)] if label else ""

    @property
    def failures(self) -> tuple[Answer, ...]:
        """The items that have no answer, with the reason."""
        return tuple(answer for answer in self.answers if answer.error)

    def outcomes(self, without: frozenset[int] = frozenset()) -> Outcomes:
        """Return what measures take.

        Where items may have several classes, only classes that the dataset names are measured: it
        says nothing of others.

        Parameters
        ----------
        without
            Items to leave out besides the failures of this run: those that failed for another
            model, so that all are measured on the same items.

        Raises
        ------
        InvalidRequestError
            If no item is left.
        """
        kept = [one for one in self.answers if not one.error and one.item not in without]
        if not kept:
            raise InvalidRequestError(f"{self.name} answered none of the items")
        index = {label: number for number, label in enumerate(self.labels)}
        answered = np.array([index[one.label] for one in kept], np.intp)
        scores = np.array([one.scores for one in kept]) if kept[0].scores else None
        if self.multi_label:
            return self._several(kept, answered, scores)
        truth = np.array([self.truth[one.item][0] for one in kept], np.intp)
        if scores is not None and scores.shape[1] < len(self.labels):
            return Outcomes.from_scores(
                self.labels, truth, scores, self.score_kind,
                threshold=self.threshold, costs=self.costs,
            )  # fmt: skip
        return Outcomes(self.labels, truth, answered, scores, self.score_kind, self.costs)

    def _several(self, kept: Sequence[Answer], answered: Any, scores: Any) -> Outcomes:
        count = len(self.labels)
        truth = np.zeros((len(kept), count), bool)
        for row, one in enumerate(kept):
            truth[row, list(self.truth[one.item])] = True
        if scores is not None:
            whole = Outcomes.from_scores(
                self.labels, truth, scores, self.score_kind, threshold=self.threshold
            )
        else:
            chosen = np.eye(count, dtype=bool)[answered]
            whole = Outcomes(self.labels, truth, chosen, None, self.score_kind)
        named = sorted({number for true in self.truth for number in true})
        return Outcomes(
            tuple(self.labels[number] for number in named),
            whole.truth[:, named],
            whole.predicted[:, named],
            None if whole.scores is None else whole.scores[:, named],
            whole.kind,
            self.costs,
        )
