"""Tests and intervals against their definitions and SciPy."""

import numpy as np
import pytest
from scipy import stats

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import (
    bootstrap,
    cochran_q,
    compare_pairs,
    friedman,
    holm,
    mcnemar,
    resampled_weights,
)


@pytest.fixture
def correct():
    random = np.random.default_rng(2)
    return random.random((120, 4)) < np.array([0.95, 0.9, 0.8, 0.75])


@pytest.fixture
def probabilities():
    random = np.random.default_rng(4)
    base = random.random(80)
    return {
        name: np.clip(base + shift + random.normal(0, 0.1, 80), 0, 1)
        for name, shift in (("a", 0.1), ("b", 0.05), ("c", 0.0))
    }


def drawn(strata, *, resamples=1000, seed=0):
    return resampled_weights(np.asarray(strata), resamples=resamples, seed=seed)


def test_mcnemar_is_the_binomial_test_of_the_items_that_one_alone_got_right(correct):
    for other in (1, 2, 3):
        a, b = correct[:, 0], correct[:, other]
        only_first, only_second, p_value = mcnemar(a, b)
        assert (only_first, only_second) == ((a & ~b).sum(), (~a & b).sum())
        expected = stats.binomtest(only_first, only_first + only_second, 0.5)
        assert p_value == pytest.approx(expected.pvalue)


def test_models_that_never_differ_are_not_told_apart(correct):
    assert mcnemar(correct[:, 0], correct[:, 0]) == (0, 0, 1.0)
    assert cochran_q(correct[:, [0, 0, 0]]) == (0.0, 1.0)


def test_cochran_q_is_that_of_its_definition(correct):
    q, p_value = cochran_q(correct)
    count, columns, rows = 4, correct.sum(axis=0), correct.sum(axis=1)
    spread = count * ((columns - columns.mean()) ** 2).sum() * (count - 1)
    assert q == pytest.approx(spread / (count * rows.sum() - (rows**2).sum()))
    assert p_value == pytest.approx(stats.chi2.sf(q, count - 1))


@pytest.mark.parametrize(
    ("values", "adjusted"),
    [
        # Holm (1979): the smallest times 4, the next times 3, and so on, never falling.
        ([0.01, 0.04, 0.03, 0.5], [0.04, 0.09, 0.09, 0.5]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.001], [0.001]),
        ([], []),
    ],
)
def test_holm_multiplies_step_by_step(values, adjusted):
    assert holm(values) == pytest.approx(adjusted)


def test_pairs_carry_the_corrected_p_values_and_the_interval_of_the_difference(correct):
    table = {name: correct[:, index] for index, name in enumerate("abcd")}
    pairs = compare_pairs(table, drawn(np.zeros(120, int)))
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d"),
    ]  # fmt: skip
    assert [pair.adjusted for pair in pairs] == holm([pair.p_value for pair in pairs])
    for pair in pairs:
        gain = table[pair.first].astype(float) - table[pair.second]
        half = 1.96 * gain.std() / np.sqrt(gain.size)
        assert pair.difference.low == pytest.approx(gain.mean() - half, abs=0.02)
        assert pair.difference.high == pytest.approx(gain.mean() + half, abs=0.02)


def test_friedman_and_its_post_hoc_test_are_those_of_scipy(probabilities):
    found = friedman(probabilities)
    rounded = {name: np.round(values, 3) for name, values in probabilities.items()}
    expected = stats.friedmanchisquare(*rounded.values())
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    raw = [
        stats.wilcoxon(np.round(rounded[one.first] - rounded[one.second], 3)).pvalue
        for one in found.pairs
    ]
    assert [one.p_value for one in found.pairs] == pytest.approx(raw)
    assert [one.adjusted for one in found.pairs] == holm(raw)
    assert found.pairs[1].median == pytest.approx(
        np.median(probabilities["a"] - probabilities["c"])
    )


def test_rounding_in_frameworks_is_no_preference(probabilities):
    one = np.round(probabilities["a"], 3)
    noise = {name: one + shift for name, shift in (("x", 0.0), ("y", 1e-7), ("z", 2e-7))}
    found = friedman(noise)
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert all(pair.adjusted == 1.0 for pair in found.pairs)
    with pytest.raises(InvalidRequestError, match="three models or more"):
        friedman({"x": one, "y": one})


def test_the_interval_is_repeatable_and_near_the_binomial_one(correct):
    right, strata = correct[:, 2], np.arange(120) % 5

    def interval(seed):
        weights = drawn(strata, seed=seed)
        return bootstrap(lambda weight: float(weight @ right / weight.sum()), weights)

    assert interval(0) == interval(0)
    assert interval(0) != interval(1)
    exact = stats.binomtest(int(right.sum()), 120).proportion_ci(method="wilson")
    assert interval(0).low == pytest.approx(exact.low, abs=0.03)
    assert interval(0).high == pytest.approx(exact.high, abs=0.03)


def test_the_interval_is_the_percentile_one_of_scipy(correct):
    right = correct[:, 3].astype(float)
    weights = drawn(np.zeros(120, int), resamples=4000)
    found = bootstrap(lambda weight: float(weight @ right / weight.sum()), weights)
    expected = stats.bootstrap(
        (right,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(0)
    ).confidence_interval
    assert found.low == pytest.approx(expected.low, abs=0.01)
    assert found.high == pytest.approx(expected.high, abs=0.01)


def test_every_resample_keeps_the_size_of_each_class():
    strata = np.array([0] * 30 + [1] * 2)
    weights = drawn(strata, resamples=50)
    assert {int(weight[strata == 1].sum()) for weight in weights} == {2}
    assert {int(weight.sum()) for weight in weights} == {32}


def test_a_statistic_that_most_resamples_do_not_define_has_no_interval():
    weights = drawn(np.zeros(10, int), resamples=100)
    assert bootstrap(lambda _: None, weights) is None
    assert bootstrap(lambda weight: 1.0 if weight[0] else None, weights) is None
    assert bootstrap(lambda _: 1.0, []) is None


def test_answers_on_different_items_are_not_compared(correct):
    with pytest.raises(InvalidRequestError, match="same items"):
        mcnemar(correct[:10, 0], correct[:, 1])
    with pytest.raises(InvalidRequestError, match="three models or more"):
        cochran_q(correct[:, :2])
