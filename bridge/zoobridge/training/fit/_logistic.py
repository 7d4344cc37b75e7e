"""Multinomial logistic regression, scaled so that few steps find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_logistic"]

_STEPS: Final = 500
#: Largest derivative of the mean loss at the end, by the scaled weights.
_TOLERANCE: Final = 2e-4
#: Curvature of the loss of one row by its logits. Böhning's bound (1992) is 0.25 to 0.5; near the minimum
#: most rows are answered right, and their curvature is far smaller.
_CURVATURE: Final = 0.05


def fit_logistic(
    rows: NDArray[np.float64], classes: NDArray[np.int64], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights ``(classes, dimensions)`` and biases ``(classes,)``; the biases' sum is zero.

    The loss is that of scikit-learn's ``LogisticRegression(C=strength, class_weight="balanced")``: classes
    count alike however many rows they have, and biases are not penalised. Every dimension is divided by the
    root of about its curvature, so that L-BFGS (Liu and Nocedal, 1989) needs a third of the steps where the
    dimensions are uncorrelated, as those of :class:`~zoobridge.training.fit.RowSpace` are.

    Parameters
    ----------
    rows
        ``(rows, dimensions)``.
    classes
        ``(rows,)``, from 0 on without a gap.
    strength
        Inverse of the regularisation.
    """
    from scipy.optimize import minimize

    total, dimensions = rows.shape
    counts = np.bincount(classes)
    count = len(counts)
    shares = (1 / (count * counts))[classes]
    # Two classes are fitted as one difference of logits, whose penalty is twice that of two halves.
    penalty = (2 if count == 2 else 1) / (strength * total)
    scale = np.sqrt(_CURVATURE * np.einsum("ij,ij->j", rows, rows) / total + penalty)
    scaled = rows / scale
    penalties = penalty / scale**2
    truth = np.zeros((total, count))
    truth[np.arange(total), classes] = 1

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = values.reshape(count, dimensions + 1)
        weight = table[:, :-1]
        logits = scaled @ weight.T + table[:, -1]
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        sums = exponents.sum(axis=1)
        likelihoods = np.log(sums) - (logits * truth).sum(axis=1)
        errors = (exponents / sums[:, None] - truth) * shares[:, None]
        penalised = penalties * weight
        gradient = np.empty_like(table)
        gradient[:, :-1] = errors.T @ scaled + penalised
        gradient[:, -1] = errors.sum(axis=0)
        return float(likelihoods @ shares + (penalised * weight).sum() / 2), gradient.ravel()

    options: dict[str, Any] = {
        "maxiter": _STEPS,
        "maxfun": 2 * _STEPS,
        "gtol": _TOLERANCE,
        "ftol": 0,
    }
    found = minimize(
        loss, np.zeros(count * (dimensions + 1)), jac=True, method="L-BFGS-B", options=options
    )
    table = found.x.reshape(count, dimensions + 1)
    return table[:, :-1] / scale, table[:, -1]
