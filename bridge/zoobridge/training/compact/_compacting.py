"""From a model of the zoo to its compact twin, and what that costs."""

from __future__ import annotations

import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation import mcnemar
from zoobridge.imaging import (
    PictureLimits,
    Preparation,
    Preparer,
    decode,
    plan_items,
    postprocess,
    preprocess,
)
from zoobridge.training._zoo_packages import find_package
from zoobridge.training.annotations import read_labelled
from zoobridge.training.figures import balanced_accuracy
from zoobridge.zoo import (
    file_sha256,
    finish_package,
    new_package,
    package_folder,
    read_document,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from zoobridge.client import Client
    from zoobridge.training.annotations import Annotation
    from zoobridge.zoo import ModelDescription, WeightsDescription

__all__ = ["Compacted", "MeasuredWeights", "compact_model"]

_CALIBRATED_ON: Final = 32
_TIMED: Final = 15


@dataclass(frozen=True)
class MeasuredWeights:
    """A model on labelled pictures.

    Parameters
    ----------
    reference
        ``id@version``.
    size_bytes
        Of the weights.
    milliseconds
        Of a call with one picture, the median.
    balanced_accuracy
        On the pictures.
    """

    reference: str
    size_bytes: int
    milliseconds: float
    balanced_accuracy: float


@dataclass(frozen=True)
class Compacted:
    """A compact model beside its original.

    Parameters
    ----------
    original, compact
        Both.
    only_original, only_compact
        Pictures that only one of them answers right.
    p_value
        Of McNemar's test.
    """

    original: MeasuredWeights
    compact: MeasuredWeights
    only_original: int
    only_compact: int
    p_value: float


def compact_model(
    client: Client,
    model: str,
    data: Path,
    *,
    zoo: Path,
    wait_for: Callable[[str], None],
    seed: int = 0,
) -> Compacted:
    """Write a compact twin of a model into the zoo, and compare the two.

    Parameters
    ----------
    client
        Connected to the server of the zoo.
    model
        ``id`` or ``id@version``; with ONNX weights.
    data
        Labelled pictures: a folder per class, or a table. Some of them give the ranges of activations;
        their classes are used to compare only.
    zoo
        The zoo's folder.
    wait_for
        Returns when the server lists a model.
    seed
        Of the choice of pictures.

    Raises
    ------
    InvalidRequestError
        If the model has no ONNX weights, is not in the folder, or was compacted already.
    ServerError
        If the package cannot be written.
    """
    from zoobridge.training.compact._quantise import quantise

    named = client.model(model)
    described = find_package(zoo, named.id, named.version)
    weights = next((one for one in described.weights if one.format == "onnx"), None)
    if weights is None or described.input is None:
        raise InvalidRequestError(
            f"{named.reference} has no ONNX weights, which are what is made compact"
        )
    annotations = read_labelled(data).annotations
    chosen = np.random.default_rng(seed).permutation(len(annotations))[:_CALIBRATED_ON]
    version = named.version or "1.0.0"
    compact_id = f"{named.id}-int8"
    target = package_folder(zoo, compact_id, version)
    with new_package(zoo) as folder:
        quantise(
            weights.path,
            folder / "weights.onnx",
            _prepared(described, [annotations[one] for one in chosen]),
        )
        _write(described, weights, folder, compact_id, version)
        folder.rename(target)
    wait_for(f"{compact_id}@{version}")
    return _compared(client, named.reference, f"{compact_id}@{version}", annotations)


def _prepared(
    described: ModelDescription, annotations: Sequence[Annotation]
) -> Iterator[NDArray[Any]]:
    spec = described.input
    assert spec is not None  # noqa: S101 - the caller has checked
    preparer = Preparer(spec, Preparation())
    for one in annotations:
        picture = decode(Path(one.path).read_bytes(), limits=PictureLimits())
        items: Any = plan_items(picture, spec, planes={}, regions=(), max_items=1)
        groups, faults = preparer.prepare(picture, items)
        if faults:
            raise InvalidRequestError(f"{one.path}: {faults[0].error.message}")
        yield from (group.array for group in groups)


def _write(
    described: ModelDescription,
    weights: WeightsDescription,
    folder: Path,
    compact_id: str,
    version: str,
) -> None:
    """Copy what the original's package has but its weights, and describe the new ones."""
    from zoobridge.training.compact._quantise import run_onnx

    others = {one.path.name for one in described.weights}
    for path in described.root.iterdir():
        if path.is_file() and path.name not in others and path.suffix not in (".yaml", ".yml"):
            shutil.copyfile(path, folder / path.name)
    document = read_document(described)
    stated = document["weights"]["onnx"]
    document["id"], document["version"] = compact_id, version
    document["name"] = f"{described.name} int8"[:128]
    document["description"] = f"{described.description} Compact: 8-bit convolutions."
    document["weights"] = {
        "onnx": {
            "source": "weights.onnx",
            "sha256": file_sha256(folder / "weights.onnx"),
            "opset_version": max(13, int(stated["opset_version"])),
        }
    }
    spec, output = described.input, described.output
    assert spec is not None  # noqa: S101 - the caller has checked
    assert output is not None  # noqa: S101
    given = preprocess(np.load(described.test_inputs[0]), spec.axes, spec.preprocessing)
    answers = run_onnx(folder / "weights.onnx", np.ascontiguousarray(given))
    for place, (tensor, answer) in enumerate(zip(document["outputs"], answers, strict=True)):
        finished = answer
        if place == output.index:
            finished = postprocess(answer, output.axes, output.postprocessing)
        np.save(folder / tensor["test_tensor"]["source"], finished)
    finish_package(document, folder)
    assert weights.path != folder / "weights.onnx"  # noqa: S101 - the original is not touched


def _compared(
    client: Client, original: str, compact: str, annotations: Sequence[Annotation]
) -> Compacted:
    paths = [one.path for one in annotations]
    labels = np.array([one.label for one in annotations])
    right, measured = [], []
    for reference in (original, compact):
        answers = np.array(client.classify(reference, paths, framework="onnx", top_k=1).labels)
        right.append(answers == labels)
        _, numbers = np.unique(np.concatenate([labels, answers]), return_inverse=True)
        count = len(labels)
        seconds = []
        for path in paths[:_TIMED]:
            start = time.perf_counter()
            client.classify(reference, path, framework="onnx", top_k=1)
            seconds.append(time.perf_counter() - start)
        size = next(
            one.size_bytes for one in client.model(reference).weights if one.format == "onnx"
        )
        measured.append(
            MeasuredWeights(
                reference,
                size,
                1000 * statistics.median(seconds),
                balanced_accuracy(numbers[:count], numbers[count:]),
            )
        )
    only_original, only_compact, p_value = mcnemar(right[0], right[1])
    return Compacted(measured[0], measured[1], only_original, only_compact, p_value)
