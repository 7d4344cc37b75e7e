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
            f"{lost} items that some model could not answer are excluded for all models; they are "
            "listed below. If they are harder than the rest, all numbers are too optimistic."
        )


def _winner(comparison: Comparison) -> Iterator[str]:
    """Say whether the first of the ranking may be called the best."""
    pairs = comparison.pairs
    if not pairs:
        if len(comparison.rows) > 1:
            yield (
                "All rows are the same model, with the same answers in every framework; they differ "
                "in their costs only."
            )
        return
    if comparison.rank_by != "accuracy":
        yield (
            f"The ranking is by {comparison.rank_by}, but the tests below compare accuracy. To judge "
            f"whether two rows differ in {comparison.rank_by}, compare their intervals."
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
            f"{first.name} ranks first, but these pictures do not show that it is better than "
            f"{others}."
        )
    else:
        yield f"{first.name} is significantly more accurate than every other model."


def _pair(pair: Pair) -> str:
    low, high = 100 * pair.difference.low, 100 * pair.difference.high
    numbers = (
        f"{pair.only_first} and {pair.only_second} items that only one of them got right; "
        f"Holm-adjusted p = {pair.adjusted:.2g}; difference in accuracy {low:+.1f} to {high:+.1f} "
        "percentage points, 95 % interval"
    )
    if pair.adjusted < _LEVEL:
        better = pair.first if pair.only_first > pair.only_second else pair.second
        return f"{pair.first} and {pair.second} differ, in favour of {better} ({numbers})."
    return (
        f"{pair.first} and {pair.second} cannot be distinguished on these pictures ({numbers}). "
        "This does not prove them equal: the interval shows how large a difference is still "
        "compatible with these answers."
    )


def _overall(comparison: Comparison) -> Iterator[str]:
    if comparison.cochran is None:
        return
    q, p_value = comparison.cochran
    if p_value < _LEVEL:
        yield (
            f"Not all models are equally accurate (Cochran's Q = {q:.2f}, p = {p_value:.2g}); the "
            "pairs above show which of them differ."
        )
    else:
        yield (
            "These answers are compatible with all models being equally accurate (Cochran's Q = "
            f"{q:.2f}, p = {p_value:.2g}); do not rely on a single significant pair."
        )


def _sureness(comparison: Comparison) -> Iterator[str]:
    if comparison.friedman is None:
        return
    found = comparison.friedman
    head = (
        "Probability that the models assign to the true class "
        f"(Friedman's test over the items, p = {found.p_value:.2g}): "
    )
    if found.p_value >= _LEVEL:
        yield f"{head}no model is significantly more confident in the true class than another."
        return
    surer = [_surer(pair) for pair in found.pairs if pair.adjusted < _LEVEL]
    differing = "; ".join(surer) or "the models differ, but no single pair does"
    yield (
        f"{head}{differing} (Wilcoxon's signed-rank test, Holm-adjusted). More confident does not "
        "mean more accurate: check the calibration."
    )


def _surer(pair: ConfidencePair) -> str:
    # The sign of the median; equal medians can still differ in the tails.
    if pair.median == 0:
        return f"{pair.first} and {pair.second} differ (p = {pair.adjusted:.2g})"
    first, second = (pair.first, pair.second) if pair.median > 0 else (pair.second, pair.first)
    return f"{first} is more confident than {second} (p = {pair.adjusted:.2g})"


def _frameworks(comparison: Comparison) -> Iterator[str]:
    for one in comparison.parity:
        if one.answers:
            yield (
                f"{one.first} and {one.second} are the same model but answer {one.answers} of "
                f"{len(comparison.items)} items differently; one of its conversions may be wrong."
            )


def _limits(comparison: Comparison) -> Iterator[str]:
    perfect = [row for row in comparison.rows if row.outcomes.correct.all()]
    if perfect:
        count = len(comparison.items)
        yield (
            f"{_names(perfect)} made no mistake on {count} items. The bootstrap then shows no "
            f"uncertainty, but an error rate of up to {min(1.0, 3 / count):.1%} is still compatible "
            "with this (rule of three)."
        )
    first = comparison.rows[0].run
    if not first.multi_label:
        sizes = Counter(first.truth[number][0] for number in comparison.items)
        few = [first.classes[index] for index, size in sorted(sizes.items()) if size < _FEW]
        if few:
            yield (
                f"There are fewer than {_FEW} items of {', '.join(few)}: numbers for these classes "
                "alone are uncertain."
            )
    if comparison.clustered:
        yield (
            "Several items lie in one picture. Such items resemble each other, so intervals and tests "
            "that assume independence are too narrow; add pictures, not objects."
        )
    yield (
        "Intervals and tests describe this set of pictures and these weights. They do not predict how "
        "a model would perform after retraining. Only accuracy is tested; the other measures are "
        "descriptive."
    )


def _names(rows: list[Row]) -> str:
    return ", ".join(row.run.name for row in rows)
