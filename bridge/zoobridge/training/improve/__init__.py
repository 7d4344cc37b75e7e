"""Improving a model with pictures that have no labels."""

from zoobridge.training.improve._distillation import LEAST_LABELS, Improvement, improvement_of
from zoobridge.training.improve._methods import METHODS, MethodName, distill

__all__ = [
    "LEAST_LABELS",
    "METHODS",
    "Improvement",
    "MethodName",
    "distill",
    "improvement_of",
]
