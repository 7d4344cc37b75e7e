"""What people's exports state of themselves: labels, size and preprocessing, read from their own files.

Known are the folders of Hugging Face (Transformers) and of Teachable Machine, the metadata that
Ultralytics and others write into ONNX files, and Keras files that rescale pictures by themselves. What
cannot be run is refused with the command that makes a file that can.
"""

from __future__ import annotations

import json
import mmap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import Operation
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._label_file import names_of, read_label_file
from zoobridge.zoo._onnx_file import read_onnx

__all__ = ["Export", "read_export"]

_BYTES_RANGE = (0.0, 255.0)
# Of a network of some thousand layers, in bytes.
_LONGEST_CONFIG = 1 << 24
# Pillow's numbers for filters, as Transformers writes them.
_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}
_ONNX_LABELS = ("names", "labels", "classes", "class_names", "id2label")
_OPTIMUM = (
    'pip install "optimum-onnx[onnxruntime]" && '
    "optimum-cli export onnx --task image-classification --model {source} {target}"
)
_TF2ONNX = "pip install tf2onnx tensorflow && python -m tf2onnx.convert"
_COMMANDS = {
    ".tflite": f"{_TF2ONNX} --tflite {{path}} --output {{stem}}.onnx",
    ".pb": f"{_TF2ONNX} --graphdef {{path}} --output {{stem}}.onnx --inputs INPUT:0 --outputs OUTPUT:0",
    ".pkl": "skl2onnx.to_onnx(pipeline, X[:1], options={{'zipmap': False}}) in Python",
    ".joblib": "skl2onnx.to_onnx(pipeline, X[:1], options={{'zipmap': False}}) in Python",
    ".ckpt": "torch.onnx.export(model, example, '{stem}.onnx') where the network is defined",
    ".safetensors": "torch.onnx.export(model, example, '{stem}.onnx') where the network is defined",
    ".bin": "torch.onnx.export(model, example, '{stem}.onnx') where the network is defined",
}


@dataclass(frozen=True)
class Export:
    """Weights, and what their own files state of them.

    Parameters
    ----------
    weights
        The file, or the folder of a SavedModel.
    made_by
        What exported it, for people; empty where that is not known.
    labels
        The class names; empty where nothing states them.
    size
        Height and width; `None` where nothing states them.
    preprocessing
        The steps; `None` where nothing states them.
    intensity_range
        The raw intensities that they expect.
    scores
        What to do with the scores.
    multi_label
        Whether the classes do not exclude one another.
    config
        Further fields of ``config.zoobridge``.
    """

    weights: Path
    made_by: str = ""
    labels: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    preprocessing: tuple[Operation, ...] | None = None
    intensity_range: tuple[float, float] | None = None
    scores: Literal["as_is", "softmax", "sigmoid"] = "as_is"
    multi_label: bool = False
    config: dict[str, Any] = field(default_factory=dict)


def read_export(path: Path) -> Export:
    """Return the weights that a path stands for, with what their own files state.

    Raises
    ------
    InvalidRequestError
        If they are of a kind that cannot be run; the message holds the command that changes that.
    """
    try:
        if path.is_dir():
            return _folder(path)
        suffix = path.suffix.lower()
        if suffix in (".safetensors", ".bin") and (path.parent / "config.json").is_file():
            return _hugging_face(path.parent)
        if suffix in _COMMANDS:
            raise InvalidRequestError(_convert(path), field="source")
        if suffix == ".zip":
            raise InvalidRequestError(
                f"{path.name} is an archive; unpack it and add the folder, or copy it into the zoo if "
                "it is a BioImage.IO package",
                field="source",
            )
        if suffix == ".onnx":
            return _onnx(path)
        if suffix in _KERAS_NETWORKS:
            return _keras(path)
    except PackageFault as fault:
        raise InvalidRequestError(str(fault), field="source") from fault
    return Export(path)


def _convert(path: Path) -> str:
    command = _COMMANDS[path.suffix.lower()].format(path=path, stem=path.with_suffix(""))
    return f"{path.name} cannot be served directly; convert it to ONNX and add that file: {command}"


# -- folders


def _folder(path: Path) -> Export:
    if (path / "config.json").is_file() and not (path / "saved_model.pb").exists():
        return _hugging_face(path)
    labels = path / "labels.txt"
    if labels.is_file():
        found = [path / name for name in ("model.savedmodel", "keras_model.h5")]
        weights = next((one for one in found if one.exists()), None)
        if weights is not None:
            return Export(
                weights,
                "Teachable Machine",
                read_label_file(labels),
                (224, 224) if weights.is_dir() else None,
                (Operation("scale_linear", {"gain": 1 / 127.5, "offset": -1.0}),),
                _BYTES_RANGE,
                config={"fit": "crop"},
            )
    for pattern in ("*.tflite", "model.json"):
        other = next(iter(sorted(path.glob(pattern))), None)
        if other is not None and not (path / "saved_model.pb").exists():
            why = (
                f"{other.name} cannot be served directly; add its Keras or SavedModel export"
                if pattern == "model.json"
                else _convert(other)
            )
            raise InvalidRequestError(f"in {path}: {why}", field="source")
    return Export(path)


def _hugging_face(path: Path) -> Export:
    config = _json(path / "config.json")
    architecture = ", ".join(map(str, config.get("architectures") or ["an unknown architecture"]))
    if not any(key in config for key in ("id2label", "label2id")):
        raise InvalidRequestError(
            f"{path} is a model folder ({architecture}) without id2label in its config.json, as an "
            "image classifier has it",
            field="source",
        )
    files = [path / "model.onnx", path / "onnx" / "model.onnx", *sorted(path.glob("*.onnx"))]
    weights = next((one for one in files if one.is_file()), None)
    if weights is None:
        command = _OPTIMUM.format(source=path, target=path / "onnx")
        raise InvalidRequestError(
            f"{path} holds the parameters of {architecture} without a network that can be run; make "
            f"one, and add the folder again: {command}",
            field="source",
        )
    multi_label = config.get("problem_type") == "multi_label_classification"
    steps, size, more = _processor(path / "preprocessor_config.json", config)
    return Export(
        weights,
        "Hugging Face Transformers",
        tuple(names_of(config)),
        size,
        steps,
        _BYTES_RANGE,
        "sigmoid" if multi_label else "softmax",
        multi_label,
        more,
    )


def _processor(
    path: Path, config: Mapping[str, Any]
) -> tuple[tuple[Operation, ...], tuple[int, int] | None, dict[str, Any]]:
    """Return the steps, the size, and how it is reached, as an image processor states them."""
    stated = _json(path) if path.is_file() else {}
    steps: list[Operation] = []
    if stated.get("do_rescale", True):
        steps.append(
            Operation("scale_linear", {"gain": float(stated.get("rescale_factor", 1 / 255))})
        )
    mean, std = stated.get("image_mean"), stated.get("image_std")
    if stated.get("do_normalize", bool(mean)) and mean and std:
        normal = {"mean": list(map(float, mean)), "std": list(map(float, std)), "axis": "channel"}
        steps.append(Operation("fixed_zero_mean_unit_variance", normal))
    size = _size(stated.get("crop_size")) or _size(stated.get("size"))
    if size is None:
        size = _size(config.get("image_size"))
    cropped = stated.get("do_center_crop") or "shortest_edge" in (stated.get("size") or {})
    more: dict[str, Any] = {"fit": "crop" if cropped else "stretch"}
    if stated.get("resample") in _FILTERS:
        more["interpolation"] = _FILTERS[stated["resample"]]
    return tuple(steps), size, more


def _size(stated: object) -> tuple[int, int] | None:
    if isinstance(stated, int) and not isinstance(stated, bool):
        return stated, stated
    if (
        isinstance(stated, list)
        and len(stated) == 2
        and all(isinstance(one, int) for one in stated)
    ):
        return stated[0], stated[1]
    if isinstance(stated, Mapping):
        sides = [stated.get(name, stated.get("shortest_edge")) for name in ("height", "width")]
        if all(isinstance(side, int) for side in sides):
            return sides[0], sides[1]
    return None


# -- files


def _onnx(path: Path) -> Export:
    stated = read_onnx(path).metadata
    labels = next((stated[key] for key in _ONNX_LABELS if stated.get(key)), "")
    names = tuple(names_of(_literal(labels))) if labels else ()
    if "ultralytics" not in f"{stated.get('author', '')} {stated.get('description', '')}".lower():
        return Export(path, "", names)
    if stated.get("task", "classify") != "classify":
        raise InvalidRequestError(
            f"{path.name} is a network of Ultralytics for '{stated['task']}', not for classifying; "
            "train and export one of task classify",
            field="source",
        )
    return Export(
        path,
        "Ultralytics",
        names,
        _size(_literal(stated["imgsz"])) if "imgsz" in stated else None,
        (Operation("scale_linear", {"gain": 1 / 255}),),
        _BYTES_RANGE,
        config={"fit": "crop"},
    )


def _literal(text: str) -> object:
    import ast

    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise PackageFault(f"the metadata {text[:80]!r} cannot be understood") from error


def _keras(path: Path) -> Export:
    try:
        network = _KERAS_NETWORKS[path.suffix.lower()](path)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError):
        return Export(path)
    layer = next(_layers(network, ("Rescaling", "Normalization")), None)
    if layer is None:
        return Export(path)
    taken = _taken_by(layer)
    if taken is None:
        return Export(path, intensity_range=_BYTES_RANGE)
    steps = () if taken == _BYTES_RANGE else (Operation("scale_linear", {"gain": 1 / 255}),)
    return Export(path, "Keras, with preprocessing inside", (), None, steps, _BYTES_RANGE)


def _in_archive(path: Path) -> object:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def _in_hdf5(path: Path) -> object:
    """Return the attribute ``model_config``, which HDF5 stores in one piece.

    Found by how Keras begins it, so that no HDF5 library reads a foreign file outside a confined worker.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(b'{"class_name": "')
        text = data[start : start + _LONGEST_CONFIG] if start >= 0 else b""
    return json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))[0]


_KERAS_NETWORKS: dict[str, Callable[[Path], object]] = {
    ".keras": _in_archive,
    ".h5": _in_hdf5,
    ".hdf5": _in_hdf5,
}


def _layers(document: object, kinds: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Yield the layers of some kinds, in the order in which the network applies them."""
    if isinstance(document, Mapping):
        if document.get("class_name") in kinds:
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _layers(part, kinds)


def _taken_by(layer: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the intensities that a layer brings near 0…1 or -1…1; `None` where it does not say.

    A `Normalization` that was adapted to pictures keeps its mean among the weights.
    """
    stated = layer.get("config") or {}
    if layer["class_name"] == "Rescaling":
        scales = _numbers(stated.get("scale"))
        return None if not scales else _BYTES_RANGE if max(map(abs, scales)) < 0.1 else (0.0, 1.0)
    spread = _numbers(stated.get("mean")) + _numbers(stated.get("variance"))
    return None if not spread else _BYTES_RANGE if max(map(abs, spread)) > 2 else (0.0, 1.0)


def _numbers(stated: object) -> list[float]:
    if isinstance(stated, int | float):
        return [float(stated)]
    if isinstance(stated, Mapping):
        stated = list(stated.values())
    return [one for part in stated for one in _numbers(part)] if isinstance(stated, list) else []


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"{path} cannot be read: {error}", field="source") from error
    if not isinstance(document, dict):
        raise InvalidRequestError(f"{path} does not hold a JSON object", field="source")
    return document
