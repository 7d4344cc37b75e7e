"""Suggesting what to annotate next."""

from zoobridge.training.suggest._suggesting import (
    Suggestion,
    farthest_first,
    margin_then_farthest,
)

__all__ = ["Suggestion", "farthest_first", "margin_then_farthest"]
