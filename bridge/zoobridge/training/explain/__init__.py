"""Explaining answers: where in a picture an answer comes from, for every framework."""

from zoobridge.training.explain._explanation import (
    Explanation,
    ExplanationMethod,
    explain,
    explain_pixels,
)
from zoobridge.training.explain._overlay import overlay

__all__ = ["Explanation", "ExplanationMethod", "explain", "explain_pixels", "overlay"]
