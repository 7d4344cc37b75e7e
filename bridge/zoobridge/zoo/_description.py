"""What the zoo knows of a model: plain data, readable in every process without bioimageio.spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from zoobridge.backend import TensorSpec
from zoobridge.imaging import InputSpec, OutputSpec
from zoobridge.protocol import Author, Citation, ModelCard

__all__ = [
    "Author",
    "Citation",
    "LabelSource",
    "ModelDescription",
    "NoveltyRule",
    "PredictionSetRule",
    "ScoreKind",
    "TrustClass",
    "WeightsDescription",
]


class LabelSource(StrEnum):
    """Where the class names came from (``zoobridge.v1.LabelSource``, lower case)."""

    CHANNEL_NAMES = "channel_names"
    DATA_VALUES = "data_values"
    ATTACHMENT = "attachment"
    NUMBERED = "numbered"


class ScoreKind(StrEnum):
    """What a model's scores are (``zoobridge.v1.ScoreKind``, lower case)."""

    PROBABILITY = "probability"
    INDEPENDENT_PROBABILITY = "independent_probability"
    LOGIT = "logit"
    LABEL_ONLY = "label_only"


class TrustClass(StrEnum):
    """What loading a weights format can do (``zoobridge.v1.TrustClass``, lower case)."""

    DATA = "data"
    PROGRAM = "program"
    CODE = "code"


@dataclass(frozen=True)
class WeightsDescription:
    """One set of weights of a package.

    Parameters
    ----------
    format
        BioImage.IO name: ``onnx``, ``torchscript``, ``pytorch_state_dict``, ``keras_v3``,
        ``keras_hdf5``, ``tensorflow_saved_model_bundle``.
    framework
        ``onnx``, ``pytorch``, ``tensorflow``, or the name of an added backend.
    path
        The file, or the unpacked folder of a SavedModel; inside the package's root.
    trust_class
        What loading it can do.
    sha256
        Of the weights file as the package states it, lower-case hexadecimal; empty if not stated.
    digest
        SHA-256 over the package's description and these weights: the identity of a prediction,
        and what the user trusts.
    size_bytes
        Size on disk.
    architecture
        For state dicts, as in :class:`zoobridge.backend.WeightsFile`.
    problem
        Why this set cannot be used, whatever the machine (missing file, wrong hash); empty if it can.
    """

    format: str
    framework: str
    path: Path
    trust_class: TrustClass
    sha256: str = ""
    digest: str = ""
    size_bytes: int = 0
    architecture: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class PredictionSetRule:
    """How an answer's prediction set is found: by the score that a class needs to be in it.

    Parameters
    ----------
    coverage
        How often the set holds the true class, from 0 to 1.
    least_score
        The score (a probability) from which on a class belongs to the set.
    """

    coverage: float
    least_score: float


@dataclass(frozen=True)
class NoveltyRule:
    """How the novelty of an item is found: its distance from the training pictures.

    Parameters
    ----------
    output
        Index of the network's output that holds embeddings.
    reference
        ``.npy`` file of the training pictures' embeddings, ``(pictures, dimensions)``.
    neighbours
        Of how many nearest ones the mean cosine distance is taken.
    threshold
        Novelty above which clients warn.
    """

    output: int
    reference: Path
    neighbours: int
    threshold: float


@dataclass(frozen=True, kw_only=True)
class ModelDescription(ModelCard):
    """A model of the zoo.

    A broken package is described too, as far as it could be read, with its :attr:`problem`.

    Parameters
    ----------
    id
        Id in the zoo, ``[a-z0-9][a-z0-9._-]{0,63}``.
    root
        The package's folder, or the folder that a zip was unpacked to: what a worker may read.
    source
        The package as it lies in the zoo (folder or zip), for messages.
    input, output
        `None` only where :attr:`problem` is set. The output is the first that holds classes.
    outputs
        All outputs of the network, in the package's order; their shapes are not known.
    label_source, score_kind
        Where the labels came from, and what the scores are.
    weights
        Fastest safe one first.
    documentation_path, cover_path
        Files in the package; `None` without one.
    prediction_set, novelty
        What else its answers carry; `None` where the package does not say how.
    activation
        Number of the output with class activation maps, ``(items, classes, height, width)``; `None` where the
        package has none.
    test_inputs, test_outputs
        The package's test tensors (``.npy``), in the order of its tensors.
    trusted
        Whether the user trusts all of its usable weights.
    warnings
        What is odd about the package but does not prevent its use.
    """

    root: Path
    source: Path
    input: InputSpec | None = None
    output: OutputSpec | None = None
    outputs: tuple[TensorSpec, ...] = ()
    label_source: LabelSource = LabelSource.NUMBERED
    score_kind: ScoreKind | None = None
    weights: tuple[WeightsDescription, ...] = ()
    documentation_path: Path | None = None
    cover_path: Path | None = None
    prediction_set: PredictionSetRule | None = None
    novelty: NoveltyRule | None = None
    activation: int | None = None
    test_inputs: tuple[Path, ...] = ()
    test_outputs: tuple[Path, ...] = ()
    trusted: bool = False
    warnings: tuple[str, ...] = field(default=())
