"""What a server says of itself, its frameworks and its models."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zoobridge.protocol import AxisSize, ClientHints, Limits, ModelCard, sent_as

__all__ = [
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
    device_problem
        Why it does not use an accelerator that the machine has; empty where it does.
    problem, remedy
        Why it cannot be used, and the command that fixes it; empty where it can.
    """

    name: str
    version: str = ""
    weights_formats: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    device_problem: str = ""
    problem: str = ""
    remedy: str = ""


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
        Why it cannot be used here and now, and the command that fixes it; empty where it can.
    """

    format: str
    framework: str
    trust_class: str = ""
    size_bytes: int = 0
    digest: str = ""
    problem: str = ""
    remedy: str = ""


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
    intensity_low, intensity_high
        The intensities that it was trained on; `None` where that is not known.
    fit, interpolation
        What is done with pictures of other sizes, and how.
    """

    axes: str
    dtype: str = sent_as("data_type", default="")
    sizes: Mapping[str, AxisSize] = field(default_factory=dict)
    channel_names: tuple[str, ...] = ()
    intensity_low: float | None = None
    intensity_high: float | None = None
    fit: str = ""
    interpolation: str = ""

    @property
    def intensity_range(self) -> tuple[float, float] | None:
        """The intensities that it was trained on; `None` where that is not known."""
        if self.intensity_low is None or self.intensity_high is None:
            return None
        return self.intensity_low, self.intensity_high


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
    precision
        How numbers are computed: ``float32``, ``tf32``, ``float16``.
    device_memory_bytes
        Memory of the device that its worker uses; 0 on the CPU, or where it is not known.
    """

    framework: str
    weights_format: str = ""
    device: str = ""
    memory_bytes: int = 0
    items: int = 0
    confinement: str = ""
    load_seconds: float = 0.0
    parameters: int = 0
    precision: str = ""
    device_memory_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Model(ModelCard):
    """A model of the zoo: its card, and how a server can run it.

    Parameters
    ----------
    weights
        Its weights, fastest safe one first.
    input
        What it expects; `None` where the package is broken.
    label_source
        Where the labels came from.
    score_kind
        What its scores are: ``probability``, ``independent_probability``, ``logit``,
        ``label_only``; empty where not known.
    loaded
        Copies that are loaded now.
    prediction_set_coverage
        Coverage of the prediction sets that its answers carry; `None` where they carry none.
    novelty_threshold
        Novelty above which clients warn; `None` where its answers carry no novelty.
    documentation
        Markdown. Filled by ``Client.model`` only, as are the authors and citations.
    cover, cover_media_type
        A picture of its work, encoded. Filled by ``Client.model(…, include_cover=True)`` only.
    """

    weights: tuple[Weights, ...] = ()
    input: ModelInput | None = None
    label_source: str = ""
    score_kind: str = ""
    loaded: tuple[LoadedModel, ...] = ()
    prediction_set_coverage: float | None = None
    novelty_threshold: float | None = None
    documentation: str = field(default="", repr=False)
    cover: bytes = field(default=b"", repr=False)
    cover_media_type: str = ""

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The frameworks that can run it here and now."""
        usable = (weights.framework for weights in self.weights if not weights.problem)
        return tuple(dict.fromkeys(usable))


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
    client_hints
        How to send it many pictures; `None` from an older server.
    """

    address: str
    version: str
    limits: Limits
    uptime_seconds: float = 0.0
    confinement: str = ""
    confinement_detail: str = ""
    memory_bytes: int = 0
    zoo_folders: tuple[str, ...] = ()
    client_hints: ClientHints | None = None
