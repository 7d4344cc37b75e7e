"""How sure one can be of a difference: intervals, and tests on the same items."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

# As a whole: it loads `stats` when that is first used, which takes longer than measuring one model
# on a few hundred pictures.
import scipy

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "ConfidencePair",
    "Friedman",
    "Interval",
    "Pair",
    "bootstrap",
    "cochran_q",
    "compare_pairs",
    "friedman",
    "holm",
    "mcnemar",
    "resampled_weights",
]

# Frameworks round differently in the seventh digit; ranks would take that for a preference.
_DIGITS = 3


@dataclass(frozen=True)
class Interval:
    """A confidence interval with the level that it has."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Pair:
    """Two models on the same items.

    Parameters
    ----------
    first, second
        Their names.
    only_first, only_second
        Items that one of them alone got right.
    p_value
        McNemar's exact test.
    adjusted
        The same after Holm's correction for all pairs compared.
    difference
        Interval of the first's accuracy less the second's, by the same bootstrap as all others.
    """

    first: str
    second: str
    only_first: int
    only_second: int
    p_value: float
    adjusted: float
    difference: Interval


@dataclass(frozen=True)
class ConfidencePair:
    """Two models by the probability that each gives to the true class.

    Parameters
    ----------
    first, second
        Their names.
    median
        Median over the items of the first's probability less the second's.
    p_value
        Wilcoxon's signed-rank test.
    adjusted
        The same after Holm's correction for all pairs compared.
    """

    first: str
    second: str
    median: float
    p_value: float
    adjusted: float


@dataclass(frozen=True)
class Friedman:
    """Three models or more by the probability that each gives to the true class.

    Parameters
    ----------
    statistic, p_value
        Friedman's test that none is systematically surer of the truth than another.
    pairs
        The post-hoc test for each pair.
    """

    statistic: float
    p_value: float
    pairs: tuple[ConfidencePair, ...]


def resampled_weights(
    strata: NDArray[np.intp], *, resamples: int, seed: int
) -> list[NDArray[np.int32]]:
    """Draw items with replacement within strata.

    Parameters
    ----------
    strata
        ``(items,)`` integers; each resample keeps the number of items of each stratum.
    resamples, seed
        How many, and where the random numbers start.

    Returns
    -------
    list of NDArray
        For each resample ``(items,)``: how often each item was drawn.
    """
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata)]
    found = []
    for _ in range(resamples):
        drawn = np.concatenate([random.choice(group, group.size) for group in groups])
        found.append(np.bincount(drawn, minlength=strata.size).astype(np.int32))
    return found


def bootstrap(
    statistic: Callable[[NDArray[np.int32]], float | None],
    weights: Sequence[NDArray[np.int32]],
    *,
    level: float = 0.95,
) -> Interval | None:
    """Return the percentile interval of a statistic under resampling.

    Parameters
    ----------
    statistic
        Takes how often each item was drawn, and returns a number, or `None` where it is not
        defined for a resample.
    weights
        The resamples, of :func:`resampled_weights`: the same for all statistics and models that
        are compared, so that differences between them are paired.
    level
        How sure.

    Returns
    -------
    Interval or None
        `None` if the statistic was not defined for more than one in twenty resamples.

    References
    ----------
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
    """
    found = [value for value in map(statistic, weights) if value is not None]
    if not found or len(found) < 0.95 * len(weights):
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return the items that only one got right, for both, and the two-sided exact p-value.

    Parameters
    ----------
    first, second
        ``(items,)`` booleans: where each model is right, on the same items.

    Raises
    ------
    InvalidRequestError
        If they are not of the same items.
    """
    from statsmodels.stats.contingency_tables import mcnemar as exact_test

    if first.shape != second.shape:
        raise InvalidRequestError("McNemar's test compares answers on the same items")
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    if not only_first + only_second:
        return 0, 0, 1.0
    p_value = float(exact_test([[0, only_first], [only_second, 0]], exact=True).pvalue)
    return only_first, only_second, p_value


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values after Holm's step-down correction, in their order (Holm, 1979)."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return []
    return [float(value) for value in multipletests(p_values, method="holm")[1]]


def cochran_q(correct: NDArray[np.bool_]) -> tuple[float, float]:
    """Return Cochran's Q, and the p-value of all models being right equally often.

    Its post-hoc test is McNemar's for each pair with Holm's correction: :func:`compare_pairs`.

    Parameters
    ----------
    correct
        ``(items, models)`` booleans, three models or more.

    Raises
    ------
    InvalidRequestError
        If there are fewer models.
    """
    from statsmodels.stats.contingency_tables import cochrans_q

    if correct.ndim != 2 or correct.shape[1] < 3:
        raise InvalidRequestError("Cochran's Q compares three models or more; use McNemar's test")
    if (correct == correct[:, :1]).all():
        return 0.0, 1.0
    found = cochrans_q(correct.astype(int))
    return float(found.statistic), float(found.pvalue)


def compare_pairs(
    correct: Mapping[str, NDArray[np.bool_]], weights: Sequence[NDArray[np.int32]]
) -> tuple[Pair, ...]:
    """Return McNemar's exact test for every pair of models, with Holm's correction.

    Parameters
    ----------
    correct
        By model ``(items,)`` booleans: where it is right.
    weights
        Resamples for the intervals of the differences.
    """
    pairs = list(combinations(correct, 2))
    found = [mcnemar(correct[first], correct[second]) for first, second in pairs]
    adjusted = holm([p_value for _, _, p_value in found])
    return tuple(
        Pair(first, second, alone, other, p_value, corrected,
             _difference(correct[first], correct[second], weights))
        for (first, second), (alone, other, p_value), corrected in zip(
            pairs, found, adjusted, strict=True
        )
    )  # fmt: skip


def _difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], weights: Sequence[NDArray[np.int32]]
) -> Interval:
    gain = first.astype(np.float64) - second
    found = bootstrap(lambda weight: float(weight @ gain / weight.sum()), weights)
    assert found is not None  # noqa: S101 - the mean of a resample is always defined
    return found


def friedman(probability: Mapping[str, NDArray[np.float64]]) -> Friedman:
    """Compare how sure models are of the truth, item by item.

    The blocks of the test are the items, which were drawn independently of each other, and the
    value is the probability that a model gives to an item's true class. Folds or classes, which
    are often taken as blocks, are few, overlap or differ in size. The post-hoc test is Wilcoxon's
    signed-rank test for each pair with Holm's correction: unlike Nemenyi's, what it says of two
    models does not depend on which others were compared (Benavoli, Corani and Mangili, 2016,
    "Should We Really Use Post-Hoc Tests Based on Mean-Ranks?"). Probabilities are compared at
    three digits, so that rounding in different frameworks makes no rank.

    Parameters
    ----------
    probability
        By model ``(items,)``: the probability of the true class; three models or more.

    Raises
    ------
    InvalidRequestError
        If there are fewer models.
    """
    if len(probability) < 3:
        raise InvalidRequestError("Friedman's test compares three models or more")
    rounded = {name: np.round(values, _DIGITS) for name, values in probability.items()}
    columns = np.stack(list(rounded.values()), axis=1)
    if (columns == columns[:, :1]).all():
        statistic, p_value = 0.0, 1.0
    else:
        statistic, p_value = map(float, scipy.stats.friedmanchisquare(*columns.T))
    pairs = list(combinations(rounded, 2))
    tested = [_wilcoxon(rounded[first] - rounded[second]) for first, second in pairs]
    adjusted = holm(tested)
    return Friedman(
        statistic,
        p_value,
        tuple(
            ConfidencePair(first, second,
                           float(np.median(probability[first] - probability[second])),
                           one, corrected)
            for (first, second), one, corrected in zip(pairs, tested, adjusted, strict=True)
        ),
    )  # fmt: skip


def _wilcoxon(difference: NDArray[np.float64]) -> float:
    # 0.301 less 0.3 and 0.701 less 0.7 are the same difference, but not the same float.
    rounded = np.round(difference, _DIGITS)
    return float(scipy.stats.wilcoxon(rounded).pvalue) if rounded.any() else 1.0
