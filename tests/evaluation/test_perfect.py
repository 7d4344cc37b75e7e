"""Perfect classifiers, served: every form of output scores best on every measure that applies."""

import numpy as np
import pytest
from PIL import Image

from evaluated import run_to_the_end
from zoobridge.evaluation import MEASURES, measure, read_dataset

# Large enough that softmax and sigmoid reach 0 and 1.
GAIN = 1.0


@pytest.fixture(scope="module")
def corners(tmp_path_factory):
    """Pictures of which one corner is bright, or several: which, is their class."""
    folder = tmp_path_factory.mktemp("corners")
    rows = []
    for bits in range(16):
        for level in (200, 255):
            picture = np.zeros((4, 4), np.uint8)
            chosen = [corner for corner in range(4) if bits >> corner & 1]
            for corner in chosen:
                picture[2 * (corner // 2) :, 2 * (corner % 2) :][:2, :2] = level
            path = folder / "all" / f"{bits}-{level}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(picture).save(path)
            rows.append((path, chosen))
    for name, wanted in (("one", 4), ("two", 2)):
        for path, chosen in rows:
            if len(chosen) == 1 and chosen[0] < wanted:
                place = folder / name / f"c{chosen[0]}"
                place.mkdir(parents=True, exist_ok=True)
                (place / path.name).write_bytes(path.read_bytes())
    lines = [f"{path},{'|'.join(f'c{one}' for one in chosen)}\n" for path, chosen in rows]
    (folder / "several.csv").write_text("path,labels\n" + "".join(lines))
    return folder


@pytest.fixture(scope="module")
def perfect(zoobridge_server, write_linear, tmp_path_factory):
    """Models that know the corners, with each form of output."""
    zoo = tmp_path_factory.mktemp("perfect")
    columns = np.zeros((16, 4))
    for corner in range(4):
        mask = np.zeros((4, 4))
        mask[2 * (corner // 2) :, 2 * (corner % 2) :][:2, :2] = GAIN
        columns[:, corner] = mask.ravel()
    labels = [f"c{corner}" for corner in range(4)]
    bias = np.full(4, -400.0 * GAIN)
    for ending in ("softmax", "sigmoid", "logit", "argmax"):
        write_linear(zoo / ending, columns, bias, labels, ending=ending)
    write_linear(zoo / "single", columns[:, 1:2], bias[:1], ["c1"], ending="sigmoid")
    write_linear(zoo / "single-logit", columns[:, 1:2], bias[:1], ["c1"], ending="logit")
    return zoobridge_server(zoo, arguments=("--device", "cpu")).client


@pytest.mark.parametrize(
    ("model", "data", "kind", "without"),
    [
        ("softmax", "one", "probability", {"top5_accuracy"}),
        ("sigmoid", "one", "independent_probability",
         {"top5_accuracy", "log_loss", "brier", "ece"}),
        ("logit", "one", "logit", {"top5_accuracy", "log_loss", "brier", "ece"}),
        ("argmax", "one", "label_only",
         {"top3_accuracy", "top5_accuracy", "auroc", "average_precision", "log_loss", "brier",
          "ece"}),
        ("single", "two", "probability", {"top3_accuracy", "top5_accuracy"}),
        ("single-logit", "two", "logit",
         {"top3_accuracy", "top5_accuracy", "log_loss", "brier", "ece"}),
        ("sigmoid", "several.csv", "independent_probability",
         {"balanced_accuracy", "top3_accuracy", "top5_accuracy", "matthews", "cohen_kappa"}),
    ],
)  # fmt: skip
def test_a_perfect_model_is_best_by_every_measure_that_applies(
    perfect, corners, tmp_path, model, data, kind, without
):
    run = run_to_the_end(perfect, model, read_dataset(corners / data), folder=tmp_path)
    outcomes = run.outcomes()
    assert outcomes.kind == kind
    found = measure(outcomes)
    quality = [one for one in MEASURES if one.group == "quality"]
    assert {one.name for one in quality if found[one.name].value is None} == without
    for one in quality:
        if one.name in without:
            assert found[one.name].reason
        else:
            assert found[one.name].value == pytest.approx(one.best, abs=1e-9), one.name
    # The system does not always tell what memory a small worker has by itself.
    costs = [one.name for one in MEASURES if one.group == "cost" and one.name != "memory_bytes"]
    assert {name: found[name].reason for name in costs if not found[name].value} == {}
