"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.rows._cores import CORES
from benchmarks.rows._echo import ECHO
from benchmarks.rows._folder import FOLDER
from benchmarks.rows._frameworks import PYTORCH, TENSORFLOW
from benchmarks.rows._gpu import GPU
from benchmarks.rows._networks import (
    MOBILENET_ALONE,
    MOBILENET_CALLERS,
    RESNET_CALLERS,
    TINY_ALONE,
    TINY_BATCHES,
)
from benchmarks.rows._regions import REGIONS
from benchmarks.rows._scaling import CALLERS, LOADING, MODELS
from benchmarks.rows._server_cpu import SERVER_CPU
from benchmarks.rows._shared_memory import SHARED_MEMORY
from benchmarks.rows._start_up import START_UP

__all__ = ["ROWS"]

#: All rows.
ROWS = (
    ECHO,
    MOBILENET_CALLERS,
    RESNET_CALLERS,
    MOBILENET_ALONE,
    TINY_ALONE,
    TINY_BATCHES,
    PYTORCH,
    TENSORFLOW,
    REGIONS,
    FOLDER,
    SHARED_MEMORY,
    START_UP,
    CALLERS,
    MODELS,
    LOADING,
    SERVER_CPU,
    CORES,
    GPU,
)
