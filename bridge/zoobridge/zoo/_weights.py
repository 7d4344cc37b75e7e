"""The sets of weights of a package: found, checked, and sorted by what loading them can do."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from zoobridge.zoo._archive import unpack
from zoobridge.zoo._description import TrustClass, WeightsDescription
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import (
    content_digest,
    file_sha256,
    package_file,
    refuse_hard_links,
    tree_files,
)
from zoobridge.zoo._onnx_file import external_data

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMATS", "frameworks_by_format", "read_weights", "saved_model_folder"]

#: Framework of each format, the fastest first.
FORMATS = {
    "onnx": "onnx",
    "torchscript": "pytorch",
    "pytorch_state_dict": "pytorch",
    "tensorflow_saved_model_bundle": "tensorflow",
    "keras_v3": "tensorflow",
    "keras_hdf5": "tensorflow",
}

#: Entry points that name the framework of a further format: ``tensorflow_js = tfjs``.
_ADDED_FORMATS = "zoobridge.formats"

_SAFETY = {TrustClass.DATA: 0, TrustClass.PROGRAM: 1, TrustClass.CODE: 2}
_KERAS_CONFIG_BYTES = 64 << 20


@dataclass(frozen=True)
class _Package:
    """What reading weights needs to know of their package."""

    root: Path
    unpack_to: Path
    description: bytes


@cache
def frameworks_by_format() -> dict[str, str]:
    """Tell the framework of each weights format, those of added backends last."""
    added = {point.name: point.value for point in entry_points(group=_ADDED_FORMATS)}
    return FORMATS | {name: added[name] for name in sorted(added.keys() - FORMATS.keys())}


def read_weights(
    model: Any, *, root: Path, unpack_to: Path, description: bytes
) -> tuple[WeightsDescription, ...]:
    """Read all sets of weights.

    Parameters
    ----------
    model
        A ``bioimageio.spec.model.v0_5.ModelDescr``.
    root
        The package's folder.
    unpack_to
        Where zipped SavedModels are unpacked.
    description
        Content of the package's description file.

    Returns
    -------
    tuple of WeightsDescription
        The fastest safe one first; those with a problem last.
    """
    package = _Package(root, unpack_to, description)
    found = []
    for name, entry in model.weights:
        if entry is None or name not in frameworks_by_format():
            continue
        try:
            found.append(_read(name, entry, package))
        except (PackageFault, OSError) as error:
            problem = str(error) if isinstance(error, PackageFault) else _unreadable(error)
            found.append(
                WeightsDescription(
                    format=name,
                    framework=frameworks_by_format()[name],
                    path=root,
                    trust_class=TrustClass.CODE,
                    problem=problem,
                )
            )
    order = list(frameworks_by_format())
    found.sort(
        key=lambda one: (bool(one.problem), _SAFETY[one.trust_class], order.index(one.format))
    )
    return tuple(found)


def saved_model_folder(folder: Path) -> Path:
    """Find the SavedModel in an unpacked folder: there, or one level deeper.

    Raises
    ------
    PackageFault
        If the folder holds no SavedModel, or more than one.
    """
    candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    found = [path for path in candidates if (path / "saved_model.pb").is_file()]
    if len(found) != 1:
        raise PackageFault(
            f"{folder.name} holds {len(found)} SavedModels where one is expected; "
            "zip the folder that saved_model.pb lies in"
        )
    return found[0]


def _unreadable(error: OSError) -> str:
    return f"{error.filename or 'a file'} cannot be read: {error.strerror or error}"


def _read(name: str, entry: Any, package: _Package) -> WeightsDescription:
    source = str(entry.source)
    path = package_file(
        package.root, source, folder_allowed=name == "tensorflow_saved_model_bundle"
    )
    stated = str(entry.sha256 or "").lower()
    if path.is_dir():
        files = [(file.relative_to(package.root).as_posix(), file) for file in tree_files(path)]
        contents = [(label, file_sha256(file)) for label, file in files]
        size = sum(file.stat().st_size for _, file in files)
    else:
        actual = file_sha256(path)
        if stated and actual != stated:
            raise PackageFault(
                f"{source} has the SHA-256 {actual}, but the package states {stated}: the file is "
                "damaged or was changed; copy or download the package again"
            )
        contents, size = [(source, actual)], path.stat().st_size
    architecture: dict[str, Any] = {}
    trust_class = TrustClass.DATA
    if name == "onnx":
        contents, size = _with_external_data(entry, path, contents, size, package)
    elif path.suffix.lower() == ".pt2":
        trust_class = TrustClass.CODE
    elif name == "torchscript":
        trust_class = TrustClass.PROGRAM
    elif name == "pytorch_state_dict":
        architecture, trust_class, extra = _architecture(entry.architecture, package)
        contents += extra
    elif name == "keras_v3":
        trust_class = _keras_trust_class(path)
    elif name == "tensorflow_saved_model_bundle":
        trust_class = TrustClass.PROGRAM
        if path.is_file():
            unpacked = package.unpack_to / f"savedmodel-{contents[0][1]}"
            unpack(path, unpacked)
            path = unpacked
        path = saved_model_folder(path)
    else:
        trust_class = TrustClass.CODE
    if trust_class is not TrustClass.DATA:
        refuse_hard_links(package.root)
    return WeightsDescription(
        format=name,
        framework=frameworks_by_format()[name],
        path=path,
        trust_class=trust_class,
        sha256=stated,
        digest=content_digest(package.description, [(name, contents[0][1]), *contents]),
        size_bytes=size,
        architecture=architecture,
    )


def _with_external_data(
    entry: Any, path: Path, contents: list[tuple[str, str]], size: int, package: _Package
) -> tuple[list[tuple[str, str]], int]:
    contents = list(contents)
    stated = {}
    if entry.external_data is not None:
        source = str(entry.external_data.source)
        stated[package_file(package.root, source)] = str(entry.external_data.sha256 or "").lower()
    # The location in the file counts, whatever the description says: relative to the file.
    used = {package_file(path.parent, location) for location in external_data(path)}
    for data in sorted(used | stated.keys()):
        actual = file_sha256(data)
        if stated.get(data) and stated[data] != actual:
            raise PackageFault(
                f"{data.name} has the SHA-256 {actual}, but the package states {stated[data]}: the "
                "file is damaged or was changed; copy or download the package again"
            )
        contents.append((data.relative_to(package.root).as_posix(), actual))
        size += data.stat().st_size
    return contents, size


def _architecture(
    stated: Any, package: _Package
) -> tuple[dict[str, Any], TrustClass, list[tuple[str, str]]]:
    document: dict[str, Any] = {
        "callable": str(stated.callable),
        "kwargs": stated.model_dump(mode="json")["kwargs"],
    }
    if hasattr(stated, "import_from"):
        library = str(stated.import_from)
        document["import_from"] = library
        known = library.split(".")[:2] == ["torchvision", "models"]
        return document, TrustClass.DATA if known else TrustClass.CODE, []
    source = str(stated.source)
    path = package_file(package.root, source)
    actual = file_sha256(path)
    wanted = str(stated.sha256 or "").lower()
    if wanted and wanted != actual:
        raise PackageFault(
            f"the architecture {source} has the SHA-256 {actual}, but the package states {wanted}; "
            "copy or download the package again"
        )
    document["path"] = str(path)
    return document, TrustClass.CODE, [(source, actual)]


def _keras_trust_class(path: Path) -> TrustClass:
    """Tell whether a Keras 3 file holds layers that run code of their own.

    Keras' safe mode refuses them while loading; this finds them before.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("config.json")
            if info.file_size > _KERAS_CONFIG_BYTES:
                raise PackageFault(f"the configuration inside {path.name} is absurdly large")
            document = json.loads(archive.read(info))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise PackageFault(
            f"{path.name} is not a Keras 3 file ({error}); save it again with model.save('….keras')"
        ) from error
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if _is_code(value):
                return TrustClass.CODE
            waiting.extend(value.values())
    return TrustClass.DATA


def _is_code(value: dict[str, Any]) -> bool:
    if value.get("class_name") in ("Lambda", "TFSMLayer", "__lambda__", "function"):
        return True
    module = value.get("module")
    if "class_name" not in value or not isinstance(module, str):
        return False
    return module.split(".")[0] not in ("keras", "builtins")
