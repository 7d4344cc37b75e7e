"""The two networks of the demo zoo, as plain data that PyTorch and Keras are built from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DIGITS", "TEXTURES", "Convolution", "NetworkPlan", "Pooling"]


@dataclass(frozen=True)
class Convolution:
    """A convolution with stride 1 and a rectifier behind it.

    Parameters
    ----------
    channels
        Number of channels that come out.
    kernel
        Its side length.
    padded
        Whether zeros around the picture keep its size.
    """

    channels: int
    kernel: int
    padded: bool = True


@dataclass(frozen=True)
class Pooling:
    """The greatest value of every two by two pixels."""


@dataclass(frozen=True)
class NetworkPlan:
    """Layers, then the mean over the picture, then a score (logit) for each class.

    The mean makes the order of axes in the last layer's input the same in every framework.

    Parameters
    ----------
    size
        Side length of the grey input.
    layers
        What comes before the mean.
    labels
        The classes in the order of the scores.
    """

    size: int
    layers: tuple[Convolution | Pooling, ...]
    labels: tuple[str, ...]


DIGITS = NetworkPlan(
    size=8,
    layers=(
        Convolution(16, 3),
        Convolution(32, 3),
        Pooling(),
        Convolution(64, 4, padded=False),
    ),
    labels=tuple("0123456789"),
)

TEXTURES = NetworkPlan(
    size=64,
    layers=(
        Convolution(8, 3),
        Pooling(),
        Convolution(16, 3),
        Pooling(),
        Convolution(24, 3),
        Pooling(),
        Convolution(32, 3),
    ),
    labels=("brick", "grass", "gravel"),
)
