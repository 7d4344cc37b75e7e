"""The command line of the original DeepClas4Bio, for the plugins that call it.

Each function is a console script; each answers with one JSON document in ``data.json``. See
``docs/deepclas4bio.md``. Needs the extra ``deepclas4bio``: ``pip install
"zoobridge[deepclas4bio]"``.
"""

from zoobridge.deepclas4bio._commands import (
    evaluate,
    list_frameworks,
    list_measures,
    list_models,
    list_readers,
    predict,
    predict_batch,
)

__all__ = [
    "evaluate",
    "list_frameworks",
    "list_measures",
    "list_models",
    "list_readers",
    "predict",
    "predict_batch",
]
