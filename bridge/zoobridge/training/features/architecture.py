"""EfficientNet-Lite0 as a table, from which each framework's builder makes the same network.

M. Tan, Q. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019;
the Lite variant leaves squeeze-and-excitation out and bounds every activation at 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "CHANNELS",
    "DIMENSIONS",
    "EPSILON",
    "HEAD",
    "MEAN",
    "MIXED",
    "SIDE",
    "STANDARD_DEVIATION",
    "Block",
    "Convolution",
    "blocks",
    "head",
    "map_scale",
    "padding",
    "part_scale",
    "stem",
]

#: Side of the pictures, in pixels; red, green and blue.
SIDE: Final = 224
CHANNELS: Final = 3
#: What the network was trained on: ``(intensity - MEAN) / STANDARD_DEVIATION``.
MEAN: Final = 127.0
STANDARD_DEVIATION: Final = 128.0
#: Channels of the last convolution.
HEAD: Final = 1280
#: Keeps a length that is divided by above zero.
EPSILON: Final = 1e-6

# Kernel, stride, expansion, channels, repetitions.
_STAGES: Final = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM: Final = 32
# Stages whose means and deviations are features: those whose channels see more than an edge.
_FIRST_MIXED: Final = 2

#: Channels of the stages whose means and deviations are features.
MIXED: Final = tuple(stage[3] for stage in _STAGES[_FIRST_MIXED:])
#: Length of the embedding.
DIMENSIONS: Final = 2 * sum(MIXED) + HEAD


@dataclass(frozen=True)
class Convolution:
    """A convolution with its bias; batch normalisation is folded into both.

    Parameters
    ----------
    name
        Of its parameters: ``NAME.weight`` ``(out, in per group, kernel, kernel)``, ``NAME.bias``.
    inputs, outputs
        Channels.
    kernel, stride
        In pixels.
    side
        Of the map that it is given, in pixels.
    depthwise
        Whether each channel has a separate kernel.
    bounded
        Whether an activation follows that keeps values between 0 and 6.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    side: int
    depthwise: bool = False
    bounded: bool = True


@dataclass(frozen=True)
class Block:
    """An inverted residual block.

    Parameters
    ----------
    convolutions
        In order.
    residual
        Whether its input is added to its output.
    feature
        Whether its output is a feature.
    """

    convolutions: tuple[Convolution, ...]
    residual: bool
    feature: bool


def stem() -> Convolution:
    """Return the first convolution."""
    return Convolution("stem", CHANNELS, _STEM, 3, 2, SIDE)


def head() -> Convolution:
    """Return the last convolution."""
    return Convolution("head", _STAGES[-1][3], HEAD, 1, 1, SIDE // 32)


def blocks() -> list[Block]:
    """Return the blocks between the two, in order."""
    found: list[Block] = []
    side, inputs = SIDE // 2, _STEM
    for number, (kernel, first_stride, expansion, outputs, repetitions) in enumerate(_STAGES):
        for repetition in range(repetitions):
            stride = first_stride if repetition == 0 else 1
            name = f"block{len(found)}"
            wide = inputs * expansion
            convolutions = []
            if expansion > 1:
                convolutions.append(Convolution(f"{name}.expand", inputs, wide, 1, 1, side))
            convolutions.append(
                Convolution(f"{name}.depthwise", wide, wide, kernel, stride, side, depthwise=True)
            )
            side //= stride
            convolutions.append(
                Convolution(f"{name}.project", wide, outputs, 1, 1, side, bounded=False)
            )
            found.append(
                Block(
                    tuple(convolutions),
                    residual=stride == 1 and inputs == outputs,
                    feature=number >= _FIRST_MIXED and repetition == repetitions - 1,
                )
            )
            inputs = outputs
    return found


def padding(convolution: Convolution) -> tuple[int, int]:
    """Return the pixels to pad before and after each axis: as many as keep ``side / stride``."""
    wanted = -(-convolution.side // convolution.stride)
    total = max(0, (wanted - 1) * convolution.stride + convolution.kernel - convolution.side)
    return total // 2, total - total // 2


def map_scale() -> float:
    """Return what a map of class weights times features is multiplied by to be a share of a logit.

    The embedding is a mean over places: of the features, and, for a deviation, of their squared distances
    from their mean divided by the deviation. What a place has in that mean, divided by the same length as
    the embedding's part, times the class weights is what the place adds to the class's logit. The sum of
    the map is the logit without its bias.
    """
    return part_scale() / (SIDE // 32) ** 2


def part_scale() -> float:
    """Return what the embedding's parts, each of length 1, are multiplied by to give length 1."""
    return float((2 * len(MIXED) + 1) ** -0.5)
