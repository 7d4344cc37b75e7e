"""Write the PyTorch samples into the folder that is named."""

import sys
import warnings
from pathlib import Path

import numpy as np
import oracle
import torch

ARCHITECTURE = """
from dataclasses import dataclass

import torch


@dataclass
class Sizes:
    filters: int
    classes: int


class Network(torch.nn.Module):
    def __init__(self, channels, filters, classes):
        super().__init__()
        sizes = Sizes(filters, classes)
        self.filter = torch.nn.Conv2d(channels, sizes.filters, 3)
        self.dense = torch.nn.Linear(sizes.filters, sizes.classes)

    def forward(self, picture):
        rectified = torch.relu_(self.filter(picture))
        return torch.softmax(self.dense(rectified.mean(dim=(2, 3))), dim=1)
"""


class TwoWays(torch.nn.Module):
    """Works in place, and hands out what it was given and what it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = torch.nn.Parameter(torch.zeros(3))

    def forward(self, left, right):
        return left.sub_(right), right


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    (folder / "network.py").write_text(ARCHITECTURE)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    from network import Network

    network = Network(oracle.CHANNELS, oracle.FILTERS, oracle.CLASSES).eval()
    own = {name: torch.tensor(array) for name, array in oracle.parameters().items()}
    network.load_state_dict(
        {
            "filter.weight": own["kernel"],
            "filter.bias": own["kernel_bias"],
            "dense.weight": own["dense"].T.contiguous(),
            "dense.bias": own["dense_bias"],
        }
    )
    torch.save(network.state_dict(), folder / "state.pt")
    torch.jit.script(network).save(str(folder / "network.pt"))
    torch.jit.script(TwoWays()).save(str(folder / "two_ways.pt"))
    dynamic = {0: torch.export.Dim("N", min=1)}
    exported = torch.export.export(
        network, (torch.tensor(oracle.batch()),), dynamic_shapes=(dynamic,)
    )
    torch.export.save(exported, folder / "network.pt2")

    from torchvision import models

    torch.manual_seed(0)
    known = models.shufflenet_v2_x0_5(num_classes=4).eval()
    pictures = np.random.default_rng(3).normal(size=(3, 3, 64, 64)).astype("f4")
    # Random weights let every picture look alike; these make the answers differ.
    with torch.no_grad():
        known.fc.weight.mul_(100)
    torch.save(known.state_dict(), folder / "shufflenet.pt")
    with torch.inference_mode():
        expected = torch.jit.script(known)(torch.tensor(pictures)).numpy()
    np.savez(folder / "shufflenet.npz", inputs=pictures, expected=expected)
