"""Fitting: from features and classes to a head."""

from zoobridge.training.fit._examples import Examples, check_classes
from zoobridge.training.fit._fitting import (
    COPIES,
    HEADS,
    CopiesName,
    HeadName,
    Recipe,
    RowSpace,
    fit_head,
    fit_linear,
    linear_logits,
)
from zoobridge.training.fit._head import Head, softmax

__all__ = [
    "COPIES",
    "HEADS",
    "CopiesName",
    "Examples",
    "Head",
    "HeadName",
    "Recipe",
    "RowSpace",
    "check_classes",
    "fit_head",
    "fit_linear",
    "linear_logits",
    "softmax",
]
