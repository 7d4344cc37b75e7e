"""Calibrated probabilities and prediction sets, from what was said of unseen items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from zoobridge.training.fit import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["conformal_threshold", "expected_calibration_error", "fit_temperature"]

_LOG_RANGE = (-4.0, 4.0)


def fit_temperature(logits: NDArray[np.float64], classes: NDArray[np.int64]) -> float:
    """Return the temperature that makes the classes likeliest (Guo et al., ICML 2017).

    One item more is assumed whose class nothing is known of, as Platt (1999) does: else classes that
    lie apart in a few items would make every probability 0 or 1.

    Parameters
    ----------
    logits
        ``(items, classes)``, of items that the model had not seen.
    classes
        ``(items,)``.
    """
    rows = np.arange(len(classes))
    unknown = 1 / (len(classes) + 1)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        expected = (1 - unknown) * scaled[rows, classes] + unknown * scaled.mean(axis=1)
        likelihood = expected - top - np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return -float(likelihood.mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded").x))


def conformal_threshold(
    probabilities: NDArray[np.float64], classes: NDArray[np.int64], coverage: float
) -> float:
    """Return the probability from which on a class belongs to a prediction set.

    Split conformal prediction with the score ``1 - p(class)`` (Sadinle et al., JASA 114:223, 2019).

    Parameters
    ----------
    probabilities
        ``(repeats, items, classes)``, of items that the models had not seen.
    classes
        ``(items,)``.
    coverage
        How often a set is to hold the true class.
    """
    count = len(classes)
    own = probabilities[:, np.arange(count), classes].ravel()
    # The items of the repeats are the same: their number is what the correction counts.
    share = min(1.0, np.ceil((count + 1) * coverage) / count)
    return float(np.clip(1 - np.quantile(1 - own, share, method="higher"), 0, 1))


def expected_calibration_error(
    logits: NDArray[np.float64], classes: NDArray[np.int64], *, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy, over bins of equal width.

    Parameters
    ----------
    logits
        ``(items, classes)``.
    classes
        ``(items,)``.
    bins
        Number of bins.
    """
    probabilities = softmax(logits)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == classes
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(right[places == one].mean()) - float(confidence[places == one].mean()))
        * float((places == one).mean())
        for one in np.unique(places)
    ]
    return float(sum(gaps))
