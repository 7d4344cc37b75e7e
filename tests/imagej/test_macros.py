"""The words of macros: what is a key, what is not, and what a macro learns of a run."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import tifffile
from PIL import Image

from screen import RESULTS
from zoobridge.imagej import ImageJError

RAMP = 'newImage("a", "8-bit ramp", {}, {}, 1);'
CALL = 'return call("org.zoobridge.imagej.Macros.{}", "{}");'


def test_words_inside_brackets_are_not_keys(imagej, tmp_path):
    folder = tmp_path / "model=digits set"
    folder.mkdir()
    Image.new("L", (30, 30)).save(folder / "a.png")
    imagej.run("Classify folder...", f"folder=[{folder}/] model=textures")
    assert list(imagej.table(RESULTS)["model"]) == ["textures"]


@pytest.mark.parametrize(
    ("command", "words", "sentence"),
    [
        ("Classify...", "modle=digits", 'no option "modle".* Did you mean "model"'),
        ("Classify...", "model=digits verbose", 'no option "verbose".* It has: model, framework'),
        ("Classify...", "model=digits model=textures", "given twice"),
        ("Compare models...", "models=[digits,textures] overlay", 'no option "overlay"'),
        ("Classify folder...", "folder=[/x] model=digits tile_size=3", 'no option "tile_size"'),
        ("Servers and models...", "adress=x:1", 'Did you mean "address"'),
        ("Classify...", "model=digits top=&nothing", "variable that the macro does not have"),
    ],
)
def test_an_option_that_is_not_known_is_an_error(imagej, command, words, sentence):
    imagej.macro(RAMP.format(32, 32))
    with pytest.raises(ImageJError, match=sentence):
        imagej.run(command, words)
    assert RESULTS not in imagej.tables()


def test_numbers_may_be_variables_too(imagej):
    imagej.macro(RAMP.format(32, 32) + "n = 2; run('Classify...', 'model=digits top=&n');")
    assert "label_2" in imagej.table(RESULTS)
    assert "label_3" not in imagej.table(RESULTS)


def test_a_selected_area_is_the_target_where_none_is_stated(imagej):
    imagej.macro(RAMP.format(64, 64) + "makeOval(5, 5, 30, 30);")
    imagej.run("Classify...", "model=textures top=1")
    imagej.macro("makeLine(1, 1, 30, 30);")
    imagej.run("Classify...", "model=textures top=1")
    assert list(imagej.table(RESULTS)["region"]) == ["selection", ""]


def test_regions_have_their_place_in_the_images_units(imagej):
    imagej.macro(
        RAMP.format(100, 80)
        + 'run("Set Scale...", "distance=2 known=1 unit=um"); makeRectangle(10, 20, 30, 40);'
    )
    imagej.run("Classify...", "model=textures top=1")
    row = imagej.table(RESULTS).iloc[0]
    assert [row[name] for name in ("X", "Y", "Width", "Height")] == [5, 10, 15, 20]


def test_what_was_done_to_the_pixels_is_in_log_and_table(imagej, tmp_path):
    pixels = np.random.default_rng(0).integers(112, 4096, (64, 64), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", pixels, imagej=True)
    imagej.open(tmp_path / "deep.tif")
    imagej.macro('print("\\\\Clear");')
    imagej.run("Classify...", "model=textures top=1")
    done = imagej.table(RESULTS)["conversions"][0]
    assert "uint16" in done
    assert done.split(" (check: ")[0] in imagej.macro("return getInfo('log');")


def test_what_was_assumed_is_said_with_the_option_that_changes_it(imagej, tmp_path):
    imagej.macro('print("\\\\Clear"); newImage("faint", "32-bit ramp", 64, 64, 1);')
    imagej.run("Classify...", "model=textures target=Tiles tile_size=32 top=1")
    log = imagej.macro("return getInfo('log');")
    assert log.count("ZooBridge: Check faint: the float32 values 0…") == 1
    assert "the range 0…1 was assumed" in log
    assert 'change that with "Intensity" (intensity=...).' in log
    assert "the range 0…1 was assumed" in imagej.table(RESULTS)["conversions"][0]

    imagej.macro('print("\\\\Clear");')
    imagej.run("Classify...", "model=textures top=1 intensity=unit_range")
    log = imagej.macro("return getInfo('log');")
    assert "unit_range" in log
    assert "Check" not in log
    with pytest.raises(ImageJError, match="such as 0,4095"):
        imagej.run("Classify...", "model=textures intensity=bright")

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    tifffile.imwrite(pictures / "floats.tif", ramp)
    imagej.run("Classify folder...", f"folder=[{pictures}] model=textures top=1")
    assert "ZooBridge: Check floats.tif: " in imagej.macro("return getInfo('log');")


def test_a_function_returns_what_happened_and_the_macro_goes_on(imagej):
    imagej.macro(RAMP.format(100, 70))
    done = imagej.macro(CALL.format("classify", "model=textures target=Tiles tile_size=40 top=1"))
    labels = list(imagej.table(RESULTS)["label"])
    counts = {name: labels.count(name) for name in labels}
    assert done == "rows=6 failed=0 " + " ".join(f"{name}={counts[name]}" for name in counts)
    both = imagej.macro(CALL.format("compare", "models=[digits, textures] top=1"))
    assert both.startswith("rows=2 failed=0")
    failed = imagej.macro(CALL.format("classify", "model=nosuch"))
    assert failed.startswith("error=[")
    assert failed.endswith("reason=UNKNOWN_MODEL")
    sentence = imagej.macro(
        'result = call("org.zoobridge.imagej.Macros.folder", "folder=[/nowhere] model=digits");'
        'return call("org.zoobridge.imagej.Macros.get", result, "error");'
    )
    assert 'folder "/nowhere" cannot be read' in sentence


def test_errors_speak_of_menus_not_of_the_shell(imagej):
    imagej.macro(RAMP.format(32, 32))
    with pytest.raises(ImageJError) as caught:
        imagej.run("Classify...", "model=qqqqqq")
    assert "Servers and models" in caught.value.message
    assert "zoobridge models" not in caught.value.message
    assert "--" not in caught.value.message


def test_a_batch_run_can_end_with_an_error(home, ij_jar, display, served, tmp_path):
    macro = tmp_path / "batch.ijm"
    macro.write_text(
        RAMP.format(32, 32)
        + 'result = call("org.zoobridge.imagej.Macros.classify", getArgument());'
        'error = call("org.zoobridge.imagej.Macros.get", result, "error");'
        'if (error != "") { print(error); call("org.zoobridge.imagej.Macros.exit", "3"); }'
        "print(result);"
    )

    def batch(words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("java", f"-Duser.home={home}", f"-Dplugins.dir={home}", "-jar", ij_jar),
                *("-batch", macro, words),
            ],
            env=served.environment | {"DISPLAY": display.name},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    failed = batch("model=nosuch")
    assert (failed.returncode, "nosuch" in failed.stdout) == (3, True)
    done = batch("model=digits")
    assert done.returncode == 0
    assert "rows=1 failed=0" in done.stdout
