"""Train…: regions whose names or groups are classes become a model that Classify… offers at once."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest
from PIL import Image

from screen import PROJECT, RESULTS, form, part, press, wait_for
from training_examples import patch
from zoobridge.imagej import ImageJ, ImageJError, launch

# A whole training.
pytestmark = pytest.mark.timeout(900)

TEXTURES = ("brick", "grass")


@dataclass(frozen=True)
class Trained:
    """An ImageJ that has trained a model, beside a server whose zoo held a broken package alone."""

    imagej: ImageJ
    served: Any
    folder: Path
    opened: Path
    recorded: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory, zoobridge_server, home, ij_jar, display):
    """Train in the dialog on a folder of six pictures whose ROI sets' groups are their classes."""
    zoo = tmp_path_factory.mktemp("zoo")
    (zoo / "broken").mkdir()
    (zoo / "broken" / "rdf.yaml").write_text("type: model\n")
    folder = tmp_path_factory.mktemp("pictures")
    browser = tmp_path_factory.mktemp("bin") / "xdg-open"
    opened = browser.with_name("opened")
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
    browser.chmod(0o700)
    served = zoobridge_server(zoo)
    with launch(
        ij_jar,
        plugins=home,
        java_options=[f"-Duser.home={home}"],
        environment={
            "DISPLAY": display.name,
            "PATH": f"{browser.parent}{os.pathsep}{os.environ['PATH']}",
            "ZOOBRIDGE_RUNTIME_DIR": served.environment["ZOOBRIDGE_RUNTIME_DIR"],
        },
    ) as imagej:
        imagej.macro('Roi.setGroupNames("brick,grass");')
        for number in range(6):
            halves = [patch(name, number) for name in TEXTURES]
            Image.fromarray(np.concatenate(halves, axis=1)).save(folder / f"{number}.png")
            imagej.open(folder / f"{number}.png")
            imagej.macro(
                'makeRectangle(0, 0, 96, 96); Roi.setGroup(1); roiManager("add");'
                'makeRectangle(96, 0, 96, 96); Roi.setGroup(2); roiManager("add");'
                f'roiManager("save", "{folder / str(number)}.zip"); roiManager("reset"); close();'
            )
        imagej.jvm.ij.IJ.run("Record...")
        imagej.jvm.ij.IJ.doCommand("Train...")
        wait_for(lambda: form(imagej, "Train") is not None, "the dialog")
        window = form(imagej, "Train")
        part(window, "name").setText("Two textures")
        part(window, "classes").setSelectedItem("Groups")
        part(window, "folder").setText(os.fspath(folder))
        wait_for(lambda: "brick 6, grass 6" in str(part(window, "status").getText()), "the counts")
        if "ZOOBRIDGE_SCREENSHOTS" in os.environ:
            target = PROJECT / os.environ["ZOOBRIDGE_SCREENSHOTS"]
            display.screenshot("Train", target / "fiji-train.png")
        press(imagej, display, "Train")
        wait_for(lambda: opened.exists() and opened.read_text(), "the report", 800)
        recorded = str(imagej.jvm.ij.plugin.frame.Recorder.getInstance().getText())
        imagej.macro('selectWindow("Recorder"); run("Close");')
        yield Trained(imagej, served, folder, opened, recorded)


def test_a_folder_with_roi_sets_becomes_a_model_with_figures_and_a_report(trained):
    log = str(trained.imagej.macro('return getInfo("log");'))
    assert re.search(
        r'trained "Two textures" \(two-textures, version \S+\)\. Balanced accuracy \d', log
    )
    assert "on 12 labelled items" in log
    assert "which flatters" not in log
    report = Path(url2pathname(urlsplit(trained.opened.read_text()).path))
    assert "<html" in report.read_text("utf-8").lower()
    report.unlink()
    assert trained.served.client.model("two-textures").labels == TEXTURES


def test_training_is_recorded_for_a_macro(trained):
    words = f"name=[Two textures] classes=Groups folder={trained.folder}"
    assert f'run("Train...", "{words}");' in trained.recorded


def test_classify_picks_the_model_at_once_beside_a_broken_package(trained, display):
    imagej = trained.imagej
    imagej.open(trained.folder / "0.png")
    imagej.macro("makeRectangle(96, 0, 96, 96);")
    imagej.jvm.ij.IJ.doCommand("Classify...")
    wait_for(lambda: form(imagej, "Classify 0.png") is not None, "the dialog")
    models = part(form(imagej, "Classify 0.png"), "model")
    assert any("broken" in one.id for one in trained.served.client.models())
    wait_for(lambda: models.getSelectedIndex() >= 0, "the model")
    assert "[two-textures]" in str(models.getSelectedValue().toString())
    press(imagej, display, "Classify 0.png")
    wait_for(lambda: RESULTS in imagej.tables(), "the table")
    assert list(imagej.table(RESULTS)["label"]) == ["grass"]


def test_a_picture_unlike_those_of_the_training_is_marked_and_warned_of(trained, tmp_path):
    own, other = tmp_path / "grass.png", tmp_path / "noise.png"
    Image.fromarray(patch("grass", 9)).save(own)
    noise = np.random.default_rng(0).integers(0, 255, (96, 96), dtype=np.uint8)
    Image.fromarray(noise).save(other)
    for path in (own, other):
        trained.imagej.open(path)
        trained.imagej.run("Classify...", "model=two-textures top=1")
    table = trained.imagej.table(RESULTS)[-2:]
    assert next(iter(table["label"])) == "grass"
    assert set("|".join(table["prediction_set"].astype(str)).split("|")) <= {*TEXTURES, ""}
    unlike = table["novelty"].astype(float) > table["novelty_threshold"].astype(float)
    assert list(unlike) == [False, True]
    log = str(trained.imagej.macro('return getInfo("log");'))
    warnings = [line for line in log.splitlines() if "unlike" in line]
    assert len(warnings) == 1
    assert "1 of 1 item is unlike the pictures" in warnings[0]


def test_what_the_server_cannot_divide_is_refused_in_the_dialogs_words(trained, tmp_path):
    shutil.copy(trained.folder / "0.png", tmp_path)
    trained.imagej.open(tmp_path / "0.png")
    trained.imagej.macro(
        "for (x = 0; x < 192; x += 48) { makeRectangle(x, 0, 48, 96);"
        ' Roi.setGroup(1 + floor(x / 96)); roiManager("add"); }'
        f'roiManager("save", "{tmp_path / "0.zip"}"); roiManager("reset"); close();'
    )
    with pytest.raises(ImageJError, match=r"in one group, .* group by less") as refused:
        trained.imagej.run(
            "Train...",
            f"name=[One picture] classes=Groups folder=[{tmp_path}] keep_together=Images",
        )
    assert "--group-by" not in str(refused.value)


def test_the_dialog_counts_the_regions_by_the_class_in_their_names(imagej, display):
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1); makeRectangle(1, 1, 9, 9);')
    for name in ("cell-1", "cell-2", "mitosis 1"):
        imagej.macro(f'roiManager("add"); roiManager("select", RoiManager.size - 1);'
                     f'roiManager("rename", "{name}");')  # fmt: skip
    imagej.jvm.ij.IJ.doCommand("Train...")
    wait_for(lambda: form(imagej, "Train") is not None, "the dialog")
    window = form(imagej, "Train")
    assert "Name: write" in str(part(window, "status").getText())
    part(window, "name").setText("Cells")
    wait_for(lambda: "cell 2, mitosis 1" in str(part(window, "status").getText()), "the counts")
    assert part(window, "ok").isEnabled()
    part(window, "classes").setSelectedItem("Groups")
    wait_for(lambda: not part(window, "ok").isEnabled(), "the refusal")
    assert "two or more classes; found: none" in str(part(window, "status").getText())
    display.key("Train", "Escape")
    wait_for(lambda: form(imagej, "Train") is None, "the dialog's end")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("classes=Groups", "The model has no name"),
        ("name=x classes=Groups", "two or more classes; none has a class"),
        ("name=x classes=Nonsense", "classes"),
        ("name=x keep_together=Plates", "keep_together"),
        ("name=x folder={empty}", "No picture in"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(imagej, tmp_path, words, sentence):
    imagej.macro('newImage("a", "8-bit ramp", 64, 64, 1);')
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Train...", words.format(empty=os.fspath(tmp_path)))
