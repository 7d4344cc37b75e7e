"""The network in PyTorch, written as TorchScript; a program, so that PyTorch has a process."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from zoobridge.training.features import architecture

__all__ = ["ClassifierModule", "main"]


class ClassifierModule(nn.Module):
    """Backbone and head; takes ``(N, 3, 224, 224)``, gives scores, embedding and activation.

    Parameters
    ----------
    parameters
        Of the backbone, ``classes.weight``, ``classes.bias``, and the number of ``views``.
    """

    def __init__(self, parameters: dict[str, Any]) -> None:
        super().__init__()
        self.views = int(parameters["views"])
        self.stem = _convolution(architecture.stem(), parameters)
        self.blocks = nn.ModuleList(
            nn.Sequential(*(_convolution(one, parameters) for one in block.convolutions))
            for block in architecture.blocks()
        )
        self.head = _convolution(architecture.head(), parameters)
        self.classes = nn.Linear(*parameters["classes.weight"].shape[::-1])
        self.classes.weight.data = torch.from_numpy(parameters["classes.weight"])
        self.classes.bias.data = torch.from_numpy(parameters["classes.bias"])

    def forward(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return scores, embedding and activation."""
        if self.views > 1:
            raw = torch.cat([_view(raw, number) for number in range(self.views)])
        value: torch.Tensor = self.stem(raw)
        parts, places = [], []
        for block, made in zip(architecture.blocks(), self.blocks, strict=True):
            value = made(value) + value if block.residual else made(value)
            if block.feature:
                mean = value.mean((2, 3), keepdim=True)
                square = (value - mean) ** 2 + architecture.EPSILON
                deviation = square.mean((2, 3)).sqrt()
                parts += [_unit(mean.flatten(1)), _unit(deviation)]
                places += [
                    _pooled(value) / _across(_length(mean.flatten(1))),
                    _pooled(square) / _across(deviation) / _across(_length(deviation)),
                ]
        last = self.head(value)
        means = last.mean((2, 3))
        parts.append(_unit(means))
        embedding = torch.cat(parts, 1) * architecture.part_scale()
        by_view = embedding.reshape(self.views, -1, embedding.shape[1])
        scores = functional.softmax(self.classes(by_view.mean(0)), 1)
        local = torch.cat([*places, last / _across(_length(means))], 1)
        weight = self.classes.weight[:, :, None, None]
        shares = functional.conv2d(local, weight * architecture.map_scale())
        return scores, by_view[0], shares.reshape(self.views, -1, *shares.shape[1:])[0]


def _view(raw: torch.Tensor, number: int) -> torch.Tensor:
    flipped = raw.flip(3) if number >= 4 else raw
    return torch.rot90(flipped, number % 4, (2, 3))


def _pooled(value: torch.Tensor) -> torch.Tensor:
    """Return the mean over what lies at each place of the activation map."""
    return functional.avg_pool2d(value, value.shape[2] * 32 // architecture.SIDE)


def _across(value: torch.Tensor) -> torch.Tensor:
    return value[:, :, None, None]


def _length(value: torch.Tensor) -> torch.Tensor:
    length: torch.Tensor = torch.linalg.vector_norm(value, dim=1, keepdim=True)
    return length.clamp(min=architecture.EPSILON)


def _unit(value: torch.Tensor) -> torch.Tensor:
    return value / _length(value)


def _convolution(
    convolution: architecture.Convolution, parameters: dict[str, Any]
) -> nn.Sequential:
    before, after = architecture.padding(convolution)
    made = nn.Conv2d(
        convolution.inputs,
        convolution.outputs,
        convolution.kernel,
        convolution.stride,
        groups=convolution.outputs if convolution.depthwise else 1,
    )
    made.weight.data = torch.from_numpy(parameters[f"{convolution.name}.weight"])
    if made.bias is not None:
        made.bias.data = torch.from_numpy(parameters[f"{convolution.name}.bias"])
    padded = [nn.ZeroPad2d((before, after, before, after))] if before or after else []
    return nn.Sequential(*padded, made, *([nn.ReLU6()] if convolution.bounded else []))


def main(given: str, target: str, answers: str) -> None:
    """Write the network, and what the file answers to the inputs."""
    with np.load(given) as file:
        parameters = dict(file)
    inputs = torch.from_numpy(parameters.pop("inputs"))
    torch.set_num_threads(1)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script: Any = torch.jit
        traced = script.trace(ClassifierModule(parameters).eval(), inputs[:1])
        script.save(traced, target)
        outputs = script.load(target)(inputs)
    names = ("scores", "embedding", "activation")
    np.savez(Path(answers), **dict(zip(names, (one.numpy() for one in outputs), strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
