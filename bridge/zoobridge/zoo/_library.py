"""The one place that calls ``bioimageio.spec``, imported on first use: it takes seconds."""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import suppress
from io import StringIO
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from zoobridge.zoo._fault import PackageFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

__all__ = [
    "check_written",
    "import_library",
    "is_license",
    "load_model",
    "newest_format",
    "parse_description",
    "write_description",
]

_NODES = 200_000
_DEPTH = 200
_IMPORTING = threading.Lock()
# The library parses and writes with one YAML object for all, which two threads must not share.
_YAML = threading.Lock()

#: What hostile text makes converters and validators raise, beside their own errors.
_CONVERTER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def import_library() -> ModuleType:
    """Import ``bioimageio.spec`` without letting it make folders in the user's home.

    Raises
    ------
    PackageFault
        If it is not installed.
    """
    with _IMPORTING:
        # It makes its download cache while it is imported; nothing is downloaded here.
        os.environ.setdefault("BIOIMAGEIO_CACHE_PATH", str(Path(gettempdir(), "zoobridge-unused")))
        try:
            import bioimageio.spec
        except ImportError as error:
            raise PackageFault(
                f"packages cannot be read ({error}); "
                'install what is missing: pip install "zoobridge[server]"'
            ) from error
        return bioimageio.spec


def parse_description(text: str, name: str) -> dict[str, Any]:
    """Parse a description file.

    Parameters
    ----------
    text
        Its content.
    name
        Its name, for messages.

    Raises
    ------
    PackageFault
        If it is not YAML, not a mapping, or grows beyond measure by its references.
    """
    document = parse_yaml(text, name)
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise PackageFault(
            f"{name} does not hold a mapping of fields; write it as BioImage.IO says"
        )
    return {str(key): value for key, value in document.items()}


def parse_yaml(text: str, name: str) -> Any:
    """Parse YAML of any content.

    Raises
    ------
    PackageFault
        If it is not YAML, or grows beyond measure by its references.
    """
    import_library()
    from bioimageio.spec.utils import read_yaml
    from ruyaml.error import YAMLError

    try:
        with _YAML:
            document = read_yaml(StringIO(text))
    except (YAMLError, *_CONVERTER_FAULTS) as error:
        first = str(error).strip().replace("\n", " ")[:300]
        raise PackageFault(f"{name} is not valid YAML: {first}") from error
    _check_growth(document, name)
    return document


def load_model(document: Mapping[str, Any], root: Path) -> Any:
    """Turn a description into the library's model object of the newest format.

    Parameters
    ----------
    document
        The parsed description.
    root
        The package's folder.

    Returns
    -------
    ModelDescr
        Of ``bioimageio.spec.model.v0_5``.

    Raises
    ------
    PackageFault
        If it is not a valid description of a model.
    """
    spec = import_library()
    from bioimageio.spec.model.v0_5 import ModelDescr

    if document.get("type") != "model":
        raise PackageFault(
            f"this describes a {document.get('type') or 'thing of no type'}, not a model; "
            "take it out of the zoo folder"
        )
    context = spec.ValidationContext(root=root, perform_io_checks=False, log_warnings=False)
    try:
        loaded = spec.build_description(dict(document), context=context, format_version="latest")
    except _CONVERTER_FAULTS as error:
        raise PackageFault(f"the description cannot be read: {error}") from error
    if not isinstance(loaded, ModelDescr):
        raise PackageFault(_first_error(loaded))
    return loaded


def write_description(document: Mapping[str, Any], path: Path) -> None:
    """Write a description file."""
    import_library()
    from bioimageio.spec.utils import write_yaml

    with _YAML:
        write_yaml(dict(document), path)


def newest_format() -> str:
    """Return the newest version of the model format that the library writes."""
    import_library()
    from bioimageio.spec.model.v0_5 import ModelDescr

    return str(ModelDescr.implemented_format_version)


def is_license(name: str) -> bool:
    """Tell whether the format takes a name for a licence: an SPDX identifier.

    Parameters
    ----------
    name
        Such as ``CC-BY-4.0``.
    """
    import_library()
    from bioimageio.spec.generic.v0_3 import DeprecatedLicenseId, LicenseId

    for known in (LicenseId, DeprecatedLicenseId):
        with suppress(ValueError):
            known(name)
            return True
    return False


def check_written(folder: Path) -> None:
    """Check a package of ours by all that the library checks, its files included.

    Raises
    ------
    PackageFault
        If the library finds an error.
    """
    spec = import_library()
    context = spec.ValidationContext(log_warnings=False)
    with _YAML, context, warnings.catch_warnings():
        # The library leaves its files to the garbage collector.
        warnings.filterwarnings("ignore", "unclosed file", ResourceWarning)
        loaded = spec.load_description(
            folder / "rdf.yaml", format_version="latest", perform_io_checks=True
        )
    if loaded.validation_summary.status == "failed":
        raise PackageFault(_first_error(loaded))


def _first_error(loaded: Any) -> str:
    summary = loaded.validation_summary
    errors = summary.errors
    if not errors:
        return "the description is not valid"
    first = errors[0]
    place = ".".join(str(part) for part in first.loc)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    message = " ".join(str(first.msg).split())[:400]
    return f"the description is not valid: {place}: {message}{more}; correct it in the rdf.yaml"


def _check_growth(document: object, name: str) -> None:
    """Refuse a document whose references unfold to more than any description needs."""
    waiting: list[tuple[object, int]] = [(document, 0)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > _NODES or depth > _DEPTH:
            raise PackageFault(f"{name} unfolds to more than any description needs; shorten it")
        if isinstance(value, dict):
            waiting.extend((entry, depth + 1) for entry in value.values())
        elif isinstance(value, list):
            waiting.extend((entry, depth + 1) for entry in value)
