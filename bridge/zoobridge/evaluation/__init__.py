"""Comparing models honestly: datasets, measures, statistics, and a report.

Needs the extra ``evaluation``: ``pip install "zoobridge[evaluation]"``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.evaluation.service._servicer import EvaluationService

if TYPE_CHECKING:
    from zoobridge.evaluation._evaluate import Update, evaluate, evaluate_iter
    from zoobridge.evaluation.comparison._compare import compare_runs
    from zoobridge.evaluation.comparison._comparison import Comparison, Parity, Row
    from zoobridge.evaluation.comparison._statistics import (
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
    from zoobridge.evaluation.datasets._dataset import Dataset, DatasetReader, LabelledItem
    from zoobridge.evaluation.datasets._labels import match_labels, read_mapping
    from zoobridge.evaluation.datasets._readers import read_dataset, readers
    from zoobridge.evaluation.datasets._tables import read_table
    from zoobridge.evaluation.measures._measures import (
        MEASURES,
        Measure,
        Measured,
        measure,
        per_class,
    )
    from zoobridge.evaluation.measures._outcomes import Costs, Outcomes
    from zoobridge.evaluation.measures._scoring import calibration
    from zoobridge.evaluation.report._mistakes import Mistake, find_mistakes
    from zoobridge.evaluation.report._report import repeating_command, write_report
    from zoobridge.evaluation.report._thumbnails import Thumbnail, thumbnail
    from zoobridge.evaluation.runs._journal import Answer
    from zoobridge.evaluation.runs._model_run import choose_weights, run_model
    from zoobridge.evaluation.runs._run import Run
    from zoobridge.evaluation.service._lists import list_measures, list_readers
    from zoobridge.evaluation.service._messages import respond
    from zoobridge.evaluation.service._runs import open_run

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
    "LabelledItem",
    "Measure",
    "Measured",
    "Mistake",
    "Outcomes",
    "Pair",
    "Parity",
    "Row",
    "Run",
    "Thumbnail",
    "Update",
    "bootstrap",
    "calibration",
    "choose_weights",
    "cochran_q",
    "compare_pairs",
    "compare_runs",
    "evaluate",
    "evaluate_iter",
    "find_mistakes",
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
    "read_table",
    "readers",
    "repeating_command",
    "resampled_weights",
    "respond",
    "run_model",
    "thumbnail",
    "write_report",
]

# Where each name comes from; a module is imported with the first of its names that is asked for.
_HOMES = {
    "comparison._compare": ("compare_runs",),
    "comparison._comparison": ("Comparison", "Parity", "Row"),
    "datasets._dataset": ("Dataset", "DatasetReader", "LabelledItem"),
    "_evaluate": ("Update", "evaluate", "evaluate_iter"),
    "runs._journal": ("Answer",),
    "datasets._labels": ("match_labels", "read_mapping"),
    "measures._measures": ("MEASURES", "Measure", "Measured", "measure", "per_class"),
    "measures._outcomes": ("Costs", "Outcomes"),
    "datasets._readers": ("read_dataset", "readers"),
    "datasets._tables": ("read_table",),
    "report._mistakes": ("Mistake", "find_mistakes"),
    "report._report": ("repeating_command", "write_report"),
    "report._thumbnails": ("Thumbnail", "thumbnail"),
    "runs._run": ("Run",),
    "runs._model_run": ("choose_weights", "run_model"),
    "measures._scoring": ("calibration",),
    "service._lists": ("list_measures", "list_readers"),
    "service._messages": ("respond",),
    "service._runs": ("open_run",),
    "comparison._statistics": (
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
