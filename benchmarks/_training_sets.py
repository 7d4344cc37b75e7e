"""Labelled sets for measuring training, with their features from a served embedding model."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from zoobridge.training import read_labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoobridge.training.features import FeatureExtractor

__all__ = ["FASHION", "Features", "fashion_features", "folder_features", "texture_features"]

#: Where Debian's dataset-fashion-mnist lies; another folder of its files can be named.
FASHION = Path("/usr/share/datasets/fashion-mnist")


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a set: ``(items, views, dimensions)``, and each item's class."""

    name: str
    rows: NDArray[np.float32]
    classes: NDArray[np.int64]

    def draw(self, count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return `count` items of each class, chosen at random, and all others."""
        random = np.random.default_rng(seed)
        chosen = np.concatenate(
            [
                random.choice(np.flatnonzero(self.classes == one), count, replace=False)
                for one in np.unique(self.classes)
            ]
        )
        return chosen, np.setdiff1d(np.arange(len(self.classes)), chosen)


def folder_features(
    name: str, folder: Path, extractor: FeatureExtractor, *, views: int = 8
) -> Features:
    """Return the features of a folder with a folder per class."""
    annotations = read_labelled(folder).annotations
    labels = sorted({one.label for one in annotations})
    rows, classes = [], []
    for one in extractor.extract(annotations, views=views):
        if one.features is not None:
            rows.append(one.features)
            classes.append(labels.index(annotations[one.place].label))
    return Features(name, np.stack(rows), np.array(classes))


def texture_features(scratch: Path, extractor: FeatureExtractor) -> Features:
    """Return the features of patches of scikit-image's textures, as they are."""
    import skimage.data

    for name in ("brick", "grass", "gravel"):
        (scratch / name).mkdir(parents=True)
        picture = getattr(skimage.data, name)()
        for number in range(16):
            y, x = (one * 128 for one in divmod(number, 4))
            patch = Image.fromarray(picture[y : y + 96, x : x + 96])
            patch.save(scratch / name / f"{number}.png")
    return folder_features("textures", scratch, extractor, views=1)


def fashion_features(
    folder: Path, scratch: Path, extractor: FeatureExtractor, *, each: int
) -> Features | None:
    """Return the features of a part of Fashion-MNIST; `None` where its folder has none."""
    files = {
        kind: next(iter(sorted(folder.rglob(f"t10k-{kind}*"))), None)
        for kind in ("images", "labels")
    }
    if files["images"] is None or files["labels"] is None:
        return None
    pictures = _idx(files["images"], 16).reshape(-1, 28, 28)
    classes = _idx(files["labels"], 8)
    random = np.random.default_rng(0)
    for one in range(10):
        (scratch / str(one)).mkdir(parents=True)
        for number in random.permutation(np.flatnonzero(classes == one))[:each]:
            Image.fromarray(pictures[number]).save(scratch / str(one) / f"{number}.png")
    return folder_features("Fashion-MNIST", scratch, extractor)


def _idx(path: Path, head: int) -> NDArray[np.uint8]:
    data = path.read_bytes()
    return np.frombuffer(gzip.decompress(data) if path.suffix == ".gz" else data, np.uint8)[head:]
