"""Which files of a folder are pictures; nothing is left out in silence."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoobridge.client import find_images
from zoobridge.client._folders import find_labelled
from zoobridge.client._images import sources
from zoobridge.errors import InvalidRequestError


def encoded(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file, form)
    return file.getvalue()


def write(folder: Path, *names: str, data: bytes = b"") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data or encoded("PNG"))


def relative(paths: object, folder: Path) -> list[str]:
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def test_a_folder_is_its_pictures_and_those_of_its_subfolders(tmp_path):
    write(tmp_path, "b.PNG", "a.tif", "deep/c.jpeg", "d.jfif", "e.webp", "f.gif")
    found = find_images(tmp_path)
    assert relative(found.files, tmp_path) == [
        "a.tif", "b.PNG", "d.jfif", "deep/c.jpeg", "e.webp", "f.gif",
    ]  # fmt: skip
    assert found.left_out == ()


def test_files_without_a_known_ending_are_looked_into(tmp_path):
    write(tmp_path, "noextension", "scan.2024-05-01")
    write(tmp_path, "photo.dat", data=encoded("JPEG"))
    write(tmp_path, "notes.txt", data=b"not a picture")
    found = find_images(tmp_path)
    assert relative(found.files, tmp_path) == ["noextension", "photo.dat", "scan.2024-05-01"]
    assert [(one.path.name, one.why) for one in found.left_out] == [
        ("notes.txt", "not a picture of a known format")
    ]


def test_all_that_is_left_out_is_named_with_why(tmp_path):
    write(
        tmp_path, "a.png", ".ipynb_checkpoints/a.png", "__MACOSX/a.png", "._a.png", "@eaDir/t.jpg"
    )
    write(tmp_path, "photo.jxl", data=b"\0\0\0\x0cJXL " + bytes(16))
    write(tmp_path, "drawing.svg", data=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    write(tmp_path, "stack.oir", data=b"OLYMPUSRAWFORMAT" + bytes(16))
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.png")
    found = find_images(tmp_path)
    assert relative(found.files, tmp_path) == ["a.png"]
    assert {one.path.name: one.why for one in found.left_out} == {
        "._a.png": "a hidden file",
        ".ipynb_checkpoints": "a hidden folder",
        "@eaDir": "a folder of the system",
        "__MACOSX": "a folder of the system",
        "drawing.svg": "SVG (a drawing, without pixels); export it as PNG",
        "gone.png": "a link to a file that does not exist",
        "photo.jxl": "JPEG XL; convert it to PNG or TIFF",
        "pipe.png": "not a regular file",
        "round": "a link to a folder",
        "stack.oir": "OIR (Olympus); export it as OME-TIFF",
    }


def test_an_olympus_file_is_one_picture_without_its_folder_of_planes(tmp_path):
    write(tmp_path, "cell.oif", data=b"\xff\xfe[\0P\0")
    write(tmp_path, "cell.oif.files/s_C001.tif", "other.oif.files/s_C001.tif")
    found = find_images(tmp_path)
    assert relative(found.files, tmp_path) == ["cell.oif", "other.oif.files/s_C001.tif"]
    assert [(one.path.name, one.why) for one in found.left_out] == [
        ("cell.oif.files", "the planes of cell.oif")
    ]


def test_what_only_starts_like_an_olympus_file_is_no_picture(tmp_path):
    write(tmp_path, "a.png")
    write(tmp_path, "Thumbs.db", data=b"\xd0\xcf\x11\xe0" + bytes(99))
    write(tmp_path, "desktop.ini", data=b"\xff\xfe[\0.\0")
    assert {one.path.name: one.why for one in find_images(tmp_path).left_out} == {
        "Thumbs.db": "an OLE document, such as OIB or ZVI; export it as OME-TIFF",
        "desktop.ini": "not a picture of a known format",
    }


def test_python_says_what_it_leaves_out_in_its_log(tmp_path, caplog):
    write(tmp_path, "a.png", ".hidden.png")
    with caplog.at_level(logging.WARNING, "zoobridge.client"):
        _, total = sources(tmp_path)
    assert total == 1
    (line,) = caplog.messages
    assert line.endswith(".hidden.png: a hidden file")
    assert "1 left out" in line


def test_a_folder_without_pictures_says_what_it_holds(tmp_path):
    with pytest.raises(InvalidRequestError, match=r"holds no picture$"):
        find_images(tmp_path)
    write(tmp_path, "a.pdf", data=b"%PDF-1.7")
    with pytest.raises(InvalidRequestError, match=r"holds no picture \(a\.pdf: PDF; export its"):
        find_images(tmp_path)


def test_patterns_match_across_folders(tmp_path):
    write(tmp_path, "a.png", "deep/b.png")
    assert len(find_images(tmp_path / "**" / "*.png").files) == 2
    assert len(find_images(str(tmp_path / "?.png")).files) == 1
    with pytest.raises(InvalidRequestError, match="no file matches"):
        find_images(tmp_path / "*.tif")


def test_parts_of_a_pattern_that_exist_are_taken_as_they_are(tmp_path, monkeypatch):
    write(tmp_path, "scan [1]/sub/a.png", "scan [1]/sub/b.png", "scan 1/sub/c.png")
    found = find_images(tmp_path / "scan [1]" / "sub" / "*.png")
    assert [path.name for path in found.files] == ["a.png", "b.png"]
    monkeypatch.chdir(tmp_path)
    assert len(find_images("scan [1]/sub/*.png").files) == 2
    # A set of characters where no folder has that very name.
    assert [path.name for path in find_images("scan [123]/sub/*.png").files] == ["c.png"]


def test_a_file_named_like_a_pattern_is_that_file(tmp_path):
    odd = tmp_path / "scan[1].png"
    write(tmp_path, odd.name)
    assert find_images(odd).files == (odd,)


def test_a_folder_for_each_class_gives_its_pictures_and_what_holds_none(tmp_path):
    write(tmp_path, "cat/a.png", "dog/b.png", "dog/deep/c.png", ".git/d.png")
    (tmp_path / "notes").mkdir()
    files, left_out = find_labelled(tmp_path)
    assert relative([path for path, _ in files], tmp_path) == [
        "cat/a.png", "dog/b.png", "dog/deep/c.png",
    ]  # fmt: skip
    assert [label for _, label in files] == ["cat", "dog", "dog"]
    assert [one.path.name for one in left_out] == ["notes"]
    with pytest.raises(InvalidRequestError, match="no sub-folder for each class"):
        find_labelled(tmp_path / "cat")
