"""Measures against scikit-learn, and what a perfect classifier scores."""

import numpy as np
import pytest
from sklearn import metrics

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import MEASURES, Costs, Outcomes, calibration, measure, per_class

LABELS = tuple("abcdefg")
QUALITY = [one for one in MEASURES if one.group == "quality"]


def drawn(classes, kind="probability", items=300, *, ties=False):
    random = np.random.default_rng(5)
    truth = random.integers(0, classes, items)
    logits = random.normal(size=(items, classes)) + 1.5 * np.eye(classes)[truth]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties:
        scores = np.round(scores * 8) / 8
        scores[:, 0] += 1 - scores.sum(axis=1)
    return Outcomes.from_scores(LABELS[:classes], truth, scores, kind)


def several(items=200, classes=5):
    """Items with none to five classes, and independent probabilities."""
    random = np.random.default_rng(6)
    truth = random.random((items, classes)) < np.array([0.5, 0.3, 0.1, 0.6, 0.2])
    scores = 1 / (1 + np.exp(-(random.normal(size=truth.shape) + 2 * (truth - 0.5))))
    return Outcomes.from_scores(LABELS[:classes], truth, scores, "independent_probability")


@pytest.fixture(params=[2, 7])
def outcomes(request):
    return drawn(request.param)


@pytest.fixture(params=["once", "weighted"])
def weights(request):
    """What a bootstrap draws, and scikit-learn takes as ``sample_weight``."""

    def make(outcomes):
        if request.param == "once":
            return np.ones(len(outcomes))
        return np.random.default_rng(8).integers(0, 4, len(outcomes))

    return make


def value(name, outcomes, weights=None):
    (one,) = [one for one in MEASURES if one.name == name]
    found = one(outcomes, weights)
    assert found.value is not None, found.reason
    return found.value


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "jaccard"])
def test_averaged_measures_are_those_of_scikit_learn(outcomes, weights, name, average):
    drawn_weights = weights(outcomes)
    expected = getattr(metrics, f"{name}_score")(
        outcomes.truth, outcomes.predicted, average=average, sample_weight=drawn_weights
    )
    found = value(f"{name}_{average}", outcomes, drawn_weights)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("accuracy", metrics.accuracy_score),
        ("balanced_accuracy", metrics.balanced_accuracy_score),
        ("matthews", metrics.matthews_corrcoef),
        ("cohen_kappa", metrics.cohen_kappa_score),
    ],
)
def test_measures_of_labels_are_those_of_scikit_learn(outcomes, weights, name, function):
    drawn_weights = weights(outcomes)
    expected = function(outcomes.truth, outcomes.predicted, sample_weight=drawn_weights)
    assert value(name, outcomes, drawn_weights) == pytest.approx(expected)
    assert (
        outcomes.confusion == metrics.confusion_matrix(outcomes.truth, outcomes.predicted)
    ).all()


@pytest.mark.parametrize("ties", [False, True])
def test_measures_of_order_are_those_of_scikit_learn(weights, ties):
    seven, two = drawn(7, ties=ties), drawn(2, ties=ties)
    all_seven, all_two = weights(seven), weights(two)
    assert value("auroc", seven, all_seven) == pytest.approx(
        metrics.roc_auc_score(
            np.eye(7)[seven.truth], seven.scores, average="macro", sample_weight=all_seven
        )
    )
    assert value("average_precision", seven, all_seven) == pytest.approx(
        metrics.average_precision_score(
            np.eye(7)[seven.truth], seven.scores, sample_weight=all_seven
        )
    )
    pair = (two.truth, two.scores[:, 1])
    assert value("auroc", two, all_two) == pytest.approx(
        metrics.roc_auc_score(*pair, sample_weight=all_two)
    )
    assert value("average_precision", two, all_two) == pytest.approx(
        metrics.average_precision_score(*pair, sample_weight=all_two)
    )


def test_the_mean_of_one_against_the_rest_is_scikit_learns():
    seven = drawn(7)
    expected = metrics.roc_auc_score(seven.truth, seven.scores, multi_class="ovr")
    assert value("auroc", seven) == pytest.approx(expected)


def test_measures_of_probabilities_are_those_of_scikit_learn(weights):
    seven, two = drawn(7), drawn(2)
    all_seven, all_two = weights(seven), weights(two)
    for k in (3, 5):
        expected = metrics.top_k_accuracy_score(
            seven.truth, seven.scores, k=k, sample_weight=all_seven
        )
        assert value(f"top{k}_accuracy", seven, all_seven) == pytest.approx(expected)
    assert value("log_loss", seven, all_seven) == pytest.approx(
        metrics.log_loss(seven.truth, seven.scores, sample_weight=all_seven)
    )
    assert value("brier", seven, all_seven) == pytest.approx(
        metrics.brier_score_loss(seven.truth, seven.scores, sample_weight=all_seven)
    )
    assert value("brier", two, all_two) == pytest.approx(
        metrics.brier_score_loss(two.truth, two.scores[:, 1], sample_weight=all_two)
    )


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "jaccard"])
def test_averages_over_items_of_several_classes_are_those_of_scikit_learn(weights, name, average):
    outcomes = several()
    drawn_weights = weights(outcomes)
    expected = getattr(metrics, f"{name}_score")(
        outcomes.truth, outcomes.predicted, average=average, zero_division=0,
        sample_weight=drawn_weights,
    )  # fmt: skip
    assert value(f"{name}_{average}", outcomes, drawn_weights) == pytest.approx(expected)


def test_measures_of_items_of_several_classes_are_those_of_scikit_learn(weights):
    outcomes = several()
    w = weights(outcomes)
    assert value("accuracy", outcomes, w) == pytest.approx(
        metrics.accuracy_score(outcomes.truth, outcomes.predicted, sample_weight=w)
    )
    assert value("auroc", outcomes, w) == pytest.approx(
        metrics.roc_auc_score(outcomes.truth, outcomes.scores, sample_weight=w)
    )
    assert value("average_precision", outcomes, w) == pytest.approx(
        metrics.average_precision_score(outcomes.truth, outcomes.scores, sample_weight=w)
    )
    columns = list(zip(outcomes.truth.T, outcomes.scores.T, strict=True))
    assert value("log_loss", outcomes, w) == pytest.approx(
        np.mean([metrics.log_loss(true, score, sample_weight=w) for true, score in columns])
    )
    assert value("brier", outcomes, w) == pytest.approx(
        np.mean([metrics.brier_score_loss(true, score, sample_weight=w) for true, score in columns])
    )


def test_what_is_not_defined_for_items_of_several_classes_says_so():
    found = measure(several())
    for name in ("balanced_accuracy", "matthews", "cohen_kappa", "top3_accuracy"):
        assert found[name].reason == "it is not defined for items that may have several classes"
    softmax = Outcomes.from_scores(
        ("a", "b"), np.array([[True, True], [False, True]]), np.array([[0.9, 0.1], [0.2, 0.8]]),
        "probability",
    )  # fmt: skip
    assert softmax.predicted.tolist() == [[True, False], [False, True]]
    assert "not independent of each other" in measure(softmax)["log_loss"].reason


def test_each_class_is_told_as_scikit_learn_does(outcomes):
    for index, row in enumerate(per_class(outcomes)):
        pair = (outcomes.truth == index, outcomes.predicted == index)
        assert row["precision"] == pytest.approx(metrics.precision_score(*pair))
        assert row["recall"] == pytest.approx(metrics.recall_score(*pair))
        assert row["f1"] == pytest.approx(metrics.f1_score(*pair))
        assert row["jaccard"] == pytest.approx(metrics.jaccard_score(*pair))
        assert row["items"] == int((outcomes.truth == index).sum())


def test_calibration_bins_hold_every_item_once(outcomes):
    parts = calibration(outcomes)
    assert sum(count for _, _, count in parts) == outcomes.truth.size
    right = sum(share * count for _, share, count in parts)
    assert right == pytest.approx(outcomes.correct.sum())
    expected = sum(abs(sure - share) * count for sure, share, count in parts) / len(outcomes)
    assert value("ece", outcomes) == pytest.approx(expected)


def test_calibration_error_of_a_known_case():
    scores = np.array([[0.8, 0.2]] * 4)
    outcomes = Outcomes.from_scores(("a", "b"), [0, 0, 0, 1], scores, "probability")
    assert value("ece", outcomes) == pytest.approx(0.05)
    truth = np.array([[True], [False]])
    pairs = Outcomes.from_scores(("a",), truth, [[0.75], [0.05]], "independent_probability")
    assert value("ece", pairs) == pytest.approx((0.25 + 0.05) / 2)


def perfect(kind, classes=7):
    truth = np.arange(classes).repeat(3)
    if kind == "label_only":
        return Outcomes(LABELS[:classes], truth, truth, None, kind)
    if kind == "single sigmoid":
        truth = np.array([0, 1, 0, 1])
        return Outcomes.from_scores(("a", "b"), truth, truth[:, None], "independent_probability")
    if kind == "single logit":
        truth = np.array([0, 1, 0, 1])
        return Outcomes.from_scores(("a", "b"), truth, truth[:, None] - 0.5, "logit")
    if kind == "several classes":
        many = np.random.default_rng(1).random((40, classes)) < 0.4
        return Outcomes.from_scores(LABELS[:classes], many, many, "independent_probability")
    return Outcomes.from_scores(LABELS[:classes], truth, np.eye(classes)[truth], kind)


@pytest.mark.parametrize(
    "kind",
    ["probability", "independent_probability", "logit", "single sigmoid", "single logit",
     "several classes", "label_only"],
)  # fmt: skip
def test_a_perfect_classifier_is_perfect_by_every_measure_that_applies(kind):
    outcomes = perfect(kind)
    for one in QUALITY:
        found = one(outcomes)
        if found.value is None:
            assert found.reason
        else:
            assert found.value == pytest.approx(one.best, abs=1e-12), one.name
    found = measure(outcomes)
    assert found["accuracy"].value == 1
    assert (found["auroc"].value is None) == (kind == "label_only")
    calibrated = kind in ("probability", "single sigmoid", "several classes")
    assert (found["brier"].value is None) == (not calibrated)


def test_losses_are_perfect_at_zero_and_all_other_measures_of_quality_at_one():
    assert {one.name for one in QUALITY if one.best == 0} == {"log_loss", "brier", "ece"}
    assert all(one.better == ("lower" if one.best == 0 else "higher") for one in QUALITY)
    assert all(one.best in (0, 1) for one in QUALITY)


def test_every_measure_says_what_it_is_and_when_it_applies():
    assert len({one.name for one in MEASURES}) == len(MEASURES)
    for one in MEASURES:
        assert one.description.endswith(".")
        assert one.when


def test_a_measure_that_does_not_apply_says_why():
    truth = np.array([0, 0, 1])
    outcomes = Outcomes.from_scores(("a", "b", "c"), truth, np.eye(3)[truth], "logit")
    found = measure(outcomes)
    assert found["top3_accuracy"].reason == "with 3 classes the first 3 answers are all of them"
    assert "logit" in found["log_loss"].reason
    assert found["auroc"].value == 1
    alone = Outcomes.from_scores(("a", "b"), [0, 0], np.eye(2)[[0, 0]], "probability")
    found = measure(alone)
    assert found["auroc"].reason == "no class has items that are of it and items that are not"
    assert found["matthews"].reason == "all items are of one class"
    assert measure(perfect("label_only"))["auroc"].reason == "the model gives labels without scores"


def test_costs_are_measures_too_and_say_why_they_are_not_known():
    costs = Costs(
        latencies=(0.1, 0.2, 0.3), values={"memory_bytes": 5.0},
        reasons={"parameters": "the framework does not report it"},
    )  # fmt: skip
    truth = np.array([0, 1])
    found = measure(Outcomes(("a", "b"), truth, truth, None, "label_only", costs))
    assert found["latency_p50"].value == pytest.approx(0.2)
    assert found["latency_p95"].value == pytest.approx(np.quantile([0.1, 0.2, 0.3], 0.95))
    assert found["memory_bytes"].value == 5
    assert found["parameters"].reason == "the framework does not report it"
    assert measure(perfect("logit"))["throughput"].reason == "it was not measured"


def test_an_unknown_measure_is_named_with_those_there_are():
    with pytest.raises(InvalidRequestError, match=r"unknown measure nice; there are accuracy"):
        measure(perfect("probability"), ["nice"])


def test_outcomes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidRequestError, match="not one of the model's 2 classes"):
        Outcomes(("a", "b"), np.array([2]), np.array([0]), None, "label_only")
    with pytest.raises(InvalidRequestError, match="nothing to measure"):
        Outcomes(("a", "b"), np.array([], int), np.array([], int), None, "label_only")
    with pytest.raises(InvalidRequestError, match="NaN"):
        Outcomes.from_scores(("a", "b"), [0], [[np.nan, 1]], "probability")
    with pytest.raises(InvalidRequestError, match="no confusion matrix"):
        _ = several().confusion
    with pytest.raises(InvalidRequestError, match="calibration needs probabilities"):
        calibration(perfect("logit"))
