"""Python's hold on ImageJ."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from screen import wait_for
from zoobridge.imagej import ImageJError, Roi, attach, launch


def test_pictures_tables_and_regions_come_back(imagej, tmp_path):
    imagej.macro(
        'newImage("a", "8-bit ramp", 64, 64, 1); makeOval(1, 2, 10, 12); roiManager("add");'
        'roiManager("select", 0); roiManager("rename", "Kern ß");'
        'run("Set Measurements...", "area mean redirect=None decimal=2"); run("Measure");'
        'setResult("name", 0, "7"); setResult("third", 0, 1/3); updateResults();'
    )
    assert imagej.images() == ["a"]
    assert imagej.rois() == [Roi("Kern ß", "Oval", 1, 2, 10, 12)]
    table = imagej.table()
    assert table["name"][0] == "7"
    assert table["third"][0] == 1 / 3
    assert imagej.tables() == ["Results"]


def test_large_tables_come_quickly_and_whole(imagej):
    imagej.macro(
        'Table.create("large"); for (i = 0; i < 2000; i++) {'
        'Table.set("number", i, i / 7); Table.set("text", i, "row " + i); } Table.update;'
    )
    table = imagej.table("large")
    assert list(table["number"]) == [row / 7 for row in range(2000)]
    assert list(table["text"]) == [f"row {row}" for row in range(2000)]


def test_a_macros_mistake_is_an_error_with_its_line(imagej):
    with pytest.raises(ImageJError, match="line 2"):
        imagej.macro("a = 1;\nnosuchfunction();")


def test_a_mistake_in_batch_mode_is_an_error_too(imagej):
    with pytest.raises(ImageJError, match="line 1"):
        imagej.macro("setBatchMode(true); nosuchfunction();")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("showMessage('Title', 'line one\\nline two');", "line one line two"),
        ("showMessage('Title', '<html><b>bold</b> words');", "bold words"),
        ("getBoolean('Really?');", r"Really\?"),
        ("showMessageWithCancel('Title', 'Go on?');", r"Go on\?"),
    ],
)
def test_a_message_that_nobody_answers_ends_as_an_error(imagej, call, words):
    with pytest.raises(ImageJError, match=words):
        imagej.macro(call)
    assert imagej.macro("return 'goes on';") == "goes on"


def test_a_question_is_cancelled_not_answered(imagej):
    with pytest.raises(ImageJError, match="Overwrite"):
        imagej.macro("getBoolean('Overwrite?'); newImage('answered', '8-bit', 9, 9, 1);")
    assert imagej.images() == []


def test_errors_after_the_first_are_no_dialogs_that_wait(imagej, tmp_path):
    picture = tmp_path / "a.dcm"
    picture.write_text("not a picture")
    with pytest.raises(ImageJError, match="DICM"):
        imagej.macro(f"open('{picture}'); open('{picture}');")
    with pytest.raises(ImageJError, match=r"a\.dcm"):
        imagej.open(picture)


def test_a_form_waits_for_the_person_who_fills_it_in(imagej, display):
    imagej.macro("newImage('a', '8-bit ramp', 64, 64, 1);")
    title = "Gaussian Blur..."
    with ThreadPoolExecutor() as pool:
        run = pool.submit(imagej.run, title)
        wait_for(lambda: display.window(title), "the form")
        # Longer than messages are left open.
        imagej.macro("wait(1000);")
        assert display.window(title)
        display.key(title, "Return")
        run.result(60)


def test_what_is_not_there_is_named(imagej, tmp_path):
    with pytest.raises(ImageJError, match=r"nothing\.tif"):
        imagej.open(tmp_path / "nothing.tif")
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(ImageJError, match=r"text\.png"):
        imagej.open(tmp_path / "text.png")
    with pytest.raises(ImageJError, match="No such command"):
        imagej.run("No such command")
    with pytest.raises(ImageJError, match="no table 'none'"):
        imagej.table("none")
    with pytest.raises(ImageJError, match="does not contain ImageJ"):
        launch(tmp_path / "no-imagej")
    with pytest.raises(ImageJError, match=r"no ij\.jar"):
        launch(tmp_path)


def test_python_attaches_to_an_imagej_that_runs(start_imagej, tmp_path, monkeypatch):
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(runtime))
    with pytest.raises(ImageJError, match="Open to Python"):
        attach()
    imagej = start_imagej(runtime)
    imagej.run("Open to Python")
    imagej.macro('newImage("seen by both", "8-bit ramp", 64, 64, 1);')
    (announced,) = runtime.glob("imagej-*.json")
    assert announced.stat().st_mode & 0o077 == 0
    with attach() as attached:
        assert attached.images() == ["seen by both"]
        assert attached.macro("return 'a' + nImages;") == "a1"
    assert imagej.images() == ["seen by both"]


def test_a_wrong_token_is_refused(start_imagej, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    start_imagej(tmp_path).run("Open to Python")
    (announced,) = tmp_path.glob("imagej-*.json")
    port = int(announced.read_text().split(",")[0].split(":")[1])
    with pytest.raises(ImageJError, match="token"):
        attach(port, "wrong")
