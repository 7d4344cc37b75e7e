"""The reference of the folder row: decode in threads, run batches, write a CSV file.

python -m benchmarks.rows._folder_program WEIGHTS FOLDER CSV BATCH THREADS SIZE
"""

from __future__ import annotations

import csv
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from PIL import Image

from benchmarks._inprocess import Setup, network, preparation
from benchmarks._packages import Shape


def main() -> None:
    """Classify a folder; print the seconds of the work alone."""
    weights, folder, target = map(Path, sys.argv[1:4])
    batch, threads, size = map(int, sys.argv[4:7])
    run = network("onnx", weights, Setup(batch, threads, 1))
    start = time.perf_counter()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    shape = Shape((size, size), 3, 1000)

    def some(first: int) -> list[tuple[str, int, float]]:
        paths = files[first : first + batch]
        pictures = np.stack([_decoded(path, size) for path in paths])
        scores = run(preparation(shape, len(paths))(pictures))
        best = scores.argmax(axis=1)
        return [
            (str(path), int(one), float(row[one]))
            for path, one, row in zip(paths, best, scores, strict=True)
        ]

    with ThreadPoolExecutor(threads) as pool, target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "label", "score"))
        for rows in pool.map(some, range(0, len(files), batch)):
            writer.writerows(rows)
    print(time.perf_counter() - start)


def _decoded(path: Path, size: int) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


if __name__ == "__main__":
    assert onnxruntime.__version__
    main()
