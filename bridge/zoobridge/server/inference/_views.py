"""The faces of a zoo model: its image classifier, for pixels and for encoded files, and its raw network."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from zoobridge.errors import InvalidRequestError, UnknownModelError, ZooBridgeError
from zoobridge.server.inference._elements import DATATYPES, in_words
from zoobridge.zoo import ScoreKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.server._core import Core
    from zoobridge.server._model_selection import ModelSelection
    from zoobridge.zoo import ModelDescription

__all__ = ["MAX_BATCH", "Target", "Targets", "Tensor", "View", "find_view", "views"]

# What a model's id ends with where its raw network is meant, and where files are sent to it.
_NETWORK: Final = ".network"
_ENCODED: Final = ".encoded"

#: The most items of one request.
MAX_BATCH: Final = 1024

_NO_VERSION: Final = "1"
_MOST: Final = 4096


@dataclass(frozen=True)
class Tensor:
    """A tensor as the protocol names it.

    Parameters
    ----------
    name
        Its name.
    datatype
        Its element type in the protocol's words.
    shape
        Lengths with the batch; -1 where any will do.
    converts
        Whether other lengths than these are taken too, since pictures are converted.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    converts: bool = False

    def check(self, datatype: str, shape: Sequence[int], *, batched: bool) -> None:
        """Check what a client says of an input.

        Raises
        ------
        InvalidRequestError
            If it does not fit.
        """
        if datatype != self.datatype:
            raise InvalidRequestError(
                f"input '{self.name}' is {self.datatype}, not {datatype or 'without a type'}",
                field="inputs.datatype",
            )
        # Triton's own clients send encoded pictures of a batch as [N, 1], others as [N].
        if self.datatype == "BYTES" and len(shape) == 1:
            shape = (*shape, 1)
        fits = len(shape) == len(self.shape) and all(
            length == wanted or (length > 0 and (wanted == -1 or self.converts))
            for length, wanted in zip(shape, self.shape, strict=True)
        )
        if not fits:
            raise InvalidRequestError(
                f"input '{self.name}' has the shape {in_words(self.shape)}, not {in_words(shape)}"
                + ("; a batch holds at least one item" if batched and 0 in shape else ""),
                field="inputs.shape",
            )
        if batched and shape[0] > MAX_BATCH:
            raise InvalidRequestError(
                f"a batch of {shape[0]} is more than the {MAX_BATCH} that one request may hold; "
                "send it in parts",
                field="inputs.shape",
            )


@dataclass(frozen=True)
class View:
    """A model as the protocol's clients see it.

    Parameters
    ----------
    name
        Its name: the model's id, and an ending where another face is meant.
    model
        The zoo's model.
    network
        Whether it is the raw network.
    inputs, outputs
        What it takes and gives, as it states them: one each, since Triton's stock clients of
        pictures refuse models with more.
    other_inputs, other_outputs
        What an image classifier takes instead, and gives besides.
    batched
        Whether its first axis is a batch.
    """

    name: str
    model: ModelDescription
    network: bool
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    other_inputs: tuple[Tensor, ...] = ()
    other_outputs: tuple[Tensor, ...] = ()
    batched: bool = True

    @property
    def version(self) -> str:
        """The version; a number where the package states none, since the protocol wants one."""
        return self.model.version or _NO_VERSION

    def input(self, name: str) -> Tensor:
        """Return an input by its name.

        Raises
        ------
        InvalidRequestError
            If the model has no such tensor.
        """
        tensors = (*self.inputs, *self.other_inputs)
        return _named(tensors, name, f"model '{self.name}' has no input", "inputs.name")

    def output(self, name: str) -> Tensor:
        """Return an output by its name.

        Raises
        ------
        InvalidRequestError
            If the model has no such tensor.
        """
        tensors = (*self.outputs, *self.other_outputs)
        return _named(tensors, name, f"model '{self.name}' has no output", "outputs.name")


@dataclass(frozen=True, eq=False)
class Target:
    """What an inference request is for.

    Parameters
    ----------
    view
        The model as the client named it.
    choice
        The weights that run.
    """

    view: View
    choice: ModelSelection


class Targets:
    """Finds what requests are for; one that names what an earlier one named costs a look-up.

    Parameters
    ----------
    core
        Finds models.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[tuple[str, str], Target] = {}

    def find(self, name: str, version: str) -> Target:
        """Return what a client names.

        Raises
        ------
        ZooBridgeError
            If there is no such model or version, or nothing can run it.
        """
        known = self._known.get((name, version))
        if known is not None:
            # Every change of the zoo, of trust or of the frameworks makes other choices.
            with contextlib.suppress(ZooBridgeError):
                if self._core.pick(known.view.model.reference) is known.choice:
                    return known
        view = find_view(self._core, name, version)
        target = Target(view, self._core.pick(view.model.reference))
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[name, version] = target
        return target


def find_view(core: Core, name: str, version: str) -> View:
    """Return what a client names.

    Raises
    ------
    UnknownModelError
        If there is no such model or version.
    BrokenPackageError
        If its package cannot be used.
    """
    for ending, face in _FACES.items():
        if name.endswith(ending) and not any(model.id == name for model in core.catalog.models()):
            return face(_find(core, name.removesuffix(ending), version))
    return _classifier(_find(core, name, version))


def views(core: Core) -> list[View]:
    """Return all faces of every model that can be used."""
    sound = [model for model in core.catalog.models() if not model.problem]
    faces = (_classifier, *_FACES.values())
    return [face(model) for model in sound for face in faces]


def _find(core: Core, name: str, version: str) -> ModelDescription:
    if "@" in name:
        raise UnknownModelError(
            f"no model '{name}'; name its version in the version field",
            metadata={"model": name},
        )
    if version == _NO_VERSION:
        model = core.find(name)
        if not model.version:
            return model
    return core.find(f"{name}@{version}" if version else name)


def _classifier(model: ModelDescription) -> View:
    spec = model.input
    assert spec is not None  # noqa: S101 - find() raises for a package without one
    lengths = [
        size.min if size.step == 0 else -1
        for size in map(spec.sizes.get, "YXC")
        if size is not None
    ]
    if "C" not in spec.sizes:
        lengths.append(1)
    pixels = Tensor("pixels", "UINT8", (-1, *lengths), converts=True)
    image = Tensor("image", "BYTES", (-1, 1))
    label = Tensor("label", "BYTES", (-1,))
    if model.score_kind is ScoreKind.LABEL_ONLY:
        return View(model.id, model, False, (pixels,), (label,), (image,))  # noqa: FBT003
    scores = Tensor("scores", "FP32", (-1, len(model.labels)))
    return View(model.id, model, False, (pixels,), (scores,), (image,), (label,))  # noqa: FBT003


def _encoded(model: ModelDescription) -> View:
    view = _classifier(model)
    return replace(
        view,
        name=model.id + _ENCODED,
        inputs=view.other_inputs,
        other_inputs=view.inputs,
    )


def _network(model: ModelDescription) -> View:
    spec, output = model.input, model.output
    assert spec is not None  # noqa: S101 - find() raises for a package without one
    assert output is not None  # noqa: S101
    lengths = {axis: size.min if size.step == 0 else -1 for axis, size in spec.sizes.items()}
    shape = tuple(-1 if axis == "N" else lengths[axis] for axis in spec.axes)
    classes = len(model.labels) if model.score_kind is not ScoreKind.LABEL_ONLY else -1
    output_shape = tuple(classes if axis == "C" else -1 for axis in output.axes)
    return View(
        name=model.id + _NETWORK,
        model=model,
        network=True,
        inputs=(Tensor(spec.name, DATATYPES[spec.dtype], shape),),
        outputs=(Tensor(output.name, DATATYPES[output.dtype], output_shape),),
        batched=spec.axes.startswith("N"),
    )


_FACES: Final = {_NETWORK: _network, _ENCODED: _encoded}


def _named(tensors: Sequence[Tensor], name: str, what: str, field: str) -> Tensor:
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    known = ", ".join(f"'{tensor.name}'" for tensor in tensors)
    raise InvalidRequestError(f"{what} '{name}'; there is {known}", field=field)
