"""Tests and intervals against statsmodels and SciPy."""

import numpy as np
import pytest
from statsmodels.stats import contingency_tables
from statsmodels.stats.multitest import multipletests

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import bootstrap, cochran_q, compare_pairs, holm, mcnemar


@pytest.fixture
def correct():
    random = np.random.default_rng(2)
    return random.random((120, 4)) < np.array([0.95, 0.9, 0.8, 0.75])


def test_mcnemar_is_that_of_statsmodels(correct):
    for other in (1, 2, 3):
        a, b = correct[:, 0], correct[:, other]
        table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
        only_first, only_second, p_value = mcnemar(a, b)
        assert (only_first, only_second) == (table[0][1], table[1][0])
        assert p_value == pytest.approx(contingency_tables.mcnemar(table, exact=True).pvalue)


def test_models_that_never_differ_are_not_told_apart(correct):
    assert mcnemar(correct[:, 0], correct[:, 0]) == (0, 0, 1.0)
    assert cochran_q(correct[:, [0, 0, 0]]) == (0.0, 1.0)


def test_cochran_q_is_that_of_statsmodels(correct):
    q, p_value = cochran_q(correct)
    expected = contingency_tables.cochrans_q(correct.astype(int))
    assert q == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("values", [[0.01, 0.04, 0.03, 0.5], [0.9, 0.8], [0.001], []])
def test_holm_is_that_of_statsmodels(values):
    expected = multipletests(values, method="holm")[1] if values else []
    assert holm(values) == pytest.approx(list(expected))


def test_pairs_carry_the_corrected_p_values(correct):
    pairs = compare_pairs({name: correct[:, index] for index, name in enumerate("abcd")})
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d"),
    ]  # fmt: skip
    assert [pair.adjusted for pair in pairs] == pytest.approx(
        list(multipletests([pair.p_value for pair in pairs], method="holm")[1])
    )


def test_the_interval_is_repeatable_and_near_the_binomial_one(correct):
    from scipy import stats

    right, strata = correct[:, 2], np.arange(120) % 5
    interval = bootstrap(lambda index: float(right[index].mean()), strata)
    assert interval == bootstrap(lambda index: float(right[index].mean()), strata)
    assert interval != bootstrap(lambda index: float(right[index].mean()), strata, seed=1)
    exact = stats.binomtest(int(right.sum()), 120).proportion_ci(method="wilson")
    assert interval.low == pytest.approx(exact.low, abs=0.03)
    assert interval.high == pytest.approx(exact.high, abs=0.03)


def test_every_resample_keeps_the_size_of_each_class():
    strata = np.array([0] * 30 + [1] * 2)
    seen = []
    bootstrap(lambda index: seen.append((strata[index] == 1).sum()) or 0.0, strata, resamples=50)
    assert set(seen) == {2}


def test_answers_on_different_items_are_not_compared(correct):
    with pytest.raises(InvalidRequestError, match="same items"):
        mcnemar(correct[:10, 0], correct[:, 1])
    with pytest.raises(InvalidRequestError, match="three models or more"):
        cochran_q(correct[:, :2])
