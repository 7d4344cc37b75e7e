"""How far judges agree, and what their choices say."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["binomial_interval", "binomial_test", "cohen_kappa", "fleiss_kappa"]

_STEPS = 60


def binomial_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson, Biometrika 26, 1934).

    Parameters
    ----------
    successes, trials
        Counts; with no trial the interval is all of 0 to 1.
    confidence
        Probability that such an interval covers the true share, at least.

    Raises
    ------
    InvalidRequestError
        If they are not counts.
    """
    if not 0 <= successes <= trials:
        raise InvalidRequestError(f"{successes} of {trials} is not a count of successes")
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else _solve(trials, successes, tail, upper=False)
    high = 1.0 if successes == trials else _solve(trials, successes, tail, upper=True)
    return low, high


def binomial_test(successes: int, trials: int) -> float:
    """Return the two-sided probability of a count as uneven as this, or more, at a share of 1/2."""
    if trials == 0:
        return 1.0
    fewer = min(successes, trials - successes)
    return min(1.0, 2 * _at_most(fewer, trials, 0.5))


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return the agreement of two judges beyond chance (Cohen, 1960), unweighted.

    Parameters
    ----------
    first, second
        Their choices, item by item.

    Returns
    -------
    float or None
        `None` where chance alone explains everything: no item, or one choice only.
    """
    count = len(first)
    if count == 0:
        return None
    seen = sum(a == b for a, b in zip(first, second, strict=True)) / count
    one, other = Counter(first), Counter(second)
    chance = sum(one[choice] * other[choice] for choice in one) / count**2
    return None if chance >= 1 else (seen - chance) / (1 - chance)


def fleiss_kappa(items: Sequence[Sequence[Hashable]]) -> float | None:
    """Return the agreement of several judges beyond chance (Fleiss, 1971).

    Parameters
    ----------
    items
        For each item the choices of as many judges, two at least.

    Returns
    -------
    float or None
        `None` where chance alone explains everything: no item, or one choice only.

    Raises
    ------
    InvalidRequestError
        If the items have different numbers of judges.
    """
    if not items:
        return None
    judges = len(items[0])
    if judges < 2 or any(len(item) != judges for item in items):
        raise InvalidRequestError("Fleiss' kappa needs the same two or more judges for every item")
    counts = [Counter(item) for item in items]
    seen = sum(
        sum(number * (number - 1) for number in count.values()) / (judges * (judges - 1))
        for count in counts
    ) / len(items)
    total = sum(counts, Counter())
    chance = sum((number / (judges * len(items))) ** 2 for number in total.values())
    return None if chance >= 1 else (seen - chance) / (1 - chance)


def _solve(trials: int, successes: int, tail: float, *, upper: bool) -> float:
    """Return the share at which a count as extreme as this has the probability `tail`."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if upper:
            beyond = _at_most(successes, trials, middle) < tail
        else:
            beyond = 1 - _at_most(successes - 1, trials, middle) > tail
        low, high = (low, middle) if beyond else (middle, high)
    return (low + high) / 2


def _at_most(successes: int, trials: int, share: float) -> float:
    """Return the probability of at most so many successes."""
    if share in (0.0, 1.0):
        return 1.0 if share == 0.0 or successes >= trials else 0.0
    yes, no = math.log(share), math.log1p(-share)
    whole = math.lgamma(trials + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(
                whole - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                + k * yes + (trials - k) * no
            )
            for k in range(successes + 1)
        ),
    )  # fmt: skip
