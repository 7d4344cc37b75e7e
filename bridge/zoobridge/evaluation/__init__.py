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
    from zoobridge.evaluation._run import Run
    from zoobridge.evaluation._running import run_model
    from zoobridge.evaluation._scoring import calibration
    from zoobridge.evaluation._service_lists import list_measures, list_readers
    from zoobridge.evaluation._service_messages import respond
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

# Where each name comes from; a module is imported with the first of its names that is asked for.
_HOMES = {
    "_comparison": ("Comparison", "Parity", "Row", "compare_runs"),
    "_datasets": ("Dataset", "DatasetReader", "Item"),
    "_evaluate": ("Update", "evaluate", "evaluate_iter"),
    "_journal": ("Answer",),
    "_labels": ("match_labels", "read_mapping"),
    "_measures": ("MEASURES", "Measure", "Measured", "measure", "per_class"),
    "_outcomes": ("Costs", "Outcomes"),
    "_readers": ("read_dataset", "readers"),
    "_report": ("write_report",),
    "_run": ("Run",),
    "_running": ("run_model",),
    "_scoring": ("calibration",),
    "_service_lists": ("list_measures", "list_readers"),
    "_service_messages": ("respond",),
    "_service_runs": ("open_run",),
    "_statistics": (
        "ConfidencePair",
        "Friedman",
        "Interval",
        "Pair",
        "bootstrap",
        "cochran_q",
        "compare_pairs",
        "friedman",
        "holm",
        "mcnemar",
        "resampled_weights",
    ),
}


def __getattr__(name: str) -> Any:
    """Load the rest on first use: a server offers evaluations without importing SciPy."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
