"""Turning what frameworks raise into :class:`~zoobridge.backend.BackendFault`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOAD_REMEDY", "RUN_REMEDY", "explained"]

#: What to do where a file cannot be loaded, and where a network cannot be run.
LOAD_REMEDY = "copy the file again, or export the network again for the version installed here"
RUN_REMEDY = "check the input that the package describes against what the network takes"

# Where in ONNX Runtime's own sources something was raised, and its code for that.
_RUNTIME_CODE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SOURCE = re.compile(
    r"\S*/\S+\.(?:cc|cpp|cu|h):\d+ (?:[\w:<>~ ,&*]+\([^()]*\)(?: const)? ?|[\w:]+ )?"
)


@contextmanager
def explained(sentence: str, remedy: str) -> Iterator[None]:
    """Raise what goes wrong inside as a fault: what could not be done, what to do, and the reason.

    Parameters
    ----------
    sentence
        What could not be done, without a full stop: ``"ONNX Runtime cannot load digits.onnx"``.
    remedy
        What to do, as an imperative without a full stop.
    """
    try:
        yield
    except BackendFault:
        raise
    except MemoryError as error:
        raise BackendFault(
            f"{sentence}; the worker lacks memory: load fewer models or a smaller one"
        ) from error
    # Frameworks have error types without a common base, and a package's own code may raise any.
    except Exception as error:
        raise BackendFault(f"{sentence}; {remedy}. Reason: {_gist(error)}") from error


def _gist(error: Exception) -> str:
    """Return the first line of a message, and the next one where the first only announces it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = _SOURCE.sub("", _RUNTIME_CODE.sub("", text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    last = next((line for line in reversed(lines) if not line.startswith("~")), lines[-1])
    if lines[0].startswith("The following operation failed in the TorchScript interpreter"):
        return last[:500]
    return (" ".join(lines[:2]) if lines[0].endswith(":") else lines[0])[:500]
