"""Patches of three textures, and made-up features."""

import numpy as np
import skimage.data
from PIL import Image

from zoobridge.training import Examples

TEXTURES = ("brick", "grass", "gravel")
PATCHES = 6


def patch(name, number, *, side=96):
    """A patch that overlaps no other of its texture."""
    picture = getattr(skimage.data, name)()
    y, x = divmod(number, 4)
    return picture[y * 128 : y * 128 + side, x * 128 : x * 128 + side]


def write_patches(folder, numbers, *, names=TEXTURES):
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in numbers:
            Image.fromarray(patch(name, number)).save(folder / name / f"{name}{number:02}.png")
    return folder


def examples(*, groups=12, each=1, classes=3, dimensions=16, views=2, spread=0.35, seed=0):
    """Made-up features: every class around a direction of its own, groups alike."""
    random = np.random.default_rng(seed)
    centres = np.eye(classes, dimensions)
    labels = np.repeat(np.arange(groups) % classes, each)
    rows = centres[labels][:, None] + random.normal(0, spread, (groups * each, views, dimensions))
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    return Examples(
        names=tuple(f"{number}.png" for number in range(groups * each)),
        labels=tuple("abcdefgh"[:classes]),
        classes=labels,
        groups=np.repeat(np.arange(groups), each),
        features=rows.astype(np.float32),
        fair=np.ones(groups * each, bool),
    )
