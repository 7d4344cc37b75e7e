"""What follows the embedding: one row of weights for each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Head", "softmax"]


@dataclass(frozen=True, eq=False)
class Head:
    """A linear classifier.

    Parameters
    ----------
    labels
        The classes.
    weight
        ``(classes, dimensions)``, float32.
    bias
        ``(classes,)``, float32.
    """

    labels: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return ``(…, classes)`` for embeddings ``(…, dimensions)``."""
        return embeddings.astype(np.float64) @ self.weight.T.astype(np.float64) + self.bias

    def divided(self, temperature: float) -> Head:
        """Return the head whose logits are divided by a temperature."""
        return Head(
            self.labels,
            (self.weight / temperature).astype(np.float32),
            (self.bias / temperature).astype(np.float32),
        )


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities along the last axis."""
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = exponents / exponents.sum(axis=-1, keepdims=True)
    return probabilities
