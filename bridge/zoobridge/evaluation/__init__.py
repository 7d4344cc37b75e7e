"""Comparing models honestly: datasets, measures, statistics.

Needs the extra ``evaluation``: ``pip install "zoobridge[evaluation]"``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.evaluation._service import EvaluationService

if TYPE_CHECKING:
    from zoobridge.evaluation._comparison import Comparison, Row, compare_runs
    from zoobridge.evaluation._datasets import (
        Dataset,
        DatasetReader,
        Item,
        match_labels,
        read_dataset,
        readers,
    )
    from zoobridge.evaluation._measures import (
        MEASURES,
        Measure,
        Measured,
        calibration,
        measure,
        per_class,
    )
    from zoobridge.evaluation._outcomes import Outcomes
    from zoobridge.evaluation._report import write_report
    from zoobridge.evaluation._run import Answer, Run, run_model
    from zoobridge.evaluation._service_messages import list_measures, list_readers, respond
    from zoobridge.evaluation._service_runs import open_run
    from zoobridge.evaluation._statistics import (
        Interval,
        Pair,
        bootstrap,
        cochran_q,
        compare_pairs,
        holm,
        mcnemar,
    )

__all__ = [
    "MEASURES",
    "Answer",
    "Comparison",
    "Dataset",
    "DatasetReader",
    "EvaluationService",
    "Interval",
    "Item",
    "Measure",
    "Measured",
    "Outcomes",
    "Pair",
    "Row",
    "Run",
    "bootstrap",
    "calibration",
    "cochran_q",
    "compare_pairs",
    "compare_runs",
    "holm",
    "list_measures",
    "list_readers",
    "match_labels",
    "mcnemar",
    "measure",
    "open_run",
    "per_class",
    "read_dataset",
    "readers",
    "respond",
    "run_model",
    "write_report",
]

_MODULES = (
    "_comparison",
    "_datasets",
    "_measures",
    "_outcomes",
    "_report",
    "_run",
    "_service_messages",
    "_service_runs",
    "_statistics",
)


def __getattr__(name: str) -> Any:
    """Load the rest on first use: a server offers evaluations without importing scikit-learn."""
    if name in __all__:
        for module in (import_module(f"{__name__}.{part}") for part in _MODULES):
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
