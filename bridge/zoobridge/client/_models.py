"""What a server says of itself, its frameworks and its models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zoobridge.protocol import Limits, enum_word
from zoobridge.protocol.v1 import image_pb2, model_pb2, prediction_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.protocol.v1 import zoo_pb2

__all__ = [
    "Author",
    "AxisSize",
    "Citation",
    "Framework",
    "LoadedModel",
    "Model",
    "ModelInput",
    "ServerInfo",
    "Weights",
]


@dataclass(frozen=True)
class Framework:
    """A framework that the server knows of, installed or not.

    Parameters
    ----------
    name
        ``onnx``, ``pytorch``, ``tensorflow``, or the name of an added backend.
    version
        Its version; empty where it is not installed.
    weights_formats
        BioImage.IO names of the formats that it runs.
    devices
        Devices that it sees; known once it has been started.
    problem, remedy
        Why it cannot be used, and the command that mends it; empty where it can.
    """

    name: str
    version: str = ""
    weights_formats: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""

    @classmethod
    def from_message(cls, message: model_pb2.Framework) -> Framework:
        """Return what a message says."""
        return cls(
            name=message.name,
            version=message.version,
            weights_formats=tuple(message.weights_formats),
            devices=tuple(message.devices),
            problem=message.problem,
            remedy=message.remedy,
        )


@dataclass(frozen=True)
class Weights:
    """One set of weights of a model.

    Parameters
    ----------
    format
        BioImage.IO name, such as ``onnx`` or ``torchscript``.
    framework
        The framework that runs it.
    trust_class
        What loading it can do: ``data``, ``program`` or ``code``.
    size_bytes
        Size on disk.
    digest
        The digest that a prediction with these weights carries.
    problem, remedy
        Why it cannot be used here and now, and the command that mends it; empty where it can.
    """

    format: str
    framework: str
    trust_class: str = ""
    size_bytes: int = 0
    digest: str = ""
    problem: str = ""
    remedy: str = ""

    @classmethod
    def from_message(cls, message: model_pb2.Weights) -> Weights:
        """Return what a message says."""
        return cls(
            format=message.format,
            framework=message.framework,
            trust_class=enum_word(model_pb2.TrustClass, message.trust_class),
            size_bytes=message.size_bytes,
            digest=message.digest,
            problem=message.problem,
            remedy=message.remedy,
        )


@dataclass(frozen=True)
class AxisSize:
    """Allowed lengths of an axis: ``min + n * step``; ``min`` alone where ``step`` is 0."""

    min: int
    step: int = 0


@dataclass(frozen=True)
class ModelInput:
    """What a model expects to see.

    Parameters
    ----------
    axes
        Its axes without the batch, in the order of the tensor: ``CYX``, ``YXC``, ``YX``.
    dtype
        NumPy name of the tensor's element type.
    sizes
        Allowed lengths by axis letter.
    channel_names
        What each channel means, in order.
    intensity_range
        The intensities that it was trained on; `None` where that is not known.
    fit, interpolation
        What is done with pictures of other sizes, and how.
    """

    axes: str
    dtype: str = ""
    sizes: Mapping[str, AxisSize] = field(default_factory=dict)
    channel_names: tuple[str, ...] = ()
    intensity_range: tuple[float, float] | None = None
    fit: str = ""
    interpolation: str = ""

    @classmethod
    def from_message(cls, message: model_pb2.ModelInput) -> ModelInput:
        """Return what a message says."""
        known = message.HasField("intensity_low") and message.HasField("intensity_high")
        return cls(
            axes=message.axes,
            dtype=enum_word(image_pb2.DataType, message.data_type),
            sizes={axis: AxisSize(size.min, size.step) for axis, size in message.sizes.items()},
            channel_names=tuple(message.channel_names),
            intensity_range=(message.intensity_low, message.intensity_high) if known else None,
            fit=message.fit,
            interpolation=message.interpolation,
        )


@dataclass(frozen=True)
class LoadedModel:
    """One loaded copy of a model.

    Parameters
    ----------
    framework, weights_format, device
        With what it runs, and where.
    memory_bytes
        Memory that its worker uses by itself.
    items
        Items answered since it was loaded.
    confinement
        How the worker is confined: ``landlock``, or ``none``.
    load_seconds
        From the start of its worker until it could answer.
    parameters
        Numbers in its weights, learned ones and stored statistics alike; 0 where not known.
    """

    framework: str
    weights_format: str = ""
    device: str = ""
    memory_bytes: int = 0
    items: int = 0
    confinement: str = ""
    load_seconds: float = 0.0
    parameters: int = 0

    @classmethod
    def from_message(cls, message: model_pb2.LoadedModel) -> LoadedModel:
        """Return what a message says."""
        return cls(
            framework=message.framework,
            weights_format=message.weights_format,
            device=message.device,
            memory_bytes=message.memory_bytes,
            items=message.items,
            confinement=message.confinement,
            load_seconds=message.load_seconds,
            parameters=message.parameters,
        )


@dataclass(frozen=True)
class Author:
    """Somebody who made a model."""

    name: str
    affiliation: str = ""
    orcid: str = ""


@dataclass(frozen=True)
class Citation:
    """What to cite."""

    text: str
    doi: str = ""
    url: str = ""


@dataclass(frozen=True)
class Model:
    """A model of the zoo.

    Parameters
    ----------
    id, version
        How it is addressed: ``id``, or ``id@version``.
    name, description
        For people.
    original_id
        The id that the package itself states, where it differs.
    problem
        Why the package cannot be used; empty where it can.
    weights
        Its weights, fastest safe one first.
    input
        What it expects; `None` where the package is broken.
    labels, label_source
        Class names in the order of the output, and where they came from.
    score_kind, score_kind_source
        What its scores are (``probability``, ``independent_probability``, ``logit``,
        ``label_only``; empty where not known), and how that is known.
    default_top_k
        Classes named where a request does not say how many.
    threshold
        From which score on a class counts, for independent probabilities.
    label_colors
        ``#rrggbb`` for each label.
    license
        SPDX identifier.
    tags
        Words to find it by.
    loaded
        Copies that are loaded now.
    calibrated
        Its probabilities were calibrated on pictures that it had not learnt from.
    prediction_set_coverage
        Coverage of the prediction sets that its answers carry; `None` where they carry none.
    novelty_threshold
        Novelty above which clients warn; `None` where its answers carry no novelty.
    authors, citations, documentation, cover, cover_media_type
        Filled by ``Client.model`` only; too long for a list.
    """

    id: str
    version: str = ""
    name: str = ""
    description: str = ""
    original_id: str = ""
    problem: str = ""
    weights: tuple[Weights, ...] = ()
    input: ModelInput | None = None
    labels: tuple[str, ...] = ()
    label_source: str = ""
    score_kind: str = ""
    score_kind_source: str = ""
    default_top_k: int = 5
    threshold: float = 0.5
    label_colors: tuple[str, ...] = ()
    license: str = ""
    tags: tuple[str, ...] = ()
    loaded: tuple[LoadedModel, ...] = ()
    calibrated: bool = False
    prediction_set_coverage: float | None = None
    novelty_threshold: float | None = None
    authors: tuple[Author, ...] = ()
    citations: tuple[Citation, ...] = ()
    documentation: str = field(default="", repr=False)
    cover: bytes = field(default=b"", repr=False)
    cover_media_type: str = ""

    @property
    def reference(self) -> str:
        """The model as one writes it: ``id@version``, or ``id`` where there is no version."""
        return f"{self.id}@{self.version}" if self.version else self.id

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The frameworks that can run it here and now."""
        usable = (weights.framework for weights in self.weights if not weights.problem)
        return tuple(dict.fromkeys(usable))

    @classmethod
    def from_message(
        cls, message: model_pb2.Model, details: model_pb2.ModelDetails | None = None
    ) -> Model:
        """Return what a message says."""
        rest = details if details is not None else model_pb2.ModelDetails()
        return cls(
            id=message.id,
            version=message.version,
            name=message.name,
            description=message.description,
            original_id=message.original_id,
            problem=message.problem,
            weights=tuple(Weights.from_message(weights) for weights in message.weights),
            input=ModelInput.from_message(message.input) if message.HasField("input") else None,
            labels=tuple(message.labels),
            label_source=enum_word(model_pb2.LabelSource, message.label_source),
            score_kind=enum_word(prediction_pb2.ScoreKind, message.score_kind),
            score_kind_source=message.score_kind_source,
            default_top_k=message.default_top_k,
            threshold=message.threshold,
            label_colors=tuple(message.label_colors),
            license=message.license,
            tags=tuple(message.tags),
            loaded=tuple(LoadedModel.from_message(loaded) for loaded in message.loaded),
            calibrated=message.calibrated,
            prediction_set_coverage=(
                round(message.prediction_set_coverage, 6)
                if message.HasField("prediction_set_coverage")
                else None
            ),
            novelty_threshold=(
                message.novelty_threshold if message.HasField("novelty_threshold") else None
            ),
            authors=tuple(Author(a.name, a.affiliation, a.orcid) for a in rest.authors),
            citations=tuple(Citation(c.text, c.doi, c.url) for c in rest.citations),
            documentation=rest.documentation,
            cover=rest.cover,
            cover_media_type=rest.cover_media_type,
        )


@dataclass(frozen=True)
class ServerInfo:
    """A server.

    Parameters
    ----------
    address
        ``host:port`` where this client reached it.
    version
        Version of ZooBridge.
    limits
        What a request may hold at most.
    uptime_seconds
        Seconds since it was ready.
    confinement, confinement_detail
        How workers are confined (``landlock`` or ``none``), and what that means where it is ``none``.
    memory_bytes
        Memory of the server process itself.
    zoo_folders
        The zoo's folders; filled for callers with the managing token.
    """

    address: str
    version: str
    limits: Limits
    uptime_seconds: float = 0.0
    confinement: str = ""
    confinement_detail: str = ""
    memory_bytes: int = 0
    zoo_folders: tuple[str, ...] = ()

    @classmethod
    def from_message(cls, message: zoo_pb2.GetServerInfoResponse, address: str) -> ServerInfo:
        """Return what a message says."""
        return cls(
            address=address,
            version=message.version,
            limits=Limits.from_message(message.limits),
            uptime_seconds=message.uptime_seconds,
            confinement=message.confinement,
            confinement_detail=message.confinement_detail,
            memory_bytes=message.memory_bytes,
            zoo_folders=tuple(message.zoo_folders),
        )
