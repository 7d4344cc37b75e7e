"""A fitted model and all that can be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.training._progress import stage
from zoobridge.training.figures import (
    corrected_interval,
    doubtful,
    duplicates,
    merged_groups,
    shuffled,
)
from zoobridge.training.fit import COPIES, Head, Recipe, fit_head, softmax
from zoobridge.training.improve import LEAST_LABELS, METHODS, improvement_of
from zoobridge.training.rivals import choose_copies, choose_head, unwritten
from zoobridge.training.trust import (
    conformal_threshold,
    expected_calibration_error,
    fit_temperature,
    foreign,
    leave_one_out,
    novelty,
    novelty_threshold,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zoobridge.training._progress import OnStep
    from zoobridge.training.figures import Doubt, Duplicates, OutOfFold
    from zoobridge.training.fit import Examples
    from zoobridge.training.improve import MethodName
    from zoobridge.training.rivals import Rival

__all__ = ["ClassFigure", "Fitted", "fit_examples"]

#: Below so many groups a class has no figure of its own.
_GROUPS_FOR_A_FIGURE: Final = 5
#: More embeddings than these are not kept for novelty.
_REFERENCES: Final = 2000


@dataclass(frozen=True)
class ClassFigure:
    """What is known of one class.

    Parameters
    ----------
    label
        The class.
    items, groups
        How many items, and groups of them, are annotated.
    recall
        Share of its items that models which had not seen them answered right; `None` where there
        are too few groups.
    """

    label: str
    items: int
    groups: int
    recall: float | None


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model.

    Parameters
    ----------
    recipe
        How it was fitted.
    examples
        On what; groups of duplicates are joined.
    head
        Its calibrated head.
    tested
        What was said of unseen items.
    interval
        Of the balanced accuracy, at 95 %.
    temperature
        That logits were divided by.
    calibration_error
        Expected calibration error of the calibrated probabilities, out of fold.
    least_score
        Probability from which on a class belongs to a prediction set.
    reference
        ``(pictures, dimensions)``: embeddings that novelty is measured by.
    novelty_threshold
        Above it a picture is unlike the training pictures.
    duplicates, doubts
        Items that look alike, and doubtful labels.
    shuffled
        Balanced accuracies with shuffled classes.
    rivals
        Other heads that were tried, and what they reached.
    improvement
        Sentences on what was fitted on: the copies, and what unlabelled pictures did.
    """

    recipe: Recipe
    examples: Examples
    head: Head
    tested: OutOfFold
    interval: tuple[float, float]
    temperature: float
    calibration_error: float
    least_score: float
    reference: NDArray[np.float32]
    novelty_threshold: float
    duplicates: Duplicates
    doubts: tuple[Doubt, ...]
    shuffled: NDArray[np.float64]
    rivals: tuple[Rival, ...] = ()
    improvement: tuple[str, ...] = ()

    @property
    def balanced_accuracy(self) -> float:
        """Balanced accuracy on unseen items."""
        return self.tested.balanced_accuracy

    @property
    def majority_rate(self) -> float:
        """Accuracy of always answering the commonest class, on the tested items."""
        return float(np.bincount(self.tested.classes).max() / len(self.tested.classes))

    @property
    def classes(self) -> tuple[ClassFigure, ...]:
        """What is known of each class."""
        table = self.tested.confusion
        found = []
        for number, label in enumerate(self.examples.labels):
            groups = self.examples.groups_of(number, fair=True)
            total = table[number].sum()
            known = groups >= _GROUPS_FOR_A_FIGURE and total > 0
            recall = float(table[number, number] / total) if known else None
            items = int((self.examples.classes == number).sum())
            found.append(ClassFigure(label, items, groups, recall))
        return tuple(found)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Sentences on what the figures do not say."""
        found = [
            f"{one.label} has {one.groups} groups of pictures; fewer than "
            f"{_GROUPS_FOR_A_FIGURE} say too little for a figure of its own"
            for one in self.classes
            if one.recall is None
        ]
        if self.tested.folds < min(self.recipe.folds, _GROUPS_FOR_A_FIGURE):
            found.append(
                f"a class has {self.tested.folds} groups, so that cross-validation fits on "
                f"{1 - 1 / self.tested.folds:.0%} of the pictures: the figure is lower than the model "
                "deserves"
            )
        chance = 1 / len(self.examples.labels)
        if len(self.shuffled) and self.leaks:
            found.append(
                f"with shuffled classes models still reach {self.shuffled.mean():.2f} where chance "
                f"is {chance:.2f}: pictures of one group are alike; group by plate, patient or day "
                "(--group-by)"
            )
        found += unwritten(self.rivals, self.balanced_accuracy)
        if self.duplicates.contradicting:
            found.append(
                f"{self.duplicates.contradicting} pairs of pictures look the same and have different "
                "classes; correct one of each"
            )
        return tuple(found)

    @property
    def leaks(self) -> bool:
        """Whether training and test differ in something other than the class."""
        chance = 1 / len(self.examples.labels)
        tested = len(self.tested.classes)
        # Three standard deviations of a coin that is tossed for every tested item.
        reach = 3 * (chance * (1 - chance) / max(1, tested)) ** 0.5
        return bool(len(self.shuffled) and self.shuffled.mean() > chance + max(0.03, reach))

    def to_record(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        low, high = self.interval
        return {
            "balanced_accuracy": self.balanced_accuracy,
            "interval_95": [low, high],
            "accuracy": self.tested.accuracy,
            "majority_rate": self.majority_rate,
            "classes": [
                {
                    "label": one.label,
                    "items": one.items,
                    "groups": one.groups,
                    "recall": one.recall,
                }
                for one in self.classes
            ],
            "confusion": self.tested.confusion.tolist(),
            "expected_calibration_error": self.calibration_error,
            "temperature": self.temperature,
            "prediction_set": {
                "coverage": self.recipe.coverage,
                "least_score": self.least_score,
            },
            "novelty_threshold": self.novelty_threshold,
            "shuffled_classes": self.shuffled.tolist(),
            "chance": 1 / len(self.examples.labels),
            "rivals": [
                {
                    "head": one.name,
                    "balanced_accuracy": one.balanced_accuracy,
                    "p_value": one.p_value,
                }
                for one in self.rivals
            ],
            "duplicates": [
                {
                    "first": self.examples.names[pair.first],
                    "second": self.examples.names[pair.second],
                    "similarity": pair.similarity,
                    "contradicting": pair.contradicting,
                }
                for pair in self.duplicates.pairs
            ],
            "duplicates_found": self.duplicates.total,
            "doubtful": [
                {
                    "item": self.examples.names[one.item],
                    "label": self.examples.labels[self.examples.classes[one.item]],
                    "suggested": one.suggested,
                    "probability": one.probability,
                }
                for one in self.doubts
            ],
            "improvement": list(self.improvement),
            "cautions": list(self.cautions),
        }


def fit_examples(
    examples: Examples,
    recipe: Recipe,
    *,
    rivals: bool = False,
    unlabelled: NDArray[np.float32] | None = None,
    improve: MethodName = "data",
    sentences: Sequence[str] = (),
    on_step: OnStep | None = None,
) -> Fitted:
    """Fit a head, and find all that can be said of it.

    Parameters
    ----------
    examples, recipe
        On what, and how.
    rivals
        Try the other heads too; the simplest wins unless another is significantly better.
    unlabelled
        ``(pictures, views, dimensions)``: pictures without a class, to improve the model with.
    improve
        How they become examples: one of :data:`~zoobridge.training.improve.METHODS`.
    sentences
        What must be said of the pictures beside.
    on_step
        Called with what is done, how many steps of it, and of how many; what it raises ends the
        work.

    Raises
    ------
    InvalidRequestError
        If a class has fewer than two groups to divide.
    """
    from threadpoolctl import threadpool_limits

    # One thread: sums in another order differ in their last digit.
    with threadpool_limits(1):
        alike = duplicates(examples)
        joined = merged_groups(examples, alike.alike)
        joined, recipe, space, tested, copies = choose_copies(
            joined, recipe, stage("cross-validation", on_step)
        )
        tried: tuple[Rival, ...] = ()
        if rivals:
            recipe, tested, tried = choose_head(joined, recipe, space, tested, on_step)
        pooled = tested.logits.reshape(-1, len(joined.labels))
        classes = np.tile(tested.classes, len(tested.logits))
        temperature = fit_temperature(tested.logits, tested.classes)
        probabilities = softmax(tested.logits / temperature)
        head = fit_head(joined, recipe, space)
        reference, groups = _reference(joined, recipe.seed)
        threshold = novelty_threshold(leave_one_out(reference, groups, recipe.neighbours))
        improvement = (*sentences, *copies)
        if unlabelled is not None:
            unlike = novelty(unlabelled[:, 0], reference, recipe.neighbours) > threshold
            views = [one for one in COPIES[recipe.copies] if one < unlabelled.shape[1]]
            head, changed = _improved(
                joined, unlabelled[~unlike][:, views], recipe, temperature, head, improve, on_step
            )
            improvement += (*changed, *foreign(int(unlike.sum()), len(unlike)))
        return Fitted(
            recipe=recipe,
            examples=joined,
            head=head.divided(temperature),
            tested=tested,
            interval=corrected_interval(tested.balanced_accuracy, tested.scores, tested.test_share),
            temperature=temperature,
            calibration_error=expected_calibration_error(pooled / temperature, classes),
            least_score=conformal_threshold(probabilities, tested.classes, recipe.coverage),
            reference=reference,
            novelty_threshold=threshold,
            duplicates=alike,
            doubts=tuple(doubtful(joined, tested, probabilities.mean(axis=0))),
            shuffled=shuffled(
                joined, recipe, space=space, on_fold=stage("shuffled classes", on_step)
            ),
            rivals=tried,
            improvement=improvement,
        )


def _improved(
    examples: Examples,
    unlabelled: NDArray[np.float32],
    recipe: Recipe,
    temperature: float,
    head: Head,
    method: MethodName,
    on_step: OnStep | None,
) -> tuple[Head, tuple[str, ...]]:
    """Return the head to take, and a sentence that says why."""
    if not len(unlabelled):
        return head, ()
    fewest = int(np.bincount(examples.classes).min())
    if fewest < LEAST_LABELS:
        return head, (
            f"the unlabelled pictures were not used: a class has {fewest} labels, and below "
            f"{LEAST_LABELS} they were measured to do harm",
        )
    found, weight, bias = improvement_of(
        examples, unlabelled, recipe, temperature, method, stage("unlabelled", on_step)
    )
    change = (
        f"{METHODS[method]}: balanced accuracy {found.before:.3f} without and {found.after:.3f} "
        f"with {found.taken} of {len(unlabelled)} unlabelled pictures (McNemar: {found.only_before} right "
        f"only without, {found.only_after} only with, p = {found.p_value:.2g})"
    )
    if found.after < found.before or not found.taken:
        return head, (f"{change}; they were not used",)
    better = Head(head.labels, weight.astype(np.float32), bias.astype(np.float32))
    return better, (f"{change}; they were used. Leave --unlabelled out to go back",)


def _reference(examples: Examples, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rows = examples.features[:, 0]
    if len(rows) <= _REFERENCES:
        chosen = np.arange(len(rows))
    else:
        chosen = np.random.default_rng(seed).permutation(len(rows))[:_REFERENCES]
    # As they will be read back.
    kept = rows[chosen].astype(np.float16).astype(np.float32)
    kept /= np.linalg.norm(kept, axis=1, keepdims=True)
    return kept, examples.groups[chosen]
