"""Improving a model with pictures that have no labels."""

from zoobridge.training.improve._distillation import (
    LEAST_LABELS,
    Improvement,
    distill,
    improvement_of,
)

__all__ = ["LEAST_LABELS", "Improvement", "distill", "improvement_of"]
