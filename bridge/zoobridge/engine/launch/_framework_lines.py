"""What a framework printed, without the lines that every start of it prints."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["reason_lines"]

_LINES: Final = 3
_LINE_CHARACTERS: Final = 300
# Information and warnings of absl ("I0000 00:00:17 …", "2026-11-28 …: I tensorflow/…"), and what TensorFlow
# prints as an error where a machine lacks a GPU.
_HARMLESS: Final = re.compile(
    r"^(?:[IW]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IW] )|cudart_stub|cuda_stub|Unable to register cu\w+ factory"
    r"|failed call to cuInit|All log messages before absl::InitializeLog"
    r"|^To enable the following instructions|^WARNING: |^\s*$"
)


def reason_lines(printed: str) -> str:
    """Return the last lines that may say why a process ended, joined; empty where it printed none."""
    lines = [line for line in printed.splitlines() if not _HARMLESS.search(line)]
    return " / ".join(line.strip()[:_LINE_CHARACTERS] for line in lines[-_LINES:])
