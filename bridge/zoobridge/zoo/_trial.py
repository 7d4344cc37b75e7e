"""Running a network once, on made-up pictures, for a package's test tensors."""

from __future__ import annotations

import itertools
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault, Network, TensorSpec, WeightsFile
from zoobridge.errors import BackendError, InvalidRequestError
from zoobridge.imaging import Operation, postprocess, preprocess
from zoobridge.zoo._layout import FREE_MIN, FREE_STEP, Layout, find_layout
from zoobridge.zoo._weights import FORMATS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.zoo._network import OpenNetwork
    from zoobridge.zoo._new_model import NewModel
    from zoobridge.zoo._source import WeightsSource

__all__ = ["OutputTensor", "Trial", "try_network"]

#: The library refuses a test output of which nothing exceeds this.
_LEAST_OUTPUT = 1e-5
_TRIES = 12


@dataclass(frozen=True)
class OutputTensor:
    """What one output gave, under a name that BioImage.IO can write."""

    name: str
    tensor: NDArray[Any]


@dataclass(frozen=True)
class Trial:
    """The package's test tensors, made by running the network.

    All outputs are there, in the network's order; that of the scores is postprocessed.
    """

    layout: Layout
    dtype: str
    test_input: NDArray[Any]
    input_name: str
    outputs: tuple[OutputTensor, ...]
    scores: OutputTensor


def try_network(source: WeightsSource, new: NewModel, open_network: OpenNetwork) -> Trial:
    """Run the network on made-up pictures until one gives scores that can be a test."""
    framework = FORMATS[source.format]
    channels_last = framework == "tensorflow"
    span = new.stated_range or (0.0, 1.0)
    stated: tuple[TensorSpec, ...] = ()
    if framework == "pytorch":
        # Its formats do not state their tensors, so that the user must.
        found = find_layout(None, new.layout, channels_last=channels_last)
        stated = (TensorSpec("input", "float32", _free_batch(found)),)
    file = WeightsFile(source.format, source.path, inputs=stated, outputs=(), trusted=True)
    with ExitStack() as stack:
        network = stack.enter_context(open_network(framework, file))
        if len(network.inputs) != 1:
            listed = ", ".join(spec.name for spec in network.inputs)
            raise InvalidRequestError(
                f"the network wants {len(network.inputs)} inputs ({listed}); export it with one"
            )
        spec = network.inputs[0]
        found = find_layout(spec, new.layout, channels_last=channels_last)
        tries = []
        for seed in range(_TRIES):
            picture = _picture(found, span, seed)
            raw = _run(network, picture, found, spec.dtype, new.steps)
            names = _output_names(network, len(raw))
            place = _chosen(names, raw, new.output)
            scores = _finished(raw[place], new.class_names, new.score_steps)
            tries.append((picture, raw, scores))
            if scores.max() > _LEAST_OUTPUT:
                break
        if found.free:
            _check_free(network, found, span, spec.dtype, new)
    picture, raw, scores = tries[-1]
    tensors = [*raw[:place], scores, *raw[place + 1 :]]
    input_name = _tensor_name(spec.name, "input")
    written = _written_names(names, input_name)
    outputs = tuple(
        OutputTensor(name, _describable(tensor))
        for name, tensor in zip(written, tensors, strict=True)
    )
    return Trial(
        layout=found,
        dtype=spec.dtype,
        test_input=picture,
        input_name=input_name,
        outputs=outputs,
        scores=outputs[place],
    )


def _check_free(
    network: Network, found: Layout, span: tuple[float, float], dtype: str, new: NewModel
) -> None:
    """Check that a network which states no height and width takes several."""
    for side in (FREE_MIN, FREE_MIN + 3 * FREE_STEP):
        sides = tuple(
            side if letter in "YX" else length
            for letter, length in zip(found.axes, found.shape, strict=True)
        )
        other = replace(found, shape=sides)
        try:
            _run(network, _picture(other, span, 0), other, dtype, new.steps)
        except BackendFault as fault:
            raise InvalidRequestError(
                "the network does not state its height and width, and does not take any; state those "
                f"that it was trained on, such as 224x224. {fault}",
                field="size",
            ) from fault


def _free_batch(layout: Layout) -> tuple[int, ...]:
    return tuple(
        -1 if letter == "N" else length
        for letter, length in zip(layout.axes, layout.shape, strict=True)
    )


def _picture(layout: Layout, span: tuple[float, float], seed: int) -> NDArray[np.float32]:
    """Draw a picture of soft waves and some grain, different for each seed."""
    random = np.random.default_rng(seed)
    shape = tuple(
        1 if letter == "N" else n for letter, n in zip(layout.axes, layout.shape, strict=True)
    )
    total: NDArray[np.float64] = random.uniform(0, 0.3, size=shape)
    for place, length in enumerate(shape):
        wave = np.sin(np.linspace(0, random.uniform(1, 9), length) + random.uniform(0, 6))
        total += wave.reshape([-1 if index == place else 1 for index in range(len(shape))])
    total -= total.min()
    total /= max(float(total.max()), 1e-9)
    return (span[0] + total * (span[1] - span[0])).astype(np.float32)


def _run(
    network: Network,
    picture: NDArray[np.float32],
    layout: Layout,
    dtype: str,
    steps: tuple[Operation, ...],
) -> list[NDArray[Any]]:
    prepared = preprocess(
        picture, layout.axes, (*steps, Operation("ensure_dtype", {"dtype": dtype}))
    )
    return network.forward([np.ascontiguousarray(prepared)])


def _output_names(network: Network, count: int) -> list[str]:
    """Return what the network calls its outputs; numbered names where its format has none."""
    names = [spec.name for spec in network.outputs]
    if len(names) == count:
        return names
    return ["output"] if count == 1 else [f"output_{number + 1}" for number in range(count)]


def _chosen(names: list[str], outputs: list[NDArray[Any]], output: str) -> int:
    """Return the place of the output with the scores."""
    if output in names:
        return names.index(output)
    if len(names) == 1 and not output:
        return 0
    # scikit-learn's networks give the class beside the probabilities.
    if not output and "probabilities" in names:
        return names.index("probabilities")
    listed = ", ".join(
        f"{name} ({' x '.join(map(str, tensor.shape))})"
        for name, tensor in zip(names, outputs, strict=True)
    )
    wrong = f"and none is called {output!r}" if output else "and which one holds the scores is open"
    raise InvalidRequestError(
        f"the network has {len(names)} output{'s' * (len(names) != 1)}, {wrong}; choose one of "
        f"{listed}",
        field="output",
    )


def _finished(
    scores: NDArray[Any], labels: tuple[str, ...], after: tuple[Operation, ...]
) -> NDArray[np.float32]:
    shape = scores.shape
    if scores.size != len(labels) or shape[:1] != (1,):
        raise InvalidRequestError(
            f"the network gives {' x '.join(map(str, shape[1:])) or 'no'} scores a picture, but there are "
            f"{len(labels)} labels; give one label for each score",
            field="labels",
        )
    if len(shape) != 2:
        raise InvalidRequestError(
            f"the network's output has the shape {shape}; export it with one row of scores a picture"
        )
    finished = postprocess(scores, "NC", after).astype(np.float32)
    if not np.isfinite(finished).all():
        raise BackendError(
            "the network answers a plain picture with NaN or infinity; check its preprocessing"
        )
    return finished


def _describable(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor.astype(np.float32) if tensor.dtype.name in ("bool", "float16") else tensor


def _tensor_name(stated: str, otherwise: str) -> str:
    """Keep a tensor's name where BioImage.IO can write it (a lower-case identifier)."""
    return stated if re.fullmatch(r"[a-z_][a-z0-9_]{0,31}", stated) else otherwise


def _written_names(names: list[str], taken: str) -> list[str]:
    """Give each output a name that BioImage.IO can write, and that no other tensor has."""
    made_up = itertools.chain(
        ("output",) if len(names) == 1 else (),
        (f"output_{number}" for number in itertools.count(1)),
    )
    free = (name for name in made_up if name not in {*names, taken})
    return [name if _tensor_name(name, "") and name != taken else next(free) for name in names]
