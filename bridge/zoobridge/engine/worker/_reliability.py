"""What an answer says of its own reliability: the prediction set, and novelty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.errors import BrokenPackageError
from zoobridge.protocol import novelty_field, prediction_set_field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zoobridge.zoo import ModelDescription, NoveltyRule, PredictionSetRule

__all__ = ["Reliability"]

#: Keeps the length that an embedding is divided by above zero.
_EPSILON = 1e-12


class Reliability:
    """Computes what the model's package says how to compute.

    Parameters
    ----------
    model
        The model that is run.

    Raises
    ------
    BrokenPackageError
        If the training pictures' embeddings cannot be read.
    """

    def __init__(self, model: ModelDescription) -> None:
        self._labels = model.labels
        self._set = model.prediction_set
        self._novelty = model.novelty
        self._reference = None if model.novelty is None else _reference(model.novelty.reference)

    @property
    def says_more(self) -> bool:
        """Whether predictions have further fields."""
        return self._set is not None or self._novelty is not None

    def fields(
        self, scores: NDArray[np.float32], outputs: Sequence[NDArray[np.generic]], rows: slice
    ) -> list[bytes] | None:
        """Return for each item the further fields of its prediction; `None` if none exist.

        Parameters
        ----------
        scores
            ``(items, classes)``.
        outputs
            All that the network answered, with the batch first.
        rows
            Which rows of `outputs` the items are.

        Raises
        ------
        BackendFault
            If the embeddings do not match those of the training pictures.
        """
        if not self.says_more:
            return None
        fields = [b""] * len(scores)
        if self._set is not None:
            fields = self._sets(scores, self._set)
        if self._novelty is not None and self._reference is not None:
            embeddings = outputs[self._novelty.output][rows].reshape(len(scores), -1)
            values = _novelty(embeddings, self._reference, self._novelty)
            threshold = self._novelty.threshold
            fields = [
                field + novelty_field(value, threshold)
                for field, value in zip(fields, values, strict=True)
            ]
        return fields

    def _sets(self, scores: NDArray[np.float32], rule: PredictionSetRule) -> list[bytes]:
        order = np.argsort(-scores, axis=1, kind="stable")
        counts = (scores >= rule.least_score).sum(axis=1)
        return [
            prediction_set_field(rule.coverage, [self._labels[one] for one in best[:count]])
            for best, count in zip(order, counts.tolist(), strict=True)
        ]


def _novelty(
    embeddings: NDArray[Any], reference: NDArray[np.float32], rule: NoveltyRule
) -> list[float]:
    if embeddings.shape[1] != reference.shape[1]:
        raise BackendFault(
            f"the network's embeddings have {embeddings.shape[1]} numbers, those of the training "
            f"pictures {reference.shape[1]}; correct config.zoobridge.novelty"
        )
    values = embeddings.astype(np.float32)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), _EPSILON)
    similar = values @ reference.T
    count = min(rule.neighbours, len(reference))
    nearest = np.partition(similar, len(reference) - count, axis=1)[:, len(reference) - count :]
    distances: list[float] = np.clip(1 - nearest.mean(axis=1), 0, 1).tolist()
    return distances


def _reference(path: Path) -> NDArray[np.float32]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BrokenPackageError(f"{path.name} cannot be read: {error}") from error
    if array.ndim != 2 or array.dtype.kind != "f" or not array.size:
        raise BrokenPackageError(
            f"{path.name} holds no embeddings: a table of numbers with a row a picture is needed"
        )
    rows: NDArray[np.float32] = array.astype(np.float32)
    if not np.isfinite(rows).all():
        raise BrokenPackageError(f"{path.name} holds numbers that are not finite")
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _EPSILON)
    return rows
