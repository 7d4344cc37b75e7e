"""Workers of one framework are forked from one process, which is started again when it is gone."""

import psutil
import pytest

from served import wait_until
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.launch._fork import ForkLauncher
from zoobridge.errors import WorkerError


@pytest.fixture
def launcher():
    launcher = ForkLauncher()
    yield launcher
    launcher.close()


@pytest.fixture
def launch(launcher, tmp_path):
    started = []

    def start(name):
        folder = tmp_path / name
        folder.mkdir()
        arena = Arena(4096, folder / "arena", anonymous=True)
        worker = launcher.launch("faulty", arena, folder)
        started.append((worker, arena))
        return worker

    yield start
    for worker, arena in started:
        worker.writer.close()
        assert worker.wait(20)
        worker.reader.close()
        arena.close()


def parent(worker):
    return psutil.Process(worker.pid).ppid()


def test_workers_share_their_fork_server(launcher, launch):
    first, second = launch("first"), launch("second")
    assert parent(first) == parent(second)
    assert list(launcher.standby()) == ["faulty"]
    assert launcher.standby()["faulty"] > 0


def test_a_fork_server_that_died_is_started_again(launcher, launch):
    first = launch("first")
    psutil.Process(parent(first)).kill()
    wait_until(lambda: launcher.standby() == {})
    second = launch("second")
    assert psutil.pid_exists(second.pid)
    # The worker that it left behind answers until its own channel ends.
    first.writer.close()
    psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [], 20)
    first.note_exit(0)


def test_a_released_framework_comes_back_at_need(launcher, launch):
    first = launch("first")
    before = parent(first)
    first.writer.close()
    assert first.wait(20)
    launcher.release("faulty")
    launcher.release("unknown")
    assert launcher.standby() == {}
    assert parent(launch("second")) != before


def test_a_framework_that_does_not_start_is_an_error_with_the_reason(launcher, tmp_path):
    arena = Arena(4096, tmp_path / "arena", anonymous=True)
    with pytest.raises(WorkerError, match="no-such-framework"):
        launcher.launch("no-such-framework", arena, tmp_path)
    arena.close()
