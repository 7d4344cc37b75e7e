"""Comparing models honestly: datasets, measures, statistics.

Needs the extra ``evaluation``: ``pip install "zoobridge[evaluation]"``.
"""

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
from zoobridge.evaluation._run import Answer, Run, run_model
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
    "Dataset",
    "DatasetReader",
    "Interval",
    "Item",
    "Measure",
    "Measured",
    "Outcomes",
    "Pair",
    "Run",
    "bootstrap",
    "calibration",
    "cochran_q",
    "compare_pairs",
    "holm",
    "match_labels",
    "mcnemar",
    "measure",
    "per_class",
    "read_dataset",
    "readers",
    "run_model",
]
