"""The original's words for frameworks, models, readers and paths, and ours."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from zoobridge.errors import InvalidRequestError, UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zoobridge.client import Client, Model

__all__ = [
    "NAMES_VARIABLE",
    "find_model",
    "find_picture",
    "framework_name",
    "mapped_names",
    "model_names",
    "our_framework",
    "our_reader",
    "reader_name",
]

#: The original's name for each framework of ours, in the order in which its dialogs show them.
_FRAMEWORKS: Final = {"tensorflow": "Keras", "pytorch": "PyTorch", "onnx": "ONNX"}
_GONE: Final = frozenset({"mxnet", "caffe", "dl4j", "fastai"})
_READER: Final = "ReadDataset"
#: Environment variable that names another settings file.
NAMES_VARIABLE: Final = "ZOOBRIDGE_DEEPCLAS4BIO_NAMES"
_SETTINGS: Final = "deepclas4bio.txt"


def framework_name(name: str) -> str:
    """Return the original's name for a framework; its own where the original has none."""
    return _FRAMEWORKS.get(name, name)


def our_framework(name: str, known: Iterable[str]) -> str:
    """Return a framework by the original's name or ours, in any case.

    Parameters
    ----------
    name
        As a plugin passes it.
    known
        The server's frameworks.

    Raises
    ------
    InvalidRequestError
        If the server knows none of that name.
    """
    ours = {their.casefold(): our for our, their in _FRAMEWORKS.items()}
    ours |= {one.casefold(): one for one in known}
    found = ours.get(name.casefold())
    if found is None:
        why = " any more" if name.casefold() in _GONE else ""
        there = ", ".join(sorted(framework_name(one) for one in known))
        raise InvalidRequestError(f"no framework called {name} is served{why}; there are {there}")
    return found


def model_names(models: Sequence[Model], framework: str) -> list[str]:
    """Return what to call the models that a framework can run: ids, older ones with a version."""
    found: list[str] = []
    newest: set[str] = set()
    for model in models:
        if framework in model.frameworks:
            found.append(model.reference if model.id in newest else model.id)
        newest.add(model.id)
    return found


def find_model(client: Client, name: str) -> str:
    """Return the id by which the server knows a model.

    A name that the settings file maps (:func:`mapped_names`) is that model. Else it is looked for as
    it stands; then, without regard to case, among ids, original ids and names.

    Raises
    ------
    UnknownModelError
        If no model, or several, are called so.
    """
    name = mapped_names().get(name.casefold(), name)
    try:
        return client.model(name).reference
    except UnknownModelError:
        wanted = name.casefold()
        found: dict[str, str] = {}
        # The newest version of each id comes first.
        for model in client.models():
            if wanted in {one.casefold() for one in (model.id, model.original_id, model.name)}:
                found.setdefault(model.id, model.reference)
        if len(found) > 1:
            raise UnknownModelError(
                f"several models are called {name}; take one of {', '.join(found)}"
            ) from None
        if not found:
            raise
        return next(iter(found.values()))


def mapped_names() -> dict[str, str]:
    """Return the models that names of the original's plugins stand for, by lower-case name.

    Plugins such as the authors' Kvasir and ISIC ones ask for a name of their own. Each line of the
    settings file maps one: ``ResNet34Kvasir = kvasir@1.0.0``.

    Raises
    ------
    InvalidRequestError
        If a line of the file is not such a line.
    """
    given = os.environ.get(NAMES_VARIABLE, "")
    path = Path(given) if given else platformdirs.user_config_path("zoobridge") / _SETTINGS
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"cannot read {path}: {error}") from error
    names: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, model = (part.strip() for part in line.partition("="))
        if not (name and equals and model):
            raise InvalidRequestError(
                f"cannot read line {number} of {path}: write NAME = MODEL, not {line.strip()!r}"
            )
        names[name.casefold()] = model
    return names


def reader_name(name: str) -> str:
    """Return the original's name for a dataset reader: ``ReadDatasetFolders`` for ``folders``."""
    return _READER + "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))


def our_reader(name: str, known: Iterable[str]) -> str:
    """Return a dataset reader by the original's name or ours.

    Raises
    ------
    InvalidRequestError
        If no reader has that name.
    """
    found = {reader_name(one).casefold(): one for one in known} | {one: one for one in known}
    if name.casefold() not in found:
        there = ", ".join(reader_name(one) for one in known)
        raise InvalidRequestError(f"no dataset reader is called {name}; there are {there}")
    return found[name.casefold()]


def find_picture(words: Sequence[str]) -> Path:
    """Return the file that a path stands for which may have been split at its spaces.

    Several spaces in a row, or other white space, arrive as one cut; so where the path with single
    spaces does not exist, one that differs from it in white space only is looked for.

    Raises
    ------
    InvalidRequestError
        If no such file exists, or several.
    """
    path = Path(" ".join(words))
    if path.is_file():
        return path
    found = [
        one for one in _alike(Path(path.anchor), path.parts[bool(path.anchor) :]) if one.is_file()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidRequestError(f"{path} may be any of {', '.join(map(str, found))}; rename them")
    raise InvalidRequestError(f"{path} does not exist")


def _alike(folder: Path, parts: Sequence[str]) -> list[Path]:
    if not parts:
        return [folder]
    direct = folder / parts[0]
    if direct.exists() and (found := _alike(direct, parts[1:])):
        return found
    if not folder.is_dir() or not os.access(folder, os.R_OK):
        return []
    wanted = parts[0].split()
    return [
        one
        for entry in sorted(folder.iterdir())
        if entry.name.split() == wanted
        for one in _alike(entry, parts[1:])
    ]
