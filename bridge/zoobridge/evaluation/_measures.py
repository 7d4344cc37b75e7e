"""Measures of quality, by scikit-learn's definitions, each with the reason where it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn import metrics

from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zoobridge.evaluation._outcomes import Outcomes

__all__ = ["MEASURES", "Measure", "Measured", "calibration", "measure", "per_class"]


@dataclass(frozen=True)
class Measured:
    """A measure's value, or why it has none.

    Parameters
    ----------
    value
        The value; `None` if the measure does not apply.
    reason
        Why it does not apply; empty if it does.
    """

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class Measure:
    """A measure of quality.

    Parameters
    ----------
    name
        What commands and tables call it.
    description
        What it says, in one sentence.
    needs
        ``labels``, ``scores`` (of any kind, only their order counts) or ``probabilities`` (which
        add up to one).
    best
        The value of a perfect classifier: 1, or 0 for losses.
    compute
        Returns the value; called only where `needs` is met.
    """

    name: str
    description: str
    needs: Literal["labels", "scores", "probabilities"]
    best: float
    compute: Callable[[Outcomes], float | Measured]

    @property
    def when(self) -> str:
        """When the measure applies, for people."""
        return {
            "labels": "always",
            "scores": "the model gives scores",
            "probabilities": "the model's scores are probabilities that add up to one",
        }[self.needs]

    def __call__(self, outcomes: Outcomes) -> Measured:
        """Return the measure of outcomes, or why it does not apply."""
        if self.needs != "labels" and outcomes.scores is None:
            return Measured(None, "the model gives labels without scores")
        if self.needs == "probabilities" and outcomes.kind != "probability":
            return Measured(None, f"scores of kind {outcomes.kind} do not add up to one")
        found = self.compute(outcomes)
        return found if isinstance(found, Measured) else Measured(float(found))


def calibration(outcomes: Outcomes, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return mean confidence, accuracy and number of items of each bin that holds items.

    Bins are of equal width over the score of the answered class, open below (Guo et al., 2017,
    "On Calibration of Modern Neural Networks").
    """
    if outcomes.scores is None:
        raise InvalidRequestError("calibration needs a model with scores")
    sure = outcomes.scores[np.arange(outcomes.truth.size), outcomes.predicted]
    place = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    return [
        (float(sure[inside].mean()), float(outcomes.correct[inside].mean()), int(inside.sum()))
        for inside in (place == number for number in range(bins))
        if inside.any()
    ]


def _expected_calibration_error(outcomes: Outcomes) -> float:
    parts = calibration(outcomes)
    return sum(abs(sure - right) * count for sure, right, count in parts) / outcomes.truth.size


def _top(k: int) -> Callable[[Outcomes], float | Measured]:
    def compute(outcomes: Outcomes) -> float | Measured:
        count = len(outcomes.labels)
        if k >= count:
            return Measured(None, f"with {count} classes the first {k} answers are all of them")
        scores = np.asarray(outcomes.scores)
        own = scores[np.arange(outcomes.truth.size), outcomes.truth]
        # Equal scores count against the model: it did not put the true class first.
        above = (scores >= own[:, None]).sum(axis=1) - 1
        return float((above < k).mean())

    return compute


def _present(outcomes: Outcomes) -> list[int]:
    return [int(index) for index in np.unique(np.concatenate([outcomes.truth, outcomes.predicted]))]


def _averaged(
    function: Callable[..., float], average: str
) -> Callable[[Outcomes], float | Measured]:
    def compute(outcomes: Outcomes) -> float:
        return function(
            outcomes.truth,
            outcomes.predicted,
            labels=_present(outcomes),
            average=average,
            zero_division=0,
        )

    return compute


def _balanced(outcomes: Outcomes) -> float:
    matrix = outcomes.confusion
    there = matrix.sum(axis=1) > 0
    return float((matrix.diagonal()[there] / matrix.sum(axis=1)[there]).mean())


def _needs_two(
    function: Callable[[Outcomes], float],
) -> Callable[[Outcomes], float | Measured]:
    def compute(outcomes: Outcomes) -> float | Measured:
        if len(np.unique(outcomes.truth)) < 2:
            return Measured(None, "all items are of one class")
        return function(outcomes)

    return compute


def _needs_all(function: Callable[[Outcomes], float]) -> Callable[[Outcomes], float | Measured]:
    def compute(outcomes: Outcomes) -> float | Measured:
        there = set(outcomes.truth.tolist())
        missing = [name for index, name in enumerate(outcomes.labels) if index not in there]
        if missing:
            return Measured(None, f"no item is of the class {', '.join(missing)}")
        if len(outcomes.labels) < 2:
            return Measured(None, "the model knows one class alone")
        return function(outcomes)

    return compute


def _one_hot(outcomes: Outcomes) -> np.ndarray:
    return np.eye(len(outcomes.labels))[outcomes.truth]


def _auroc(outcomes: Outcomes) -> float:
    scores, truth = np.asarray(outcomes.scores), _one_hot(outcomes)
    if truth.shape[1] == 2:
        order = scores[:, 1] if outcomes.kind == "probability" else scores[:, 1] - scores[:, 0]
        return float(metrics.roc_auc_score(truth[:, 1], order))
    return float(metrics.roc_auc_score(truth, scores, average="macro"))


def _average_precision(outcomes: Outcomes) -> float:
    scores, truth = np.asarray(outcomes.scores), _one_hot(outcomes)
    if truth.shape[1] == 2:
        order = scores[:, 1] if outcomes.kind == "probability" else scores[:, 1] - scores[:, 0]
        return float(metrics.average_precision_score(truth[:, 1], order))
    return float(metrics.average_precision_score(truth, scores, average="macro"))


def _log_loss(outcomes: Outcomes) -> float:
    scores = np.asarray(outcomes.scores)
    own = scores[np.arange(outcomes.truth.size), outcomes.truth] / scores.sum(axis=1)
    return float(-np.log(np.clip(own, np.finfo(np.float64).eps, 1)).mean())


def _brier(outcomes: Outcomes) -> float:
    return float(((np.asarray(outcomes.scores) - _one_hot(outcomes)) ** 2).sum(axis=1).mean())


def _all() -> tuple[Measure, ...]:
    found = [
        Measure("accuracy", "Share of items whose answer is true.", "labels", 1,
                lambda one: float(one.correct.mean())),
        Measure("balanced_accuracy", "Mean over the classes of the share that is found.",
                "labels", 1, _balanced),
        Measure("top3_accuracy", "Share of items whose class is among the first three answers.",
                "scores", 1, _top(3)),
        Measure("top5_accuracy", "Share of items whose class is among the first five answers.",
                "scores", 1, _top(5)),
    ]  # fmt: skip
    for name, text, function in (
        ("precision", "Share of a class's answers that are true", metrics.precision_score),
        ("recall", "Share of a class's items that are found", metrics.recall_score),
        ("f1", "Harmonic mean of precision and recall", metrics.f1_score),
        ("jaccard", "Items both of a class and answered so, among those of either",
         metrics.jaccard_score),
    ):  # fmt: skip
        for average, how in (("macro", "mean over classes"), ("weighted", "weighted by class")):
            found.append(
                Measure(f"{name}_{average}", f"{text}; {how}.", "labels", 1,
                        _averaged(function, average))
            )  # fmt: skip
    found += [
        Measure("matthews", "Correlation of answers with the truth (Matthews).", "labels", 1,
                _needs_two(lambda one: metrics.matthews_corrcoef(one.truth, one.predicted))),
        Measure("cohen_kappa", "Agreement with the truth beyond chance (Cohen).", "labels", 1,
                _needs_two(lambda one: metrics.cohen_kappa_score(one.truth, one.predicted))),
        Measure("auroc", "Area under the ROC curve; mean of one class against the rest.",
                "scores", 1, _needs_all(_auroc)),
        Measure("average_precision", "Area under precision against recall; mean over classes.",
                "scores", 1, _needs_all(_average_precision)),
        Measure("log_loss", "Mean negative logarithm of the true class's probability.",
                "probabilities", 0, _log_loss),
        Measure("brier", "Mean squared distance of the probabilities from the truth, 0 to 2.",
                "probabilities", 0, _brier),
        Measure("ece", "Expected calibration error over ten bins of equal width.",
                "probabilities", 0, _expected_calibration_error),
    ]  # fmt: skip
    return tuple(found)


#: All measures of quality, in the order of the report.
MEASURES: tuple[Measure, ...] = _all()


def measure(outcomes: Outcomes, names: Sequence[str] = ()) -> Mapping[str, Measured]:
    """Return measures by name; all if none is named.

    Raises
    ------
    InvalidRequestError
        If a name is not that of a measure.
    """
    known = {one.name: one for one in MEASURES}
    if wrong := [name for name in names if name not in known]:
        raise InvalidRequestError(
            f"no measure is called {', '.join(wrong)}; there are {', '.join(known)}"
        )
    return {name: known[name](outcomes) for name in (names or known)}


def per_class(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Return precision, recall, F1, Jaccard and number of items of each class."""
    numbers = range(len(outcomes.labels))
    options = {"labels": list(numbers), "average": None, "zero_division": 0}
    pair = (outcomes.truth, outcomes.predicted)
    columns = {
        "precision": metrics.precision_score(*pair, **options),
        "recall": metrics.recall_score(*pair, **options),
        "f1": metrics.f1_score(*pair, **options),
        "jaccard": metrics.jaccard_score(*pair, **options),
    }
    counts = outcomes.confusion.sum(axis=1)
    return [
        {"label": label, "items": int(counts[index])}
        | {name: float(values[index]) for name, values in columns.items()}
        for index, label in enumerate(outcomes.labels)
    ]
