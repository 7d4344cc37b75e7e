"""Classify folder…: every picture through one stream, one bad one among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from screen import RESULTS
from zoobridge.imagej import ImageJError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "meine Bilder ä"
    (folder / "mehr").mkdir(parents=True)
    random = np.random.default_rng(3)
    for number in range(5):
        Image.fromarray(random.integers(0, 255, (30, 30), dtype=np.uint8)).save(
            folder / f"{number}.png"
        )
    Image.fromarray(random.integers(0, 255, (30, 30), dtype=np.uint8)).save(folder / "mehr/5.tif")
    Image.fromarray(random.integers(0, 255, (30, 30), dtype=np.uint8)).save(folder / "6.pgm")
    (folder / "2b.png").write_text("this is not a picture")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def test_one_bad_picture_among_many_has_its_reason_in_the_table(imagej, served, folder, tmp_path):
    out = tmp_path / "out ü.csv"
    imagej.run("Classify folder...", f"folder=[{folder}] model=digits top=2 recursive save=[{out}]")
    table = imagej.table(RESULTS)
    names = ["0.png", "1.png", "2.png", "2b.png", "3.png", "4.png", "6.pgm", "mehr/5.tif"]
    assert list(table["image"]) == names
    assert [bool(error) for error in table["error"]] == [name == "2b.png" for name in names]
    for row, name in enumerate(names):
        if name != "2b.png":
            with Image.open(folder / name) as picture:
                expected = served.client.classify("digits", np.asarray(picture), top_k=2)[0]
            assert table["label"][row] == expected.label
            assert np.float32(table["score"][row]) == np.float32(expected.score)
    saved = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert list(saved["image"]) == names
    assert list(saved["label"]) == list(table["label"])
    assert next(iter(saved["digest"])) == table["digest"][0]


def test_a_picture_of_files_that_hold_several_is_chosen(imagej, served, tmp_path):
    random = np.random.default_rng(4)
    several = [random.integers(0, 255, shape, dtype=np.uint8) for shape in ((30, 30), (40, 40))]
    (tmp_path / "files").mkdir()
    with tifffile.TiffWriter(tmp_path / "files/two.tif") as file:
        for pixels in several:
            file.write(pixels, photometric="minisblack")
    imagej.macro('print("\\\\Clear");')
    imagej.run("Classify folder...", f"folder=[{tmp_path}/files] model=textures top=1 all_scores")
    assert 'change that with "Series" (series=...).' in imagej.macro("return getInfo('log');")
    imagej.run(
        "Classify folder...", f"folder=[{tmp_path}/files] model=textures top=1 all_scores series=1"
    )
    table = imagej.table(RESULTS)
    (name, *_) = [column for column in table if column.startswith("score:")]
    for row, pixels in enumerate(several):
        expected = served.client.classify("textures", pixels, all_scores=True)[0]
        assert np.float32(table[name][row]) == np.float32(expected.scores[0])


def test_subfolders_are_left_out_unless_asked_for(imagej, folder):
    imagej.run("Classify folder...", f"folder=[{folder}] model=digits")
    assert "mehr/5.tif" not in set(imagej.table(RESULTS)["image"])


@pytest.mark.parametrize("missing", ["nowhere", "mehr/5.tif"])
def test_a_folder_that_cannot_be_read_is_named(imagej, folder, missing):
    with pytest.raises(ImageJError, match=missing):
        imagej.run("Classify folder...", f"folder=[{folder / missing}x] model=digits")


def test_an_empty_folder_says_which_pictures_are_looked_for(imagej, tmp_path):
    with pytest.raises(ImageJError, match="PNG"):
        imagej.run("Classify folder...", f"folder=[{tmp_path}] model=digits")


def test_no_folder_at_all_is_an_error(imagej):
    with pytest.raises(ImageJError, match="No folder is chosen"):
        imagej.run("Classify folder...", "model=digits")


def test_a_table_that_cannot_be_saved_is_in_its_window_nevertheless(imagej, folder):
    (folder / "6.pgm").unlink()
    save = folder / "nowhere" / "out.csv"
    with pytest.raises(ImageJError, match="cannot be saved as"):
        imagej.run("Classify folder...", f"folder=[{folder}] model=digits save=[{save}]")
    assert len(imagej.table(RESULTS)) == 6


@pytest.mark.parametrize("kind", ["dcm", "fits", "gif", "pgm"])
def test_bad_pictures_that_imagej_opens_stop_nothing_and_show_no_dialog(imagej, tmp_path, kind):
    Image.new("L", (30, 30)).save(tmp_path / "good.png")
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.{kind}").write_text("this is not a picture")
    imagej.run("Classify folder...", f"folder=[{tmp_path}] model=digits")
    table = imagej.table(RESULTS)
    assert list(table["image"]) == [f"a.{kind}", f"b.{kind}", f"c.{kind}", "good.png"]
    assert table["error"].str.startswith("ImageJ cannot open").tolist() == [True] * 3 + [False]


def test_pictures_that_imagej_opens_do_not_hide_what_goes_wrong_later(imagej, folder):
    save = folder / "nowhere" / "out.csv"
    with pytest.raises(ImageJError, match="cannot be saved as"):
        imagej.macro(
            f"run('Classify folder...', 'folder=[{folder}] model=digits save=[{save}]');"
            "newImage('goes on', '8-bit', 9, 9, 1);"
        )
    assert "6.pgm" in set(imagej.table(RESULTS)["image"])
    assert imagej.images() == []
