"""The figures of a fit as messages of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.training.fit import softmax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zoobridge.training._fitted import Fitted

__all__ = ["figures_message"]

#: Entries of a list: people look at some, and a message holds 4 MiB.
_MOST: Final = 1000


def figures_message(
    fitted: Fitted,
    items: Sequence[pb.TrainingItem],
    unused: Sequence[tuple[str, str]],
    seconds: float,
) -> pb.TrainingFigures:
    """Return all that is known of a fit.

    Parameters
    ----------
    fitted
        The fit.
    items
        That of each example.
    unused
        Annotations that were not used, each with the reason.
    seconds
        That it took.
    """
    low, high = fitted.interval
    labels, classes = fitted.examples.labels, fitted.examples.classes
    doubtful = [
        pb.QuestionedItem(
            item=items[one.item],
            label=labels[classes[one.item]],
            answered=one.suggested,
            probability=one.probability,
        )
        for one in fitted.doubts[:_MOST]
    ]
    pairs = [
        pb.DuplicateItems(
            first=items[pair.first],
            second=items[pair.second],
            similarity=pair.similarity,
            contradicting=pair.contradicting,
        )
        for pair in fitted.duplicates.pairs
    ]
    mistakes = list(_mistakes(fitted, items))
    shortened = [
        f"of {count:,} {what} the first {_MOST:,} are listed"
        for what, count in (
            ("mistakes", len(mistakes)),
            ("doubtful labels", len(fitted.doubts)),
            ("pairs that look alike", fitted.duplicates.total),
            ("annotations that were not used", len(unused)),
        )
        if count > _MOST
    ]
    return pb.TrainingFigures(
        balanced_accuracy=fitted.balanced_accuracy,
        low=low,
        high=high,
        accuracy=fitted.tested.accuracy,
        majority_rate=fitted.majority_rate,
        chance=1 / len(labels),
        classes=[
            pb.ClassFigures(label=one.label, items=one.items, groups=one.groups, recall=one.recall)
            for one in fitted.classes
        ],
        confusion=fitted.tested.confusion.ravel().tolist(),
        calibration_error=fitted.calibration_error,
        novelty_threshold=fitted.novelty_threshold,
        mistakes=mistakes[:_MOST],
        doubtful=doubtful,
        duplicates=pairs,
        unused=[pb.UnusedItem(item=name, reason=reason) for name, reason in unused[:_MOST]],
        cautions=[*fitted.improvement, *fitted.cautions, *shortened],
        seconds=seconds,
    )


def _mistakes(fitted: Fitted, items: Sequence[pb.TrainingItem]) -> Iterator[pb.QuestionedItem]:
    """Yield tested items that most models answered wrongly, the surest mistakes first."""
    tested, labels = fitted.tested, fitted.examples.labels
    said = softmax(tested.logits / fitted.temperature).mean(axis=0)
    answers = said.argmax(axis=1)
    own = said[range(len(answers)), tested.classes]
    for row in own.argsort(kind="stable").tolist():
        if answers[row] != tested.classes[row]:
            yield pb.QuestionedItem(
                item=items[tested.items[row]],
                label=labels[tested.classes[row]],
                answered=labels[answers[row]],
                probability=float(own[row]),
            )
