"""Measures against scikit-learn, and what a perfect classifier scores."""

import numpy as np
import pytest
from sklearn import metrics

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import MEASURES, Outcomes, calibration, measure, per_class

LABELS = tuple("abcdefg")


def drawn(classes, kind="probability", items=300):
    random = np.random.default_rng(5)
    truth = random.integers(0, classes, items)
    logits = random.normal(size=(items, classes)) + 1.5 * np.eye(classes)[truth]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Outcomes.from_scores(LABELS[:classes], truth, scores, kind)


@pytest.fixture(params=[2, 7])
def outcomes(request):
    return drawn(request.param)


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "jaccard"])
def test_averaged_measures_are_those_of_scikit_learn(outcomes, name, average):
    expected = getattr(metrics, f"{name}_score")(
        outcomes.truth, outcomes.predicted, average=average
    )
    assert measure(outcomes)[f"{name}_{average}"].value == pytest.approx(expected, abs=1e-12)


def test_measures_of_labels_are_those_of_scikit_learn(outcomes):
    found = measure(outcomes)
    pair = (outcomes.truth, outcomes.predicted)
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(*pair))
    assert found["balanced_accuracy"].value == pytest.approx(metrics.balanced_accuracy_score(*pair))
    assert found["matthews"].value == pytest.approx(metrics.matthews_corrcoef(*pair))
    assert found["cohen_kappa"].value == pytest.approx(metrics.cohen_kappa_score(*pair))
    assert (outcomes.confusion == metrics.confusion_matrix(*pair)).all()


def test_measures_of_scores_are_those_of_scikit_learn():
    seven, two = drawn(7), drawn(2)
    found = measure(seven)
    for k in (3, 5):
        expected = metrics.top_k_accuracy_score(seven.truth, seven.scores, k=k)
        assert found[f"top{k}_accuracy"].value == pytest.approx(expected)
    assert found["auroc"].value == pytest.approx(
        metrics.roc_auc_score(seven.truth, seven.scores, multi_class="ovr")
    )
    assert found["log_loss"].value == pytest.approx(metrics.log_loss(seven.truth, seven.scores))
    truth = np.eye(7)[seven.truth]
    assert found["average_precision"].value == pytest.approx(
        metrics.average_precision_score(truth, seven.scores)
    )
    assert measure(two)["auroc"].value == pytest.approx(
        metrics.roc_auc_score(two.truth, two.scores[:, 1])
    )
    # Over two classes the sum of squares is twice the binary definition.
    assert measure(two)["brier"].value == pytest.approx(
        2 * metrics.brier_score_loss(two.truth, two.scores[:, 1])
    )


def test_each_class_is_told_as_scikit_learn_does(outcomes):
    for index, row in enumerate(per_class(outcomes)):
        pair = (outcomes.truth == index, outcomes.predicted == index)
        assert row["f1"] == pytest.approx(metrics.f1_score(*pair))
        assert row["recall"] == pytest.approx(metrics.recall_score(*pair))
        assert row["items"] == int((outcomes.truth == index).sum())


def test_calibration_bins_hold_every_item_once(outcomes):
    parts = calibration(outcomes)
    assert sum(count for _, _, count in parts) == outcomes.truth.size
    right = sum(share * count for _, share, count in parts)
    assert right == pytest.approx(outcomes.correct.sum())


def test_calibration_error_of_a_known_case():
    scores = np.array([[0.8, 0.2]] * 4)
    outcomes = Outcomes.from_scores(("a", "b"), [0, 0, 0, 1], scores, "probability")
    assert measure(outcomes)["ece"].value == pytest.approx(0.05)


def perfect(kind, classes=7):
    truth = np.arange(classes).repeat(3)
    if kind == "label_only":
        return Outcomes(LABELS[:classes], truth, truth, None, kind)
    if kind == "single sigmoid":
        truth = np.array([0, 1, 0, 1])
        return Outcomes.from_scores(("a", "b"), truth, truth[:, None], "independent_probability")
    return Outcomes.from_scores(LABELS[:classes], truth, np.eye(classes)[truth], kind)


@pytest.mark.parametrize(
    "kind", ["probability", "independent_probability", "logit", "single sigmoid", "label_only"]
)
def test_a_perfect_classifier_is_perfect_by_every_measure_that_applies(kind):
    outcomes = perfect(kind)
    found = measure(outcomes)
    for one in MEASURES:
        if found[one.name].value is None:
            assert found[one.name].reason
        else:
            assert found[one.name].value == pytest.approx(one.best, abs=1e-12), one.name
    assert found["accuracy"].value == 1
    assert (found["auroc"].value is None) == (kind == "label_only")
    assert (found["brier"].value is None) == (kind not in ("probability", "single sigmoid"))


def test_a_measure_that_does_not_apply_says_why():
    truth = np.array([0, 0, 1])
    outcomes = Outcomes.from_scores(("a", "b", "c"), truth, np.eye(3)[truth], "logit")
    found = measure(outcomes)
    assert found["auroc"].reason == "no item is of the class c"
    assert found["top3_accuracy"].reason == "with 3 classes the first 3 answers are all of them"
    assert "logit" in found["log_loss"].reason


def test_an_unknown_measure_is_named_with_those_there_are():
    with pytest.raises(InvalidRequestError, match=r"no measure is called nice; there are accuracy"):
        measure(perfect("probability"), ["nice"])


def test_outcomes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidRequestError, match="none of the model's 2 classes"):
        Outcomes(("a", "b"), np.array([2]), np.array([0]), None, "label_only")
    with pytest.raises(InvalidRequestError, match="nothing to measure"):
        Outcomes(("a", "b"), np.array([], int), np.array([], int), None, "label_only")
    with pytest.raises(InvalidRequestError, match="NaN"):
        Outcomes.from_scores(("a", "b"), [0], [[np.nan, 1]], "probability")
