"""What judges' choices say, against reference implementations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as fleiss_reference

from zoobridge.errors import InvalidRequestError
from zoobridge.web import binomial_interval, binomial_test, cohen_kappa, fleiss_kappa

CHOICES = st.sampled_from(["a", "b", "equal"])


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(deadline=None, max_examples=60)
def test_interval_and_test_are_scipys(counts):
    successes, trials = counts
    if not trials:
        assert binomial_interval(0, 0) == (0, 1)
        assert binomial_test(0, 0) == 1
        return
    reference = binomtest(successes, trials)
    interval = reference.proportion_ci(0.95, method="exact")
    assert binomial_interval(successes, trials) == pytest.approx((interval.low, interval.high))
    assert binomial_test(successes, trials) == pytest.approx(reference.pvalue)


@given(st.lists(st.tuples(CHOICES, CHOICES), min_size=1, max_size=60))
@settings(deadline=None)
def test_cohens_kappa_is_scikit_learns(pairs):
    first, second = zip(*pairs, strict=True)
    kappa = cohen_kappa(first, second)
    if len({*first, *second}) == 1:
        assert kappa is None
    else:
        assert kappa == pytest.approx(cohen_kappa_score(first, second))


@given(st.lists(st.tuples(CHOICES, CHOICES, CHOICES), min_size=1, max_size=60))
@settings(deadline=None)
def test_fleiss_kappa_is_statsmodels(items):
    kappa = fleiss_kappa(items)
    if len({choice for item in items for choice in item}) == 1:
        assert kappa is None
    else:
        table, _ = aggregate_raters(np.array(items))
        assert kappa == pytest.approx(fleiss_reference(table))


def test_without_items_there_is_no_agreement():
    assert cohen_kappa([], []) is None
    assert fleiss_kappa([]) is None


@pytest.mark.parametrize("items", [[("a",)], [("a", "b"), ("a", "b", "a")]])
def test_fleiss_kappa_needs_the_same_judges(items):
    with pytest.raises(InvalidRequestError, match="two or more judges"):
        fleiss_kappa(items)


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(InvalidRequestError, match="not a count"):
        binomial_interval(*counts)
