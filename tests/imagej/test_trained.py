"""A model that was trained here warns of pictures unlike its own, in the table and in the log."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from screen import RESULTS
from training_examples import patch, write_patches
from zoobridge.training import TrainingProject

# A whole training.
pytestmark = pytest.mark.timeout(900)

TEXTURES = ("brick", "grass")


@pytest.fixture(scope="module")
def beside_trained(tmp_path_factory, zoobridge_server):
    """A server of a zoo with one model, trained on patches of two textures."""
    home = tmp_path_factory.mktemp("user")
    zoo = tmp_path_factory.mktemp("zoo")
    served = zoobridge_server(zoo)
    with pytest.MonkeyPatch.context() as patched, threadpool_limits(1):
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
            patched.setenv(name, os.fspath(home / name.lower()))
        with TrainingProject("Two textures", client=served.client, zoo=zoo) as project:
            project.annotate_folder(write_patches(home / "textures", range(6), names=TEXTURES))
            project.fit()
            project.publish(authors=["Ada Lovelace"], license_id="CC-BY-4.0", formats=("onnx",))
    return served


def test_a_picture_unlike_those_of_the_training_is_marked_and_warned_of(
    beside_trained, start_imagej, tmp_path
):
    own, other = tmp_path / "grass.png", tmp_path / "noise.png"
    Image.fromarray(patch("grass", 9)).save(own)
    noise = np.random.default_rng(0).integers(0, 255, (96, 96), dtype=np.uint8)
    Image.fromarray(noise).save(other)
    imagej = start_imagej(beside_trained.environment["ZOOBRIDGE_RUNTIME_DIR"])
    for path in (own, other):
        imagej.open(path)
        imagej.run("Classify...", "model=two-textures top=1")
    table = imagej.table(RESULTS)
    assert next(iter(table["label"])) == "grass"
    assert set("|".join(table["prediction_set"].astype(str)).split("|")) <= {*TEXTURES, ""}
    unlike = table["novelty"].astype(float) > table["novelty_threshold"].astype(float)
    assert list(unlike) == [False, True]
    log = str(imagej.macro('return getInfo("log");'))
    warnings = [line for line in log.splitlines() if "unlike" in line]
    assert len(warnings) == 1
    assert "1 of 1 item is unlike the pictures" in warnings[0]
