"""Training both networks with PyTorch: seeded, on one thread, in about a minute."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recipe.architecture import Convolution, NetworkPlan
from recipe.splits import LabelledPictures, photograph

__all__ = ["build", "parameters", "train_digits", "train_textures"]

_SEED = 20190923


def build(plan: NetworkPlan) -> nn.Sequential:
    """Build a network; input ``(batch, 1, size, size)``, output ``(batch, classes)``."""
    layers: list[nn.Module] = []
    channels = 1
    for layer in plan.layers:
        if isinstance(layer, Convolution):
            padding = layer.kernel // 2 if layer.padded else 0
            layers += [
                nn.Conv2d(channels, layer.channels, layer.kernel, padding=padding),
                nn.ReLU(),
            ]
            channels = layer.channels
        else:
            layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, len(plan.labels))]
    return nn.Sequential(*layers)


def train_digits(plan: NetworkPlan, train: LabelledPictures) -> nn.Sequential:
    """Train on digits turned, scaled and shifted a little, bright on dark or dark on bright."""
    pictures = torch.from_numpy(train.pictures).float()[:, None] / 255
    classes = torch.from_numpy(train.classes)

    def batches(random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for chosen in torch.randperm(len(pictures), generator=random).split(64):
            yield _vary_digits(pictures[chosen], random), classes[chosen]

    return _train(plan, batches, epochs=90, steps=math.ceil(len(pictures) / 64))


def train_textures(plan: NetworkPlan) -> nn.Sequential:
    """Train on patches cut anywhere in the left parts of the photographs."""
    parts = [
        torch.from_numpy(photograph(label, held_out=False).copy()).float() for label in plan.labels
    ]
    steps = 30

    def batches(random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(steps):
            classes = torch.arange(36) % len(parts)
            patches = [_cut(parts[number], plan.size, random) for number in classes.tolist()]
            yield torch.stack(patches), classes

    return _train(plan, batches, epochs=14, steps=steps)


def _train(
    plan: NetworkPlan,
    batches: Callable[[torch.Generator], Iterator[tuple[Tensor, Tensor]]],
    *,
    epochs: int,
    steps: int,
) -> nn.Sequential:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(_SEED)
    random = torch.Generator().manual_seed(_SEED)
    network = build(plan).train()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=4e-3, total_steps=epochs * steps
    )
    for _ in range(epochs):
        for pictures, classes in batches(random):
            optimizer.zero_grad()
            functional.cross_entropy(network(pictures), classes).backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def _vary_digits(pictures: Tensor, random: torch.Generator) -> Tensor:
    count = len(pictures)

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    angle, size = between(-0.2, 0.2), between(0.85, 1.35)
    shift_x, shift_y = between(-0.2, 0.2), between(-0.2, 0.2)
    cosine, sine = torch.cos(angle) * size, torch.sin(angle) * size
    matrix = torch.stack(
        [torch.stack([cosine, -sine, shift_x], 1), torch.stack([sine, cosine, shift_y], 1)], 1
    )
    grid = functional.affine_grid(matrix, list(pictures.shape), align_corners=False)
    varied = functional.grid_sample(pictures, grid, align_corners=False)
    varied = varied * between(0.6, 1.0)[:, None, None, None]
    dark_on_bright = torch.rand(count, generator=random) < 0.5
    return torch.where(dark_on_bright[:, None, None, None], 1 - varied, varied)


def _cut(part: Tensor, size: int, random: torch.Generator) -> Tensor:
    """Cut a patch, turn and scale it at random, and bring it to mean 0 and deviation 1."""

    def below(stop: int) -> int:
        return int(torch.randint(stop, (1,), generator=random))

    side = size - 12 + below(25)
    row, column = below(part.shape[0] - side + 1), below(part.shape[1] - side + 1)
    patch = part[row : row + side, column : column + side].rot90(below(4))
    if below(2):
        patch = patch.flip(1)
    patch = functional.interpolate(
        patch[None, None], size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )[0]
    return (patch - patch.mean()) / (patch.std(correction=0) + 1e-6)


def parameters(network: nn.Sequential) -> dict[str, np.ndarray]:
    """Return the parameters by layer, in the order of the layers: ``kernel_0``, ``bias_0``, …."""
    found: dict[str, np.ndarray] = {}
    layers = [layer for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]
    for number, layer in enumerate(layers):
        assert layer.bias is not None
        found[f"kernel_{number}"] = layer.weight.detach().numpy()
        found[f"bias_{number}"] = layer.bias.detach().numpy()
    return found
