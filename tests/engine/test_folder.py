"""The engine's folder, and what killed servers have left."""

import os
import subprocess
import sys

import pytest

from zoobridge.engine.supervisor._folder import make_folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_named_after_its_process_and_private(place):
    folder = make_folder()
    assert folder.parent == place
    assert folder.name.startswith(f"zoobridge-{os.getpid()}-")
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o077 == 0


def test_folders_of_processes_that_have_ended_are_removed_and_others_are_not(place):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = place / f"zoobridge-{ended.pid}-abcd"
    (left / "model").mkdir(parents=True)
    kept = [place / f"zoobridge-{os.getpid()}-efgh", place / "zoobridge-notes"]
    for folder in kept:
        folder.mkdir()
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    link = place / f"zoobridge-{ended.pid}-link"
    link.symlink_to(elsewhere)
    make_folder()
    assert not left.exists()
    assert all(folder.exists() for folder in (*kept, elsewhere, link))
