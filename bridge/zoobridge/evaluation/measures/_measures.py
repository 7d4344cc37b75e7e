"""The measures: of quality by scikit-learn's definitions, and of cost; each says when it applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.measures import _counting as counting
from zoobridge.evaluation.measures import _scoring as scoring
from zoobridge.evaluation.measures._counting import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zoobridge.evaluation.measures._counting import Weights
    from zoobridge.evaluation.measures._outcomes import Outcomes

__all__ = ["MEASURES", "Measure", "Measured", "measure", "measures_named", "per_class"]


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
    """A measure.

    Parameters
    ----------
    name
        What commands and tables call it.
    description
        What it says, in one sentence.
    when
        When it applies.
    compute
        Returns the value for outcomes and a weight for each item; raises
        :class:`~zoobridge.evaluation.measures._counting.NotApplicable` where it does not apply.
    better
        Which values are better.
    group
        ``quality`` of the answers, or their ``cost``.
    best
        The value of a perfect classifier: 1, or 0 for losses. `None` for costs, which have none.
    unit
        Unit of the value; empty for a plain number.
    """

    name: str
    description: str
    when: str
    compute: Callable[[Outcomes, Weights], float]
    better: Literal["higher", "lower"] = "higher"
    group: Literal["quality", "cost"] = "quality"
    best: float | None = 1.0
    unit: str = ""

    def __call__(self, outcomes: Outcomes, weights: Weights | None = None) -> Measured:
        """Return the measure of outcomes, or why it does not apply.

        Parameters
        ----------
        outcomes
            What was answered.
        weights
            ``(items,)``: how often each item counts; once if not given.
        """
        try:
            found = self.compute(outcomes, np.ones(len(outcomes)) if weights is None else weights)
        except NotApplicable as reason:
            return Measured(None, str(reason))
        return Measured(float(found))


_ALWAYS = "always"
_ONE_CLASS = "items have one class each"
_SCORES = "the model gives scores"
_PROBABILITIES = (
    "the model gives probabilities that add up to one, or, where items may have several classes, "
    "independent ones"
)


def _with_scores(
    function: Callable[[Outcomes, Weights], float],
) -> Callable[[Outcomes, Weights], float]:
    def compute(outcomes: Outcomes, weights: Weights) -> float:
        if outcomes.scores is None:
            raise NotApplicable("the model gives labels without scores")
        return function(outcomes, weights)

    return compute


def _latency(share: float) -> Callable[[Outcomes, Weights], float]:
    def compute(outcomes: Outcomes, _: Weights) -> float:
        if not outcomes.costs.latencies:
            raise NotApplicable(outcomes.costs.reasons.get("latency", "it was not measured"))
        return float(np.quantile(outcomes.costs.latencies, share))

    return compute


def _cost(name: str) -> Callable[[Outcomes, Weights], float]:
    def compute(outcomes: Outcomes, _: Weights) -> float:
        if name not in outcomes.costs.values:
            raise NotApplicable(outcomes.costs.reasons.get(name, "it was not measured"))
        return outcomes.costs.values[name]

    return compute


def _all() -> tuple[Measure, ...]:
    found = [
        Measure("accuracy", "Share of items whose answer is true; all classes of an item, where it "
                "may have several.", _ALWAYS, counting.accuracy),
        Measure("balanced_accuracy", "Mean over the classes of the share of items that is found.",
                _ONE_CLASS, counting.balanced_accuracy),
    ]  # fmt: skip
    for k, word in ((3, "three"), (5, "five")):
        found.append(
            Measure(f"top{k}_accuracy", f"Share of items whose class is among the first {word} answers.",
                    f"{_SCORES}, items have one class each, and there are more than {k} classes",
                    _with_scores(counting.top(k)))
        )  # fmt: skip
    for name, text, function in (
        ("precision", "Share of a class's answers that are true", counting.precision),
        ("recall", "Share of a class's items that are found", counting.recall),
        ("f1", "Harmonic mean of precision and recall", counting.f1),
        ("jaccard", "Items both of a class and answered so, among those of either",
         counting.jaccard),
    ):  # fmt: skip
        for average, how in (
            ("macro", "mean over the classes that occur"),
            ("weighted", "mean over the classes, weighted by their items"),
        ):
            found.append(
                Measure(f"{name}_{average}", f"{text}; {how}.", _ALWAYS,
                        counting.averaged(function, average))
            )  # fmt: skip
    two = "items have one class each, and are of two classes or more"
    losses: dict[str, Any] = {"better": "lower", "best": 0.0}
    found += [
        Measure("matthews", "Correlation of answers and truth (Matthews).", two, counting.matthews),
        Measure("cohen_kappa", "Agreement of answers and truth beyond chance (Cohen).", two,
                counting.cohen_kappa),
        Measure("auroc", "Area under the ROC curve: of the second of two classes, else the mean of "
                "each class that occurs against the rest.", _SCORES, _with_scores(scoring.auroc)),
        Measure("average_precision", "Area under precision against recall; classes as for auroc.",
                _SCORES, _with_scores(scoring.average_precision)),
        Measure("log_loss", "Mean negative logarithm of the true class's probability.",
                _PROBABILITIES, _with_scores(scoring.log_loss), **losses),
        Measure("brier", "Mean squared distance of the probabilities from the truth: 0 to 1 for two "
                "classes, 0 to 2 for more.", _PROBABILITIES, _with_scores(scoring.brier), **losses),
        Measure("ece", "Expected calibration error: mean distance of confidence and accuracy over "
                "ten bins of equal width.", _PROBABILITIES,
                _with_scores(scoring.calibration_error), **losses),
    ]  # fmt: skip
    found += _costs()
    return tuple(found)


def _costs() -> list[Measure]:
    cost: dict[str, Any] = {"better": "lower", "group": "cost", "best": None}
    asked = "pictures were asked for one by one"
    held = "the server holds the model when the run ends"
    return [
        Measure("latency_p50", "Median time from asking for a picture to its answer, with no other "
                "on the way.", asked, _latency(0.5), unit="s", **cost),
        Measure("latency_p95", "The time within which 95 of 100 such answers come.", asked,
                _latency(0.95), unit="s", **cost),
        Measure("throughput", "Items answered a second, sent as fast as the server takes them.",
                "pictures were answered as a stream", _cost("throughput"),
                **{**cost, "better": "higher"}, unit="1/s"),
        Measure("load_seconds", "Time from the start of the model's worker until it could answer.",
                held, _cost("load_seconds"), unit="s", **cost),
        Measure("memory_bytes", "Memory that the model's worker has by itself after the run.",
                held, _cost("memory_bytes"), unit="bytes", **cost),
        Measure("size_bytes", "Size of the weights on disk.", "the package states it",
                _cost("size_bytes"), unit="bytes", **cost),
        Measure("parameters", "Numbers in the weights, stored statistics included.",
                "the framework reports it", _cost("parameters"), **cost),
    ]  # fmt: skip


#: All measures, in the order of the report.
MEASURES: tuple[Measure, ...] = _all()


def measures_named(names: Sequence[str] = ()) -> tuple[Measure, ...]:
    """Return measures by name, in the order of :data:`MEASURES`; all if none is given.

    Raises
    ------
    InvalidRequestError
        If a name is not that of a measure.
    """
    known = [one.name for one in MEASURES]
    if wrong := [name for name in names if name not in known]:
        raise InvalidRequestError(
            f"unknown measure {', '.join(wrong)}; there are {', '.join(known)}"
        )
    return tuple(one for one in MEASURES if not names or one.name in names)


def measure(outcomes: Outcomes, names: Sequence[str] = ()) -> Mapping[str, Measured]:
    """Return measures by name; all if none is given.

    Raises
    ------
    InvalidRequestError
        If a name is not that of a measure.
    """
    return {one.name: one(outcomes) for one in measures_named(names)}


def per_class(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Return precision, recall, F1, Jaccard and number of items of each class."""
    found = counting.counts(outcomes, np.ones(len(outcomes)))
    columns = {
        "precision": counting.precision(found),
        "recall": counting.recall(found),
        "f1": counting.f1(found),
        "jaccard": counting.jaccard(found),
    }
    return [
        {"label": label, "items": int(found.true[index])}
        | {name: float(values[index]) for name, values in columns.items()}
        for index, label in enumerate(outcomes.labels)
    ]
