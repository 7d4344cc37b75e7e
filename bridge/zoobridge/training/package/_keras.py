"""The network in Keras; a program, so that TensorFlow has a process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoobridge.training.features import architecture

__all__ = ["build", "main"]

_SPACE = (1, 2)


def build(parameters: dict[str, Any]) -> Any:
    """Return the model: ``(N, 3, 224, 224)`` to scores, embedding and activation.

    Parameters
    ----------
    parameters
        Of the backbone, ``classes.weight``, ``classes.bias``, and the number of ``views``.
    """
    ops = keras.ops
    side = architecture.SIDE
    raw = keras.Input((architecture.CHANNELS, side, side), name="raw")
    value = keras.layers.Permute((2, 3, 1), name="channels_last")(raw)
    views = int(parameters["views"])
    if views > 1:
        value = ops.concatenate([_view(value, number) for number in range(views)], 0)
    value = _convolution(architecture.stem(), value, parameters)
    parts: list[Any] = []
    places: list[Any] = []
    for block in architecture.blocks():
        before = value
        for convolution in block.convolutions:
            value = _convolution(convolution, value, parameters)
        if block.residual:
            value = value + before
        if block.feature:
            mean = ops.mean(value, _SPACE, keepdims=True)
            square = ops.square(value - mean) + architecture.EPSILON
            flat = ops.mean(value, _SPACE)
            deviation = ops.sqrt(ops.mean(square, _SPACE))
            parts += [_unit(flat), _unit(deviation)]
            places += [
                _pooled(value) / _across(_length(flat)),
                _pooled(square) / _across(deviation) / _across(_length(deviation)),
            ]
    last = _convolution(architecture.head(), value, parameters)
    means = ops.mean(last, _SPACE)
    parts.append(_unit(means))
    joined = keras.layers.Concatenate(name="parts")(parts)
    embedding = keras.layers.Rescaling(architecture.part_scale())(joined)
    by_view = ops.reshape(embedding, (views, -1, architecture.DIMENSIONS))
    weight, bias = parameters["classes.weight"], parameters["classes.bias"]
    classes = keras.layers.Dense(len(bias), activation="softmax", name="scores")
    scores = classes(ops.mean(by_view, 0))
    classes.set_weights([weight.T, bias])
    maps = keras.layers.Conv2D(len(bias), 1, use_bias=False, name="maps")
    shares = maps(ops.concatenate([*places, last / _across(_length(means))], -1))
    maps.set_weights([weight.T[None, None] * np.float32(architecture.map_scale())])
    first = ops.reshape(shares, (views, -1, *shares.shape[1:]))[0]
    activation = keras.layers.Permute((3, 1, 2), name="activation")(first)
    embedding = keras.layers.Identity(name="embedding")(by_view[0])
    return keras.Model(raw, [scores, embedding, activation], name="efficientnet_lite0")


def _view(value: Any, number: int) -> Any:
    """Return one of the eight views, as :func:`zoobridge.training.features.view` numbers them."""
    turned = keras.ops.flip(value, 2) if number >= 4 else value
    for _ in range(number % 4):
        turned = keras.ops.flip(keras.ops.swapaxes(turned, 1, 2), 1)
    return turned


def _pooled(value: Any) -> Any:
    """Return the mean over what lies at each place of the activation map."""
    width = value.shape[1] * 32 // architecture.SIDE
    return keras.ops.average_pool(value, width, width) if width > 1 else value


def _across(value: Any) -> Any:
    return keras.ops.expand_dims(value, _SPACE)


def _length(value: Any) -> Any:
    length = keras.ops.sqrt(keras.ops.sum(keras.ops.square(value), 1, keepdims=True))
    return keras.ops.maximum(length, architecture.EPSILON)


def _unit(value: Any) -> Any:
    return value / _length(value)


def _convolution(
    convolution: architecture.Convolution, value: Any, parameters: dict[str, Any]
) -> Any:
    name = convolution.name.replace(".", "_")
    before, after = architecture.padding(convolution)
    if before or after:
        value = keras.layers.ZeroPadding2D(((before, after), (before, after)))(value)
    shape = {"kernel_size": convolution.kernel, "strides": convolution.stride}
    kernel = parameters[f"{convolution.name}.weight"]
    if convolution.depthwise:
        layer = keras.layers.DepthwiseConv2D(**shape, name=name)
        kernel = kernel.transpose(2, 3, 0, 1)
    else:
        layer = keras.layers.Conv2D(convolution.outputs, **shape, name=name)
        kernel = kernel.transpose(2, 3, 1, 0)
    value = layer(value)
    layer.set_weights([kernel, parameters[f"{convolution.name}.bias"]])
    return (
        keras.layers.ReLU(max_value=6, name=f"{name}_bounded")(value)
        if convolution.bounded
        else value
    )


def main(given: str, target: str, answers: str) -> None:
    """Write the network, and what the file answers to the inputs."""
    with np.load(given) as file:
        parameters = dict(file)
    inputs = parameters.pop("inputs")
    build(parameters).save(target)
    outputs = keras.saving.load_model(target, compile=False)(inputs, training=False)
    names = ("scores", "embedding", "activation")
    arrays: dict[str, Any] = dict(zip(names, map(np.array, outputs), strict=True))
    np.savez(Path(answers), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
