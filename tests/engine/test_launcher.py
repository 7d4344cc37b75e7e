"""Both ways to start a worker give one that waits for its model, and ends with its channel."""

import contextlib

import psutil
import pytest

from served import wait_until
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._frames import FrameKind
from zoobridge.engine.launch._launcher import make_launcher
from zoobridge.errors import WorkerError


@pytest.fixture(params=[True, False], ids=["fork", "spawn"])
def launcher(request):
    launcher = make_launcher(fork=request.param)
    yield launcher
    launcher.close()


@pytest.fixture
def launch(launcher, tmp_path):
    started = []

    def start(name="worker", framework="faulty"):
        folder = tmp_path / name
        folder.mkdir()
        arena = Arena(4096, folder / "arena", anonymous=True)
        worker = launcher.launch(framework, arena, folder)
        started.append((worker, arena))
        return worker

    yield start
    for worker, arena in started:
        worker.writer.close()
        assert worker.wait(20)
        worker.reader.close()
        arena.close()


def test_a_worker_ends_with_its_channel(launch):
    worker = launch()
    assert psutil.pid_exists(worker.pid)
    worker.writer.close()
    assert worker.wait(20)
    assert worker.exit_reason() == "ended with exit code 0"


def test_a_worker_that_is_killed_is_reported(launch):
    worker = launch()
    worker.kill()
    assert worker.wait(20)
    assert "SIGKILL" in worker.exit_reason()
    assert worker.reader.next() is None


def test_workers_have_processes_and_channels_of_their_own(launch):
    first, second = launch("first"), launch("second")
    assert first.pid != second.pid
    first.kill()
    assert first.wait(20)
    assert not second.wait(0.2)


def test_a_document_that_makes_no_sense_ends_the_worker_with_a_log(launch, tmp_path):
    worker = launch()
    worker.writer.send(FrameKind.LOAD, 0, b"[]")
    assert worker.reader.next() is None
    assert worker.wait(20)
    assert "TypeError" in (tmp_path / "worker" / "stderr.log").read_text()


def test_what_is_kept_ready_can_be_let_go(launcher, launch):
    worker = launch()
    kept = launcher.standby()
    worker.writer.close()
    assert worker.wait(20)
    launcher.release("faulty")
    assert launcher.standby() == {}
    assert all(size > 0 for size in kept.values())


def test_a_framework_that_does_not_start_is_named(launcher, tmp_path):
    arena = Arena(4096, tmp_path / "arena", anonymous=True)
    try:
        worker = None
        with contextlib.suppress(WorkerError):
            worker = launcher.launch("no-such-framework", arena, tmp_path)
        if worker is not None:
            assert worker.reader.next() is None
            wait_until(lambda: worker.wait(0.1))
            assert "no-such-framework" in (tmp_path / "stderr.log").read_text()
    finally:
        arena.close()
