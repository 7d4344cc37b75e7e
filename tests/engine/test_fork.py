"""Workers of one framework are forked from one process, which is started again when it is gone."""

import psutil
import pytest

from served import wait_until
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.launch._fork import ForkLauncher
from zoobridge.engine.launch._framework_lines import reason_lines
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
    with pytest.raises(WorkerError, match="no-such-framework") as caught:
        launcher.launch("no-such-framework", arena, tmp_path)
    arena.close()
    what, said = caught.value.message.split(". It said last: ")
    assert "ended with exit code 1 before it started one; check the installation with" in what
    assert "no-such-framework" in said


TENSORFLOW_STARTS = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1764322000.123456    7 cudart_stub.cc:31] Could not find cuda drivers, GPU will not be used.
2026-11-28 09:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This binary is optimized
To enable the following instructions: AVX2 FMA, rebuild TensorFlow with the appropriate compiler flags.
E0000 00:00:1764322000.2 7 cuda_dnn.cc:8579] Unable to register cuDNN factory: already registered
"""


def test_what_every_start_of_tensorflow_prints_is_not_a_reason():
    assert reason_lines(TENSORFLOW_STARTS) == ""
    assert reason_lines(f"{TENSORFLOW_STARTS}MemoryError: no room\n\n") == "MemoryError: no room"
