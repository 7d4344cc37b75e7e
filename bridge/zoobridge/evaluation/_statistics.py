"""How sure one can be of a difference: intervals, and tests on the same items."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Interval", "Pair", "bootstrap", "cochran_q", "compare_pairs", "holm", "mcnemar"]


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
    """

    first: str
    second: str
    only_first: int
    only_second: int
    p_value: float
    adjusted: float


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    strata: NDArray[np.intp],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the percentile interval of a statistic under resampling within strata.

    Parameters
    ----------
    statistic
        Takes ``(items,)`` indexes, drawn with replacement, and returns a number.
    strata
        ``(items,)`` integers; each resample keeps the number of items of each stratum, which is
        the true class, so that no class drops out.
    resamples, level, seed
        How many, how sure, and where the random numbers start.

    References
    ----------
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
    """
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata)]
    values = [
        statistic(np.concatenate([random.choice(group, group.size) for group in groups]))
        for _ in range(resamples)
    ]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
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
    if first.shape != second.shape:
        raise InvalidRequestError("McNemar's test compares answers on the same items")
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    differing = only_first + only_second
    if not differing:
        return 0, 0, 1.0
    p_value = float(stats.binomtest(only_first, differing, 0.5).pvalue)
    return only_first, only_second, p_value


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values after Holm's step-down correction, in their order (Holm, 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return [float(value) for value in adjusted]


def cochran_q(correct: NDArray[np.bool_]) -> tuple[float, float]:
    """Return Cochran's Q, and the p-value of all models being right equally often.

    Parameters
    ----------
    correct
        ``(items, models)`` booleans, three models or more.

    References
    ----------
    Cochran (1950), "The Comparison of Percentages in Matched Samples", Biometrika 37.
    """
    if correct.ndim != 2 or correct.shape[1] < 3:
        raise InvalidRequestError("Cochran's Q compares three models or more; use McNemar's test")
    count = correct.shape[1]
    columns, rows = correct.sum(axis=0), correct.sum(axis=1)
    total = int(correct.sum())
    spread = count * total - int((rows**2).sum())
    if not spread:
        return 0.0, 1.0
    q = (count - 1) * (count * int((columns**2).sum()) - total**2) / spread
    return float(q), float(stats.chi2.sf(q, count - 1))


def compare_pairs(correct: Mapping[str, NDArray[np.bool_]]) -> list[Pair]:
    """Return McNemar's exact test for every pair of models, with Holm's correction."""
    pairs = list(combinations(correct, 2))
    found = [mcnemar(correct[first], correct[second]) for first, second in pairs]
    adjusted = holm([p_value for _, _, p_value in found])
    return [
        Pair(first, second, alone, other, p_value, corrected)
        for (first, second), (alone, other, p_value), corrected in zip(
            pairs, found, adjusted, strict=True
        )
    ]
