"""What may be concluded from a comparison, and what may not, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.evaluation.comparison._comparison import Comparison, Row
    from zoobridge.evaluation.comparison._statistics import ConfidencePair, Pair

__all__ = ["conclusions"]

_LEVEL = 0.05
_FEW = 10


def conclusions(comparison: Comparison) -> list[str]:
    """Return sentences on what may and may not be concluded."""
    return [
        *_scope(comparison),
        *_winner(comparison),
        *(_pair(pair) for pair in comparison.pairs),
        *_overall(comparison),
        *_sureness(comparison),
        *_frameworks(comparison),
        *_limits(comparison),
    ]


def _scope(comparison: Comparison) -> Iterator[str]:
    count = len(comparison.items)
    yield (
        f"All numbers are of the {count} items that every model answered. They hold for pictures "
        "like these, taken and prepared in the same way. Pictures on which a model was trained make "
        "it look better than it is."
    )
    lost = len(comparison.rows[0].run.truth) - count
    if lost:
        yield (
            f"{lost} items that a model could not answer are left out for all models; they are "
            "listed below. If they are harder than the others, all numbers are too good."
        )


def _winner(comparison: Comparison) -> Iterator[str]:
    """Say whether the first of the ranking may be called the best."""
    pairs = comparison.pairs
    if not pairs:
        if len(comparison.rows) > 1:
            yield (
                "All rows are one model, with the same answers in every framework: there is nothing "
                "to choose between but their costs."
            )
        return
    if comparison.rank_by != "accuracy":
        yield (
            f"The ranking is by {comparison.rank_by}; the tests below are of accuracy, and say "
            "nothing of it. Whether two rows differ in it, their intervals hint at."
        )
        return
    first = comparison.rows[0].run
    own = [pair for pair in pairs if first.name in (pair.first, pair.second)]
    if not own:
        return
    unsure = [pair for pair in own if pair.adjusted >= _LEVEL]
    others = ", ".join(pair.second if pair.first == first.name else pair.first for pair in unsure)
    if unsure:
        yield (
            f"{first.name} comes first, but these pictures do not show that it is better than "
            f"{others}."
        )
    else:
        yield f"{first.name} is more often right than each other model; that is significant."


def _pair(pair: Pair) -> str:
    low, high = 100 * pair.difference.low, 100 * pair.difference.high
    numbers = (
        f"{pair.only_first} against {pair.only_second} items that only one of them got right; "
        f"Holm-adjusted p = {pair.adjusted:.2g}; difference in accuracy {low:+.1f} to {high:+.1f} "
        "percentage points, 95 % interval"
    )
    if pair.adjusted < _LEVEL:
        better = pair.first if pair.only_first > pair.only_second else pair.second
        return f"{pair.first} and {pair.second} differ, in favour of {better} ({numbers})."
    return (
        f"{pair.first} and {pair.second} cannot be told apart on these pictures ({numbers}). "
        "That does not prove them equal: the interval tells how large a difference would still go "
        "with these answers."
    )


def _overall(comparison: Comparison) -> Iterator[str]:
    if comparison.cochran is None:
        return
    q, p_value = comparison.cochran
    if p_value < _LEVEL:
        yield (
            f"Not all models are equally often right (Cochran's Q = {q:.2f}, p = {p_value:.2g}); "
            "which of them differ, the pairs above tell."
        )
    else:
        yield (
            "That all models are equally often right goes with these answers (Cochran's Q = "
            f"{q:.2f}, p = {p_value:.2g}); a single pair should then not be made much of."
        )


def _sureness(comparison: Comparison) -> Iterator[str]:
    if comparison.friedman is None:
        return
    found = comparison.friedman
    head = (
        "How much probability the models give to the true class "
        f"(Friedman's test over the items, p = {found.p_value:.2g}): "
    )
    if found.p_value >= _LEVEL:
        yield f"{head}no model can be said to be surer of the truth than another."
        return
    surer = [_surer(pair) for pair in found.pairs if pair.adjusted < _LEVEL]
    told = "; ".join(surer) or "which models differ cannot be told"
    yield (
        f"{head}{told} (Wilcoxon's signed-rank test, Holm-adjusted). Being surer is not being right "
        "more often: look at the calibration."
    )


def _surer(pair: ConfidencePair) -> str:
    # The sign of the median; equal medians can still differ in the tails.
    if pair.median == 0:
        return f"{pair.first} and {pair.second} differ (p = {pair.adjusted:.2g})"
    first, second = (pair.first, pair.second) if pair.median > 0 else (pair.second, pair.first)
    return f"{first} is surer than {second} (p = {pair.adjusted:.2g})"


def _frameworks(comparison: Comparison) -> Iterator[str]:
    for one in comparison.parity:
        if one.answers:
            yield (
                f"{one.first} and {one.second} are the same model, yet answer {one.answers} of "
                f"{len(comparison.items)} items differently: one of its conversions may be wrong."
            )


def _limits(comparison: Comparison) -> Iterator[str]:
    perfect = [row for row in comparison.rows if row.outcomes.correct.all()]
    if perfect:
        count = len(comparison.items)
        yield (
            f"{_names(perfect)} made no mistake on {count} items. The bootstrap then shows no "
            f"uncertainty; an error rate of up to {min(1.0, 3 / count):.1%} still goes with that "
            "(rule of three)."
        )
    first = comparison.rows[0].run
    if not first.multi_label:
        sizes = Counter(first.truth[number][0] for number in comparison.items)
        few = [first.classes[index] for index, size in sorted(sizes.items()) if size < _FEW]
        if few:
            yield (
                f"Fewer than {_FEW} items stand for {', '.join(few)}: what is said of these classes "
                "by themselves is uncertain."
            )
    if comparison.clustered:
        yield (
            "Several items lie in one picture. Such items resemble each other, and intervals and "
            "tests that take them as independent are too sure; add pictures, not objects."
        )
    yield (
        "Intervals and tests are of this one set of pictures and these weights. They do not tell how "
        "a model would do after training anew. Of the measures, accuracy alone is tested; the "
        "others describe."
    )


def _names(rows: list[Row]) -> str:
    return ", ".join(row.run.name for row in rows)
