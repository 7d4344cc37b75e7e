"""Make the demo zoo and the pictures beside it: ``python examples/make_zoo.py``.

Trains two small networks on pictures that come inside scikit-learn and scikit-image, writes each as
a BioImage.IO package with the same parameters for every framework, and writes held-out pictures.
Needs the test dependencies (``make install-test``). Everything is seeded: on one machine two runs
give the same files, but for the SavedModel, in which TensorFlow numbers its functions.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from recipe.architecture import DIGITS, TEXTURES
from recipe.exports import export
from recipe.measure import onnx_scores, prepare_digits, prepare_textures, right
from recipe.packages import Facts, cover, write_package
from recipe.pictures import write_digits, write_mosaic, write_stack, write_textures
from recipe.splits import FIRST_HELD_OUT_COLUMN, held_out_patches, split_digits
from recipe.training import train_digits, train_textures

HERE = Path(__file__).parent
DIGITS_SHOWN_PER_CLASS = 10

DIGITS_FACTS = Facts(
    id="digits",
    name="Handwritten digits",
    description="Distinguishes handwritten digits; the same parameters in every framework.",
    license="CC-BY-4.0",
    tags=("classification", "digits", "handwriting", "demonstration", "2d"),
    citations=(
        {
            "text": "E. Alpaydin and C. Kaynak: Optical Recognition of Handwritten Digits. "
            "UCI Machine Learning Repository, 1998.",
            "doi": "10.24432/C50P49",
        },
        {
            "text": "F. Pedregosa et al.: Scikit-learn: Machine Learning in Python. "
            "Journal of Machine Learning Research 12, 2011.",
            "doi": "10.48550/arXiv.1201.0490",
        },
    ),
    preprocessing=({"id": "scale_linear", "kwargs": {"gain": 1 / 255}},),
    zoobridge={
        "fit": "stretch",
        "interpolation": "box",
        "intensity_range": [0, 255],
        "default_top_k": 3,
        "class_colors": {
            "0": "#4e79a7",
            "1": "#f28e2b",
            "2": "#e15759",
            "3": "#76b7b2",
            "4": "#59a14f",
            "5": "#edc948",
            "6": "#b07aa1",
            "7": "#ff9da7",
            "8": "#9c755f",
            "9": "#bab0ac",
        },
        "score_kind": "probability",
    },
    saved_model=True,
)

TEXTURES_FACTS = Facts(
    id="textures",
    name="Textures - brick grass gravel",
    description="Distinguishes brick, grass and gravel in regions of a large picture.",
    license="CC0-1.0",
    tags=("classification", "texture", "regions", "demonstration", "2d"),
    citations=(
        {
            "text": "S. van der Walt et al.: scikit-image: image processing in Python. "
            "PeerJ 2:e453, 2014.",
            "doi": "10.7717/peerj.453",
        },
    ),
    preprocessing=(
        {"id": "zero_mean_unit_variance", "kwargs": {"axes": ["channel", "y", "x"], "eps": 1e-6}},
    ),
    zoobridge={
        "fit": "center",
        "intensity_range": [0, 255],
        "default_top_k": 3,
        "class_colors": {"brick": "#b5523b", "grass": "#4c9a2a", "gravel": "#3d7edb"},
        "score_kind": "probability",
    },
    saved_model=False,
)


def make_digits(zoo: Path, pictures: Path, scratch: Path) -> str:
    """Train and write ``digits``; return what it can do, in a line."""
    train, held_out = split_digits()
    network = train_digits(DIGITS, train)
    inputs = prepare_digits(held_out.pictures)
    files = export(network, "DIGITS", DIGITS, scratch, inputs)
    write_digits(pictures / "digits", held_out, per_class=DIGITS_SHOWN_PER_CLASS)
    shown = sorted((pictures / "digits").glob("*/*.png"))
    small = np.stack([np.asarray(Image.open(path))[4::8, 4::8] for path in shown])
    classes = np.array([int(path.parent.name) for path in shown])
    count = right(files.onnx, inputs, held_out.classes)
    documentation = (HERE / "recipe" / "digits.md").read_text("utf-8")
    write_package(
        zoo,
        DIGITS_FACTS,
        DIGITS,
        files,
        documentation=documentation.format(
            learnt=len(train),
            held_out=len(held_out),
            right=count,
            percent=100 * count / len(held_out),
            right_inverted=right(files.onnx, 1 - inputs, held_out.classes),
            right_shown=right(files.onnx, prepare_digits(small), classes),
            shown=len(shown),
            difference=files.difference,
        ),
        cover_picture=cover(
            [small[10 * number + row] for row in range(5) for number in range(10)],
            columns=10,
            enlarge=5,
        ),
        test_picture=held_out.pictures[5],
        test_scores=onnx_scores(files.onnx, inputs[5:6])[0],
    )
    return _line("digits", count, len(held_out), files.difference)


def make_textures(zoo: Path, pictures: Path, scratch: Path) -> str:
    """Train and write ``textures``; return what it can do, in a line."""
    network = train_textures(TEXTURES)
    held_out = held_out_patches(TEXTURES.labels, size=64, step=64)
    inputs = prepare_textures(held_out.pictures)
    files = export(network, "TEXTURES", TEXTURES, scratch, inputs)
    write_textures(pictures / "textures", TEXTURES.labels)
    write_stack(pictures / "stack" / "textures.tif", TEXTURES.labels)
    write_mosaic(pictures / "mosaic", TEXTURES.labels)
    regions, classes = _mosaic_regions(pictures / "mosaic")
    count = right(files.onnx, inputs, held_out.classes)
    documentation = (HERE / "recipe" / "textures.md").read_text("utf-8")
    write_package(
        zoo,
        TEXTURES_FACTS,
        TEXTURES,
        files,
        documentation=documentation.format(
            learnt=FIRST_HELD_OUT_COLUMN,
            held_out=len(held_out),
            right=count,
            percent=100 * count / len(held_out),
            right_shown=right(files.onnx, prepare_textures(regions), classes),
            shown=len(regions),
            difference=files.difference,
        ),
        cover_picture=cover(list(held_out.pictures[::9]), columns=4, enlarge=1),
        test_picture=held_out.pictures[40],
        test_scores=onnx_scores(files.onnx, inputs[40:41])[0],
    )
    return _line("textures", count, len(held_out), files.difference)


def _mosaic_regions(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    mosaic = np.asarray(Image.open(folder / "mosaic.jpg"))
    regions, classes = [], []
    with (folder / "regions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            x, y = int(row["x"]), int(row["y"])
            regions.append(mosaic[y : y + int(row["height"]), x : x + int(row["width"])])
            classes.append(TEXTURES.labels.index(row["class"]))
    return np.stack(regions), np.array(classes)


def _line(name: str, count: int, total: int, difference: float) -> str:
    return (
        f"{name}: {count} of {total} held-out pictures right; "
        f"greatest difference between frameworks {difference:.1e}"
    )


def main() -> None:
    """Make both packages and all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE, help="where zoo/ and pictures/ go")
    folder = parser.parse_args().output
    for make in (make_digits, make_textures):
        with tempfile.TemporaryDirectory() as scratch:
            print(make(folder / "zoo", folder / "pictures", Path(scratch)), flush=True)


if __name__ == "__main__":
    main()
