"""What is installed of a framework, found without importing it."""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING

from zoobridge.backend import FrameworkFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["facts_of", "installed_version", "older"]


def installed_version(distributions: Sequence[str]) -> str:
    """Return the version of the first of `distributions` that is installed; empty if none is."""
    for distribution in distributions:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return ""


def older(version: str, floor: str) -> bool:
    """Return whether `version` comes before `floor`, by the numbers of their releases alone.

    Local parts (``+cu130``) and pre-release marks are of no account here: ``2.10.0rc1`` holds what
    ``2.10`` is asked for.
    """
    return _release(version) < _release(floor)


def facts_of(
    *, framework: str, distributions: Sequence[str], floor: str, extra: str
) -> FrameworkFacts:
    """Return what is known of a framework from package metadata.

    Parameters
    ----------
    framework
        Its name as people write it.
    distributions
        Packages that bring it, the usual one first.
    floor
        The oldest version that may be used.
    extra
        The extra of zoobridge that installs it.
    """
    version = installed_version(distributions)
    remedy = f'pip install "zoobridge[{extra}]"'
    if not version:
        return FrameworkFacts(problem=f"{framework} is not installed.", remedy=remedy)
    if older(version, floor):
        return FrameworkFacts(
            version=version,
            problem=f"{framework} {version} is too old; {floor} or newer is needed.",
            remedy=f'pip install --upgrade "zoobridge[{extra}]"',
        )
    return FrameworkFacts(version=version)


def _release(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in match.group().split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
