"""Comparing models honestly: datasets, measures, statistics, and a report.

Needs the extra ``evaluation``: ``pip install "zoobridge[evaluation]"``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.evaluation._service import EvaluationService

if TYPE_CHECKING:
    from zoobridge.evaluation._comparison import Comparison, Parity, Row, compare_runs
    from zoobridge.evaluation._datasets import Dataset, DatasetReader, Item
    from zoobridge.evaluation._evaluate import Update, evaluate, evaluate_iter
    from zoobridge.evaluation._journal import Answer
    from zoobridge.evaluation._labels import match_labels, read_mapping
    from zoobridge.evaluation._measures import MEASURES, Measure, Measured, measure, per_class
    from zoobridge.evaluation._outcomes import Costs, Outcomes
    from zoobridge.evaluation._readers import read_dataset, readers
    from zoobridge.evaluation._report import write_report
    from zoobridge.evaluation._run import Run, run_model
    from zoobridge.evaluation._scoring import calibration
    from zoobridge.evaluation._service_messages import list_measures, list_readers, respond
    from zoobridge.evaluation._service_runs import open_run
    from zoobridge.evaluation._statistics import (
        ConfidencePair,
        Friedman,
        Interval,
        Pair,
        bootstrap,
        cochran_q,
        compare_pairs,
        friedman,
        holm,
        mcnemar,
        resampled_weights,
    )

__all__ = [
    "MEASURES",
    "Answer",
    "Comparison",
    "ConfidencePair",
    "Costs",
    "Dataset",
    "DatasetReader",
    "EvaluationService",
    "Friedman",
    "Interval",
    "Item",
    "Measure",
    "Measured",
    "Outcomes",
    "Pair",
    "Parity",
    "Row",
    "Run",
    "Update",
    "bootstrap",
    "calibration",
    "cochran_q",
    "compare_pairs",
    "compare_runs",
    "evaluate",
    "evaluate_iter",
    "friedman",
    "holm",
    "list_measures",
    "list_readers",
    "match_labels",
    "mcnemar",
    "measure",
    "open_run",
    "per_class",
    "read_dataset",
    "read_mapping",
    "readers",
    "resampled_weights",
    "respond",
    "run_model",
    "write_report",
]

_MODULES = (
    "_comparison",
    "_datasets",
    "_evaluate",
    "_journal",
    "_labels",
    "_measures",
    "_outcomes",
    "_readers",
    "_report",
    "_run",
    "_scoring",
    "_service_messages",
    "_service_runs",
    "_statistics",
)


def __getattr__(name: str) -> Any:
    """Load the rest on first use: a server offers evaluations without importing SciPy."""
    if name in __all__:
        for module in (import_module(f"{__name__}.{part}") for part in _MODULES):
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
