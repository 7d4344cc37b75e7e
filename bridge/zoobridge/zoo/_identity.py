"""Ids and versions of models."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["age_key", "id_problem", "is_id", "slug", "zoo_id"]

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def is_id(text: str) -> bool:
    """Tell whether a text is an id of the zoo: ``[a-z0-9][a-z0-9._-]{0,63}``."""
    return _ID.fullmatch(text) is not None


def slug(text: str) -> str:
    """Make an id of any text.

    Returns
    -------
    str
        An id for which :func:`is_id` holds; ``model`` if nothing of the text can be kept.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9._-]+", "-", plain)
    words = re.sub(r"\.{2,}", ".", words).strip("-._")
    return words[:64].rstrip("-._") or "model"


def id_problem(stated: str) -> str:
    """Say what makes a stated id dangerous.

    Returns
    -------
    str
        A sentence; empty if the id is harmless.
    """
    parts = re.split(r"[/\\]", stated)
    absolute = stated.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:[/\\]", stated)
    if ".." in parts or absolute:
        return (
            f"the package's id {stated!r} is a path that leads outside; "
            "give it a plain id such as my-model in its rdf.yaml"
        )
    if any(unicodedata.category(letter) == "Cc" for letter in stated):
        return "the package's id holds control characters; give it a plain id in its rdf.yaml"
    return ""


def zoo_id(stated: str, config: Mapping[str, Any], fallback: str) -> str:
    """Choose the id under which a package is listed.

    Parameters
    ----------
    stated
        The package's own id; may be empty.
    config
        The package's ``config``; its ``bioimageio.nickname`` stands in for an id that does not fit.
    fallback
        Name of the package's folder or file.
    """
    if is_id(stated) and not id_problem(stated):
        return stated
    section = config.get("bioimageio")
    nickname = section.get("nickname") if isinstance(section, dict) else None
    if isinstance(nickname, str) and is_id(nickname):
        return nickname
    return slug(fallback if not stated or id_problem(stated) else stated)


def age_key(version: str) -> tuple[int, Any]:
    """Return a key that sorts versions from old to new (`PEP 440`_); no version is the oldest.

    .. _PEP 440: https://peps.python.org/pep-0440/
    """
    from packaging.version import InvalidVersion, Version

    if not version:
        return (0, "")
    try:
        return (2, Version(version))
    except InvalidVersion:
        return (1, version)
