"""Figures that can be reported: estimates with intervals, duplicates, doubtful labels."""

from zoobridge.training.figures._checks import (
    DUPLICATE,
    Doubt,
    Duplicate,
    Duplicates,
    doubtful,
    duplicates,
    merged_groups,
    shuffled,
)
from zoobridge.training.figures._cross_validation import (
    OutOfFold,
    balanced_accuracy,
    corrected_interval,
    cross_validate,
    fold_parts,
    run_of,
)

__all__ = [
    "DUPLICATE",
    "Doubt",
    "Duplicate",
    "Duplicates",
    "OutOfFold",
    "balanced_accuracy",
    "corrected_interval",
    "cross_validate",
    "doubtful",
    "duplicates",
    "fold_parts",
    "merged_groups",
    "run_of",
    "shuffled",
]
