"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.rows._echo import ECHO
from benchmarks.rows._networks import (
    MOBILENET_ALONE,
    MOBILENET_CALLERS,
    RESNET_CALLERS,
    TINY_ALONE,
    TINY_BATCHES,
)

__all__ = ["ROWS"]

#: All rows.
ROWS = (ECHO, MOBILENET_CALLERS, RESNET_CALLERS, MOBILENET_ALONE, TINY_ALONE, TINY_BATCHES)
