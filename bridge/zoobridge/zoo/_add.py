"""Writing a package for weights that a user has."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.errors import BackendError, BrokenPackageError, InvalidRequestError, ServerError
from zoobridge.imaging import Operation
from zoobridge.zoo._description import ModelDescription
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import file_sha256
from zoobridge.zoo._identity import is_id, slug
from zoobridge.zoo._labels import read_label_file
from zoobridge.zoo._library import check_written, is_license, newest_format, write_description
from zoobridge.zoo._package import read_package
from zoobridge.zoo._source import WeightsSource, detect_source
from zoobridge.zoo._trial import OutputTensor, Trial, try_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.zoo._description import ScoreKind
    from zoobridge.zoo._network import OpenNetwork
    from zoobridge.zoo._trust import TrustStore

__all__ = ["PREPROCESSING", "add_model"]

#: Named ways from 8-bit intensities to what a network takes.
PREPROCESSING: dict[str, tuple[Operation, ...]] = {
    "none": (),
    "unit": (Operation("scale_linear", {"gain": 1 / 255}),),
    "signed": (Operation("scale_linear", {"gain": 1 / 127.5, "offset": -1.0}),),
    "imagenet": (
        Operation("scale_linear", {"gain": 1 / 255}),
        Operation(
            "fixed_zero_mean_unit_variance",
            {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "axis": "channel"},
        ),
    ),
}

#: What the last axes of a tensor are called where nobody knows what they are.
_SPACE = ("z", "y", "x")


def add_model(
    source: Path,
    *,
    zoo: Path,
    name: str,
    labels: Path | Sequence[str],
    open_network: OpenNetwork,
    trust: TrustStore,
    model_id: str = "",
    version: str = "1.0.0",
    description: str = "",
    license_id: str = "",
    authors: Sequence[str] = (),
    weights_format: str = "",
    axes: str = "",
    size: tuple[int, int] | None = None,
    channels: int = 0,
    channel_names: Sequence[str] = (),
    preprocessing: str | Sequence[Operation] = "none",
    output: str = "",
    scores: Literal["as_is", "softmax", "sigmoid"] = "as_is",
    score_kind: ScoreKind | None = None,
    intensity_range: tuple[float, float] | None = None,
    config: dict[str, Any] | None = None,
) -> Path:
    """Write a BioImage.IO package for some weights into a zoo, and trust it.

    The network is run once, on made-up pictures, for the package's test tensors. The package
    appears in the zoo when it is complete and valid, or not at all.

    Parameters
    ----------
    source
        An ``.onnx``, TorchScript ``.pt``, ``.pt2``, ``.keras`` or ``.h5`` file, or the folder of a
        SavedModel.
    zoo
        The zoo's folder; made if it does not exist.
    name
        Name for people.
    labels
        A label file, or the class names in the order of the output.
    open_network
        Runs the network; in a process of its own, since it may be anything.
    trust
        Where the package is noted as trusted.
    model_id
        Id in the zoo; made of the name if empty.
    version
        The package's version.
    description, license_id, authors
        As in a BioImage.IO description; the licence is an SPDX identifier.
    weights_format
        BioImage.IO name, where the file's name does not tell.
    axes, size, channels, channel_names
        Layout of the input, as far as the network does not tell; `size` is height and width.
    preprocessing
        A name of :data:`PREPROCESSING`, or the steps themselves.
    output
        The output that holds the scores, of a network with several; the others are described too.
    scores
        What is done to the network's scores.
    score_kind
        What the network's scores are, where it is known.
    intensity_range
        The raw intensities that preprocessing expects; 0 to 255 for the named ways but ``none``.
    config
        Further fields of ``config.zoobridge``.

    Returns
    -------
    Path
        The package's folder.

    Raises
    ------
    InvalidRequestError
        If something is missing, contradicts the network, or is in the zoo already.
    BackendError
        If the network cannot be run.
    BrokenPackageError
        If the package that results is not valid.
    ServerError
        If the zoo cannot be written.
    """
    chosen = detect_source(source, weights_format)
    names = _label_names(labels)
    steps = _steps(preprocessing)
    if intensity_range is None and isinstance(preprocessing, str) and steps:
        intensity_range = (0.0, 255.0)
    chosen_id = model_id or slug(name)
    if not is_id(chosen_id):
        raise InvalidRequestError(
            f"{chosen_id!r} cannot be an id; use lower-case letters, digits, dots, - and _",
            field="model_id",
        )
    if license_id and not is_license(license_id):
        raise InvalidRequestError(
            f"{license_id!r} is no SPDX identifier of a licence; write one such as CC-BY-4.0 or MIT",
            field="license_id",
        )
    target = _target(zoo, chosen_id, version)
    after = () if scores == "as_is" else (_score_step(scores),)
    try:
        tested = try_network(
            chosen,
            names,
            open_network,
            steps=steps,
            after=after,
            span=intensity_range or (0.0, 1.0),
            layout={
                "axes": axes,
                "size": size,
                "channels": channels,
                "channel_names": channel_names,
            },
            output=output,
        )
    except BackendFault as fault:
        raise BackendError(str(fault)) from fault
    own_config: dict[str, Any] = dict(config or {})
    if score_kind is not None:
        own_config["score_kind"] = score_kind.value
    if intensity_range is not None:
        own_config["intensity_range"] = list(intensity_range)
    if len(tested.outputs) > 1:
        own_config["output"] = tested.scores.name
    document: dict[str, Any] = {
        "type": "model",
        "format_version": newest_format(),
        "id": chosen_id,
        "version": version,
        "name": _plain_name(name),
        "description": description or f"{name}: tells {len(names)} classes apart.",
        "authors": [{"name": author} for author in authors],
        "inputs": [_input_document(tested, steps)],
        "outputs": [
            _scores_document(one, names, after) if one is tested.scores else _output_document(one)
            for one in tested.outputs
        ],
        "config": {"zoobridge": own_config},
    }
    if license_id:
        document["license"] = license_id
    try:
        zoo.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".adding-", dir=zoo))
        try:
            model = _write(document, scratch, chosen, tested)
            trust.trust(
                [weights.digest for weights in model.weights], label=f"{chosen_id}@{version}"
            )
            scratch.chmod(0o755)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise ServerError(
            f"the package cannot be written to {zoo}: {error.strerror or error}"
        ) from error
    return target


def _label_names(labels: Path | Sequence[str]) -> tuple[str, ...]:
    if isinstance(labels, Path):
        try:
            return read_label_file(labels)
        except PackageFault as fault:
            raise InvalidRequestError(str(fault), field="labels") from fault
    if not labels or not all(label.strip() for label in labels):
        raise InvalidRequestError("each class needs a name; give the labels", field="labels")
    return tuple(labels)


def _steps(preprocessing: str | Sequence[Operation]) -> tuple[Operation, ...]:
    if not isinstance(preprocessing, str):
        return tuple(preprocessing)
    if preprocessing not in PREPROCESSING:
        raise InvalidRequestError(
            f"no preprocessing is called {preprocessing!r}; use one of: {', '.join(PREPROCESSING)}",
            field="preprocessing",
        )
    return PREPROCESSING[preprocessing]


def _score_step(scores: str) -> Operation:
    return Operation(scores, {"axis": "channel"} if scores == "softmax" else {})


def _target(zoo: Path, model_id: str, version: str) -> Path:
    """Choose the package's folder: the id, or with the version where another one has it."""
    target = zoo / model_id
    if not target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
        present = read_package(target, unpack_to=Path(scratch))
    versioned = zoo / f"{model_id}-{slug(version)}"
    if (present.id == model_id and present.version == version) or versioned.exists():
        raise InvalidRequestError(
            f"{model_id} {version} is in the zoo already; give another version or id, or remove it",
            field="version",
        )
    return versioned


def _step_documents(steps: Sequence[Operation]) -> list[dict[str, Any]]:
    return [
        {"id": step.id, **({"kwargs": dict(step.kwargs)} if step.kwargs else {})} for step in steps
    ]


def _input_document(tested: Trial, steps: Sequence[Operation]) -> dict[str, Any]:
    return {
        "id": tested.input_name,
        "axes": tested.layout.axis_documents(),
        "data": {"type": "float32"},
        "test_tensor": {"source": "test_input.npy"},
        "preprocessing": [
            *_step_documents(steps),
            {"id": "ensure_dtype", "kwargs": {"dtype": tested.dtype}},
        ],
    }


def _scores_document(
    output: OutputTensor, labels: Sequence[str], after: Sequence[Operation]
) -> dict[str, Any]:
    return {
        "id": output.name,
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": list(labels)}],
        "data": {"type": "float32"},
        "test_tensor": {"source": "test_output.npy"},
        "postprocessing": _step_documents(after),
    }


def _output_document(output: OutputTensor) -> dict[str, Any]:
    """Describe an output that is not served, by its type and as many axes as it has."""
    shape = output.tensor.shape
    batch = shape[:1] == (1,)
    lengths = shape[1:] if batch else shape
    if not shape or len(lengths) > 1 + len(_SPACE):
        raise InvalidRequestError(
            f"the network's output {output.name} has the shape {shape}, which a package cannot "
            "describe; export the network without it"
        )
    axes: list[dict[str, Any]] = [{"type": "batch"}] if batch else []
    if lengths:
        axes.append({"type": "index", "size": lengths[0]})
    names = _SPACE[len(_SPACE) - len(lengths[1:]) :]
    axes += [
        {"type": "space", "id": name, "size": length}
        for name, length in zip(names, lengths[1:], strict=True)
    ]
    return {
        "id": output.name,
        "axes": axes,
        "data": {"type": output.tensor.dtype.name},
        "test_tensor": {"source": f"test_{output.name}.npy"},
    }


def _plain_name(name: str) -> str:
    """Write a name as BioImage.IO allows it: ASCII, and at least five characters long."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_+\- ()]+", "-", ascii_only).strip("- ")[:64]
    return plain if len(plain) >= 5 else f"{plain} model".strip().rjust(5, "m")


def _write(
    document: dict[str, Any], folder: Path, source: WeightsSource, tested: Trial
) -> ModelDescription:
    np.save(folder / "test_input.npy", tested.test_input)
    for output, tensor in zip(document["outputs"], tested.outputs, strict=True):
        np.save(folder / output["test_tensor"]["source"], tensor.tensor)
    document["weights"] = {source.format: source.copy_into(folder)}
    for tensor in (*document["inputs"], *document["outputs"]):
        tensor["test_tensor"]["sha256"] = file_sha256(folder / tensor["test_tensor"]["source"])
    try:
        write_description(document, folder / "rdf.yaml")
        check_written(folder)
        with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
            model = read_package(folder, unpack_to=Path(scratch))
    except PackageFault as fault:
        raise BrokenPackageError(f"the package would not be valid: {fault}") from fault
    if model.problem:
        raise BrokenPackageError(f"the package would not be usable: {model.problem}")
    return model
