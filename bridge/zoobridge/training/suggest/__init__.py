"""Suggesting what to annotate next."""

from zoobridge.training.suggest._suggesting import farthest_first, margin_then_farthest

__all__ = ["farthest_first", "margin_then_farthest"]
