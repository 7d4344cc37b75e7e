"""Writing a package for weights that a user has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.errors import BackendError, InvalidRequestError
from zoobridge.zoo._description import ModelDescription
from zoobridge.zoo._library import newest_format
from zoobridge.zoo._source import WeightsSource, detect_source
from zoobridge.zoo._trial import OutputTensor, Trial, try_network
from zoobridge.zoo._writing import finish_package, new_package, package_folder, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.imaging import Operation
    from zoobridge.zoo._network import OpenNetwork
    from zoobridge.zoo._new_model import NewModel
    from zoobridge.zoo._trust import TrustStore

__all__ = ["add_model"]

#: What to do with weights that their framework refuses, as the end of a sentence.
_REMEDIES = {
    "keras_hdf5": "; if an older Keras (2) wrote it, export it from there as SavedModel (with tf_keras: "
    "tf_keras.models.load_model(path).export(folder)), or take Teachable Machine's SavedModel export",
    "keras_v3": "; save it again with the Keras that trained it, or export it as SavedModel "
    "(model.export(folder))",
    "onnx": "; if it is sound elsewhere, export it again with opset_version=17",
    "torchscript": "; export it to ONNX (torch.onnx.export)",
    "tensorflow_saved_model_bundle": "; convert it to ONNX (python -m tf2onnx.convert --saved-model FOLDER "
    "--output FILE.onnx)",
}

#: What the last axes of a tensor are called where nobody knows what they are.
_SPACE = ("z", "y", "x")


def add_model(
    source: Path, new: NewModel, *, zoo: Path, open_network: OpenNetwork, trust: TrustStore
) -> Path:
    """Write a BioImage.IO package for some weights into a zoo, and trust it.

    The network is run once, on made-up pictures, for the package's test tensors. The package
    appears in the zoo when it is complete and valid, or not at all.

    Parameters
    ----------
    source
        An ``.onnx``, TorchScript ``.pt``, ``.pt2``, ``.keras`` or ``.h5`` file, or the folder of a
        SavedModel.
    new
        What the package says of it.
    zoo
        The zoo's folder; made if it does not exist.
    open_network
        Runs the network; in a separate process, since it may be anything.
    trust
        Where the package is noted as trusted.

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
    chosen = detect_source(source, new.weights_format)
    target = package_folder(zoo, new.model_id, new.version)
    try:
        tested = try_network(chosen, new, open_network)
    except BackendFault as fault:
        remedy = _REMEDIES.get(chosen.format, "")
        raise BackendError(f"{source.name} cannot be run{remedy}. {fault}") from fault
    document = _document(new, tested)
    with new_package(zoo) as folder:
        model = _write(document, folder, chosen, tested)
        trust.trust(
            [weights.digest for weights in model.weights], label=f"{new.model_id}@{new.version}"
        )
        folder.rename(target)
    return target


def _document(new: NewModel, tested: Trial) -> dict[str, Any]:
    """Return the description without its weights."""
    own_config = dict(new.config)
    if new.score_kind is not None:
        own_config["score_kind"] = new.score_kind.value
    span = new.stated_range
    if span is None and tested.dtype == "uint8":
        span = (0.0, 255.0)
    if span is not None:
        own_config["intensity_range"] = list(span)
    if len(tested.outputs) > 1:
        own_config["output"] = tested.scores.name
    return {
        "type": "model",
        "format_version": newest_format(),
        "id": new.model_id,
        "version": new.version,
        "name": plain_name(new.name),
        "description": new.description
        or f"{new.name}: distinguishes {len(new.class_names)} classes.",
        "authors": [{"name": author} for author in new.authors],
        "inputs": [_input_document(tested, new.steps)],
        "outputs": [
            _scores_document(one, new) if one is tested.scores else _output_document(one)
            for one in tested.outputs
        ],
        "config": {"zoobridge": own_config},
        **({"license": new.license} if new.license else {}),
    }


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


def _scores_document(output: OutputTensor, new: NewModel) -> dict[str, Any]:
    return {
        "id": output.name,
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": list(new.class_names)}],
        "data": {"type": "float32"},
        "test_tensor": {"source": "test_output.npy"},
        "postprocessing": _step_documents(new.score_steps),
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


def _write(
    document: dict[str, Any], folder: Path, source: WeightsSource, tested: Trial
) -> ModelDescription:
    np.save(folder / "test_input.npy", tested.test_input)
    for output, tensor in zip(document["outputs"], tested.outputs, strict=True):
        np.save(folder / output["test_tensor"]["source"], tensor.tensor)
    document["weights"] = {source.format: source.copy_into(folder)}
    return finish_package(document, folder)
