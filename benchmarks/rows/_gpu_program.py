"""The reference of the gpu row: bytes to the device, standardised and run there.

python -m benchmarks.rows._gpu_program WEIGHTS DEVICE FOLDER BATCH PROCESSES SIZE
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._packages import MEAN, STD

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def load(weights: str, device: str) -> Callable[[NDArray[np.uint8]], NDArray[np.int64]]:
    """Return a function that gives the best class of each picture of a batch, ``NYXC``."""
    import torch

    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.load(weights, map_location=device).eval()  # type: ignore[no-untyped-call]
    gain = torch.tensor(1 / 255 / np.array(STD), dtype=torch.float32, device=device)
    shift = torch.tensor(-np.array(MEAN) / np.array(STD), dtype=torch.float32, device=device)

    def classify(pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
        with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined] # noqa: FBT003
            batch = torch.from_numpy(pictures)
            if device != "cpu":
                batch = batch.pin_memory()
            floats = batch.to(device, non_blocking=True).float() * gain + shift
            scores = module(floats.permute(0, 3, 1, 2).contiguous())
            best: NDArray[np.int64] = scores.argmax(dim=1).cpu().numpy()
            return best

    return classify


class Pictures:
    """A data set of the files of a folder, decoded and scaled."""

    def __init__(self, folder: Path, size: int) -> None:
        self._files = sorted(folder.iterdir())
        self._size = size

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> Any:
        from PIL import Image

        with Image.open(self._files[number]) as image:
            size = (self._size, self._size)
            return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BILINEAR))


def main() -> None:
    """Classify a folder; print the seconds of the work alone."""
    from torch.utils.data import DataLoader

    weights, device, folder = sys.argv[1:4]
    batch, processes, size = map(int, sys.argv[4:7])
    classify = load(weights, device)
    classify(np.zeros((batch, size, size, 3), np.uint8))
    start = time.perf_counter()
    loader: Any = DataLoader(
        Pictures(Path(folder), size),  # type: ignore[arg-type]
        batch_size=batch,
        num_workers=processes,
        collate_fn=np.stack,
    )
    done = sum(len(classify(pictures)) for pictures in loader)
    assert done > 0
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
