"""Weights on their way into a package: which format they are, and what the format wants to know."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from zoobridge.errors import InvalidRequestError
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import file_sha256, package_file
from zoobridge.zoo._onnx_file import read_onnx, rename_external_data
from zoobridge.zoo._weights import saved_model_folder

__all__ = ["WeightsSource", "detect_source"]

_SUFFIXES = {
    ".onnx": "onnx",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".ts": "torchscript",
    ".torchscript": "torchscript",
    ".pt2": "torchscript",
    ".keras": "keras_v3",
    ".h5": "keras_hdf5",
    ".hdf5": "keras_hdf5",
}


@dataclass(frozen=True)
class WeightsSource:
    """Weights outside of any package.

    Parameters
    ----------
    format
        BioImage.IO name.
    path
        The file, or the folder of a SavedModel.
    """

    format: str
    path: Path

    def copy_into(self, folder: Path) -> dict[str, Any]:
        """Copy the weights into a package.

        Parameters
        ----------
        folder
            The package's folder.

        Returns
        -------
        dict
            The entry under ``weights`` in the description.

        Raises
        ------
        InvalidRequestError
            If the file is not what its name says.
        """
        if self.path.is_dir():
            target = folder / "saved_model.zip"
            _zip(self.path, target)
        else:
            suffix = self.path.suffix.lower()
            target = folder / f"weights{suffix}"
            shutil.copyfile(self.path, target)
        particulars = self._particulars(folder, target.name)
        return {"source": target.name, "sha256": file_sha256(target), **particulars}

    def _particulars(self, folder: Path, entry_name: str) -> dict[str, Any]:
        if self.format == "onnx":
            return self._onnx(folder, entry_name)
        if self.format == "torchscript":
            return {"pytorch_version": _installed("torch", "2.10")}
        if self.format == "keras_v3":
            return {
                "keras_version": _keras_version(self.path),
                "backend": ["tensorflow", _installed("tensorflow", "2.18")],
            }
        return {"tensorflow_version": _installed("tensorflow", "2.18")}

    def _onnx(self, folder: Path, entry_name: str) -> dict[str, Any]:
        try:
            facts = read_onnx(self.path)
        except PackageFault as fault:
            raise InvalidRequestError(str(fault)) from fault
        entry: dict[str, Any] = {"opset_version": facts.opset}
        if not facts.external:
            return entry
        if len(facts.external) > 1:
            raise InvalidRequestError(
                f"{self.path.name} keeps its weights in {', '.join(facts.external)}; save it again as one "
                "file (onnx.save(model, path)), or with a single file of data"
            )
        name = facts.external[0]
        try:
            data = package_file(self.path.parent, name)
            if not name.endswith(".data"):
                # BioImage.IO wants that ending; Optimum writes another.
                name = "weights.onnx.data"
                rename_external_data(self.path, folder / entry_name, name)
        except PackageFault as fault:
            raise InvalidRequestError(str(fault)) from fault
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data, target)
        return entry | {"external_data": {"source": name, "sha256": file_sha256(target)}}


def detect_source(path: Path, weights_format: str = "") -> WeightsSource:
    """Tell which format some weights are.

    Parameters
    ----------
    path
        An ``.onnx``, TorchScript, ``.pt2``, ``.keras`` or ``.h5`` file, or the folder of a
        SavedModel.
    weights_format
        BioImage.IO name, where the file's name does not show it.

    Raises
    ------
    InvalidRequestError
        If it does not exist, or is not one of these.
    """
    if path.is_dir():
        try:
            return WeightsSource("tensorflow_saved_model_bundle", saved_model_folder(path))
        except PackageFault as fault:
            raise InvalidRequestError(
                f"{path} is not a SavedModel: {fault}", field="source"
            ) from fault
    if not path.is_file():
        raise InvalidRequestError(f"{path} does not exist; correct the path", field="source")
    formats = dict.fromkeys(_SUFFIXES.values())
    if weights_format and weights_format not in formats:
        raise InvalidRequestError(
            f"files of the format {weights_format!r} cannot be added; use one of: {', '.join(formats)}",
            field="weights_format",
        )
    found = weights_format or _SUFFIXES.get(path.suffix.lower(), "")
    if not found:
        raise InvalidRequestError(
            f"{path.name} is not one of the files that can be added (.onnx, TorchScript .pt, .pt2, .keras, "
            ".h5, or the folder of a SavedModel); convert it to ONNX, or state its format",
            field="weights_format",
        )
    if found == "torchscript" and path.suffix.lower() != ".pt2":
        _check_torchscript(path)
    return WeightsSource(found, path)


def _check_torchscript(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidRequestError(
            f"{path.name} is not a TorchScript archive; save the network with torch.jit.save, or "
            "export it to ONNX",
            field="source",
        ) from error
    if not any(name.endswith("/constants.pkl") for name in names):
        raise InvalidRequestError(
            f"{path.name} holds no network but its parameters alone (a state dict), or is an exported "
            "program under another name; save the network with torch.jit.save, or export it to ONNX",
            field="source",
        )


def _keras_version(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise InvalidRequestError(
            f"{path.name} is not a Keras 3 file; save it again with model.save('….keras')",
            field="source",
        ) from error


def _installed(name: str, otherwise: str) -> str:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return otherwise


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
