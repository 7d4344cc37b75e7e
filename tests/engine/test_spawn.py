"""A spawned worker is a fresh process with a log and a home of its own; nothing is kept."""

import os

import psutil
import pytest

from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.launch._spawn import SpawnLauncher


@pytest.fixture
def worker(tmp_path):
    launcher = SpawnLauncher()
    arena = Arena(4096, tmp_path / "arena", anonymous=False)
    worker = launcher.launch("faulty", arena, tmp_path)
    assert launcher.standby() == {}
    yield worker
    worker.writer.close()
    assert worker.wait(20)
    worker.reader.close()
    arena.close()
    launcher.close()


def test_it_is_a_child_in_a_session_of_its_own(worker):
    process = psutil.Process(worker.pid)
    assert process.ppid() == os.getpid()
    assert os.getsid(worker.pid) == worker.pid


def test_its_home_and_its_log_lie_in_its_folder(worker, tmp_path):
    variables = psutil.Process(worker.pid).environ()
    assert variables["HOME"] == variables["TMPDIR"] == str(tmp_path)
    assert (tmp_path / "stderr.log").exists()
    worker.writer.close()
    assert worker.wait(20)
    assert worker.exit_reason() == "ended with exit code 0"
