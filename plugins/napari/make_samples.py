"""Write the sample data of the plugin: pictures that no network of the demo zoo has learnt from.

Run it from the repository's root: ``python plugins/napari/make_samples.py``. It needs scikit-image
and scikit-learn, which carry the pictures; the plugin needs neither.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).parent / "src" / "napari_zoobridge" / "samples"

_HEIGHT, _WIDTH = 512, 192
_ROWS, _COLUMNS, _SIDE, _GAP = 6, 10, 8, 4


def main() -> None:
    """Write both files."""
    sys.path.insert(0, str(ROOT / "examples"))
    from recipe.splits import photograph, split_digits

    SAMPLES.mkdir(exist_ok=True)
    parts = [photograph(name, held_out=True) for name in ("brick", "grass", "gravel")]
    mosaic = np.concatenate([part[:_HEIGHT, :_WIDTH] for part in parts], axis=1)
    np.savez_compressed(SAMPLES / "textures.npz", image=mosaic)

    _, held_out = split_digits()
    step = _SIDE + _GAP
    sheet = np.zeros((_ROWS * step + _GAP, _COLUMNS * step + _GAP), np.uint8)
    labels = np.zeros(sheet.shape, np.uint8)
    for number in range(_ROWS * _COLUMNS):
        row, column = divmod(number, _COLUMNS)
        y, x = _GAP + row * step, _GAP + column * step
        sheet[y : y + _SIDE, x : x + _SIDE] = held_out.pictures[number]
        labels[y : y + _SIDE, x : x + _SIDE] = number + 1
    written = held_out.classes[: _ROWS * _COLUMNS].astype(np.uint8)
    np.savez_compressed(SAMPLES / "digits.npz", image=sheet, labels=labels, written=written)


if __name__ == "__main__":
    main()
