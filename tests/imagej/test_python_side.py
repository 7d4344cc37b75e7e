"""Python's hold on ImageJ."""

from __future__ import annotations

import pytest

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
    with pytest.raises(ImageJError, match="no ImageJ at"):
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
