"""Writing one trained network in each framework's format, without a trace of the machine in it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from recipe.architecture import NetworkPlan
from recipe.measure import onnx_scores
from recipe.training import parameters

__all__ = ["IR_VERSION", "OPSET", "Exported", "export"]

#: Old enough for every ONNX Runtime since 1.18; ``onnx`` itself writes newer ones unless told.
OPSET, IR_VERSION = 18, 10

_EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Exported:
    """The files of one network, and the greatest difference between what they answer.

    Parameters
    ----------
    onnx, torchscript, keras, saved_model
        The files.
    difference
        Between any two of them, over all inputs and scores (logits).
    """

    onnx: Path
    torchscript: Path
    keras: Path
    saved_model: Path
    difference: float


def export(
    network: nn.Sequential,
    plan_name: str,
    plan: NetworkPlan,
    folder: Path,
    inputs: NDArray[np.float32],
) -> Exported:
    """Write a network as ONNX, TorchScript, Keras 3 and SavedModel, with the same parameters.

    Parameters
    ----------
    network
        The trained network.
    plan_name
        Name of the plan in :mod:`recipe.architecture`.
    plan
        The plan that it was built from.
    folder
        Where the files go.
    inputs
        Prepared pictures to compare the files on, ``(batch, 1, size, size)``.
    """
    onnx_file, torchscript = folder / "weights.onnx", folder / "weights.pt"
    keras_file, bundle = folder / "weights.keras", folder / "saved_model.zip"
    example = torch.zeros(2, 1, plan.size, plan.size)
    _write_onnx(network, example, onnx_file)
    _write_torchscript(network, example, torchscript)
    answers = [onnx_scores(onnx_file, inputs), _torchscript_scores(torchscript, inputs)]
    with tempfile.TemporaryDirectory() as scratch:
        given = Path(scratch, "parameters.npz")
        np.savez(given, inputs=inputs, **parameters(network))
        # TensorFlow and PyTorch's exporters do not survive each other in one process.
        subprocess.run(
            [sys.executable, "-m", "recipe.keras_export", plan_name, given, scratch],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"},
            check=True,
        )
        _repack_zip(Path(scratch, "weights.keras"), keras_file)
        _pack_folder(Path(scratch, "saved_model"), bundle)
        with np.load(Path(scratch, "outputs.npz")) as outputs:
            answers += outputs.values()
    difference = float(np.ptp(np.stack(answers), axis=0).max())
    return Exported(onnx_file, torchscript, keras_file, bundle, difference)


def _write_onnx(network: nn.Sequential, example: torch.Tensor, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["raw"],
            output_names=["scores"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    assert program is not None
    model = program.model_proto
    model.ir_version = IR_VERSION
    # The exporter notes the source files that each node came from.
    del model.metadata_props[:], model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _write_torchscript(network: nn.Sequential, example: torch.Tensor, path: Path) -> None:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch:
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(network, example)
        written = Path(scratch, path.name)
        torch.jit.save(traced, written)
        # The debug records note the source files that the code came from.
        _repack_zip(written, path, without=".debug_pkl", packed=False)


def _torchscript_scores(path: Path, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore", DeprecationWarning)
        scores: NDArray[np.float32] = torch.jit.load(path)(torch.from_numpy(inputs)).numpy()
    return scores


def _repack_zip(source: Path, target: Path, *, without: str = "\0", packed: bool = True) -> None:
    """Write a zip again with fixed times, and without the members that end with `without`."""
    with zipfile.ZipFile(source) as archive:
        members = [
            (name, archive.read(name)) for name in archive.namelist() if not name.endswith(without)
        ]
    _write_zip(target, members, packed=packed)


def _pack_folder(folder: Path, target: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    _write_zip(target, [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files])


def _write_zip(target: Path, members: list[tuple[str, bytes]], *, packed: bool = True) -> None:
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), content, compress_type=method)
