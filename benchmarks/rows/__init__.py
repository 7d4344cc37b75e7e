"""The rows of the table, in its order."""

from __future__ import annotations

from benchmarks.rows._echo import ECHO

__all__ = ["ROWS"]

#: All rows.
ROWS = (ECHO,)
