"""Running a network once, on made-up pictures, for a package's test tensors."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import Network, TensorSpec, WeightsFile
from zoobridge.errors import BackendError, InvalidRequestError
from zoobridge.imaging import Operation, postprocess, preprocess
from zoobridge.zoo._layout import Layout, find_layout
from zoobridge.zoo._weights import FORMATS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.zoo._network import OpenNetwork
    from zoobridge.zoo._source import Source

__all__ = ["Trial", "try_network"]

#: The library refuses a test output of which nothing exceeds this.
_LEAST_OUTPUT = 1e-5
_TRIES = 12


@dataclass(frozen=True)
class Trial:
    """The package's test tensors, made by running the network."""

    layout: Layout
    dtype: str
    test_input: NDArray[Any]
    test_output: NDArray[Any]
    input_name: str
    output_name: str


def try_network(
    source: Source,
    labels: tuple[str, ...],
    open_network: OpenNetwork,
    *,
    steps: tuple[Operation, ...],
    after: tuple[Operation, ...],
    span: tuple[float, float],
    layout: dict[str, Any],
) -> Trial:
    """Run the network on made-up pictures until one gives an output that can be a test."""
    framework = FORMATS[source.format]
    channels_last = framework == "tensorflow"
    stated: tuple[TensorSpec, ...] = ()
    expected: tuple[TensorSpec, ...] = ()
    if framework == "pytorch":
        # Its formats do not state their tensors, so that the user must.
        found = find_layout(None, channels_last=channels_last, **layout)
        stated = (TensorSpec("input", "float32", _free_batch(found)),)
        expected = (TensorSpec("output", "float32", (-1, -1)),)
    file = WeightsFile(source.format, source.path, inputs=stated, outputs=expected, trusted=True)
    with ExitStack() as stack:
        network = stack.enter_context(open_network(framework, file))
        if len(network.inputs) != 1:
            listed = ", ".join(spec.name for spec in network.inputs)
            raise InvalidRequestError(
                f"the network wants {len(network.inputs)} inputs ({listed}); export it with one"
            )
        spec = network.inputs[0]
        found = find_layout(spec, channels_last=channels_last, **layout)
        tries = []
        for seed in range(_TRIES):
            picture = _picture(found, span, seed)
            raw = _scores(network, picture, found, spec.dtype, steps, labels)
            output = postprocess(raw, "NC", after).astype(np.float32)
            if not np.isfinite(output).all():
                raise BackendError(
                    "the network answers a plain picture with NaN or infinity; check its preprocessing"
                )
            tries.append((picture, output))
            if output.max() > _LEAST_OUTPUT:
                break
    picture, output = tries[-1]
    name = network.outputs[0].name if network.outputs else "output"
    return Trial(
        layout=found,
        dtype=spec.dtype,
        test_input=picture,
        test_output=output,
        input_name=_tensor_name(spec.name, "input"),
        output_name=_tensor_name(name, "output"),
    )


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


def _scores(
    network: Network,
    picture: NDArray[np.float32],
    layout: Layout,
    dtype: str,
    steps: tuple[Operation, ...],
    labels: tuple[str, ...],
) -> NDArray[Any]:
    prepared = preprocess(
        picture, layout.axes, (*steps, Operation("ensure_dtype", {"dtype": dtype}))
    )
    outputs = network.forward([np.ascontiguousarray(prepared)])
    if len(outputs) != 1:
        raise InvalidRequestError(
            f"the network has {len(outputs)} outputs; export it with the scores as its only one"
        )
    shape = outputs[0].shape
    if outputs[0].size != len(labels) or shape[:1] != (1,):
        raise InvalidRequestError(
            f"the network gives {' x '.join(map(str, shape[1:])) or 'no'} scores a picture, but there are "
            f"{len(labels)} labels; give one label for each score",
            field="labels",
        )
    if len(shape) != 2:
        raise InvalidRequestError(
            f"the network's output has the shape {shape}; export it with one row of scores a picture"
        )
    return outputs[0]


def _tensor_name(stated: str, otherwise: str) -> str:
    """Keep a tensor's name where BioImage.IO can write it (a lower-case identifier)."""
    return stated if re.fullmatch(r"[a-z_][a-z0-9_]{0,31}", stated) else otherwise
