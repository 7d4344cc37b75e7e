"""Turning what frameworks raise into :class:`~zoobridge.backend.BackendFault`."""

from __future__ import annotations

import pickle
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FRAMEWORK_FAULTS", "explained"]

#: A damaged or hostile file makes a framework stumble anywhere, with any of these.
FRAMEWORK_FAULTS: Final[tuple[type[Exception], ...]] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


@contextmanager
def explained(sentence: str, *more: type[Exception]) -> Iterator[None]:
    """Raise what goes wrong inside as a fault that starts with `sentence`.

    Parameters
    ----------
    sentence
        What could not be done, without a full stop: ``"ONNX Runtime cannot load digits.onnx"``.
    more
        The framework's own error types.
    """
    try:
        yield
    except BackendFault:
        raise
    except (*FRAMEWORK_FAULTS, *more) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        detail = lines[0] if lines else type(error).__name__
        if len(lines) > 1 and detail.endswith(":"):
            detail = f"{detail} {lines[1]}"
        raise BackendFault(f"{sentence}: {detail[:500]}") from error
