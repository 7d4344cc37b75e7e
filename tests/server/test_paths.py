"""Files by path: below an allowed folder once every link is followed, and nowhere else."""

from __future__ import annotations

import os
import sys

import pytest

from zoobridge.errors import (
    ImageFormatError,
    InvalidRequestError,
    LimitError,
    PathPermissionError,
)
from zoobridge.server._paths import AllowedPaths


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "allowed" / "deep").mkdir(parents=True)
    (tmp_path / "allowed" / "deep" / "picture.png").write_bytes(b"pixels")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "allowed-not").mkdir()
    (tmp_path / "allowed-not" / "secret.txt").write_bytes(b"secret")
    return tmp_path


@pytest.fixture
def paths(folder):
    return AllowedPaths((folder / "allowed",), max_bytes=100)


def test_a_file_below_the_folder_is_read(folder, paths):
    assert paths.read(str(folder / "allowed" / "deep" / "picture.png")) == b"pixels"


def test_a_detour_inside_the_folder_is_no_matter(folder, paths):
    name = folder / "allowed" / "deep" / ".." / "deep" / "picture.png"
    assert paths.read(str(name)) == b"pixels"


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "allowed/../secret.txt",
        "allowed-not/secret.txt",
        "allowed/deep/../../secret.txt",
        "no/such/file",
    ],
)
def test_a_file_elsewhere_is_refused_whether_or_not_it_exists(folder, paths, name):
    with pytest.raises(PathPermissionError, match="administrator allow"):
        paths.read(str(folder / name))


def test_a_link_that_leads_out_is_refused_and_one_that_stays_is_followed(folder, paths):
    (folder / "allowed" / "out").symlink_to(folder / "secret.txt")
    (folder / "allowed" / "outside").symlink_to(folder)
    (folder / "allowed" / "inside").symlink_to(folder / "allowed" / "deep" / "picture.png")
    for name in ("out", "outside/secret.txt"):
        with pytest.raises(PathPermissionError):
            paths.read(str(folder / "allowed" / name))
    assert paths.read(str(folder / "allowed" / "inside")) == b"pixels"


def test_a_root_may_itself_be_a_link(folder):
    (folder / "alias").symlink_to(folder / "allowed")
    paths = AllowedPaths((folder / "alias",), max_bytes=100)
    assert paths.read(str(folder / "alias" / "deep" / "picture.png")) == b"pixels"


@pytest.mark.parametrize("name", ["", "picture.png", "deep/picture.png", "~/picture.png", "/\0"])
def test_what_is_no_absolute_path_is_refused(paths, name):
    with pytest.raises(InvalidRequestError, match="absolute path"):
        paths.read(name)


def test_a_folder_is_no_picture(folder, paths):
    with pytest.raises(InvalidRequestError):
        paths.read(str(folder / "allowed" / "deep"))


def test_a_file_that_is_not_there_is_named(folder, paths):
    with pytest.raises(InvalidRequestError, match=r"absent\.png"):
        paths.read(str(folder / "allowed" / "absent.png"))


def test_a_pipe_does_not_make_the_server_wait(folder, paths):
    if sys.platform == "win32":
        return  # which has no such files
    os.mkfifo(folder / "allowed" / "pipe")
    with pytest.raises(InvalidRequestError, match="is not a file"):
        paths.read(str(folder / "allowed" / "pipe"))


def test_an_empty_file_and_an_oversized_one_are_told_apart(folder, paths):
    (folder / "allowed" / "empty.png").write_bytes(b"")
    (folder / "allowed" / "large.png").write_bytes(b"0" * 101)
    with pytest.raises(ImageFormatError, match="empty"):
        paths.read(str(folder / "allowed" / "empty.png"))
    with pytest.raises(LimitError, match="up to 100"):
        paths.read(str(folder / "allowed" / "large.png"))
