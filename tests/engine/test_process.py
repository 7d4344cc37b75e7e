"""A worker's end is described as a phrase of a sentence."""

import os
import signal
import subprocess
import sys

import pytest

from zoobridge.engine.channel._frames import FrameReader, FrameWriter
from zoobridge.engine.launch._process import WorkerProcess, private_environment


@pytest.fixture
def process():
    read, write = os.pipe()
    left = []
    worker = WorkerProcess(
        os.getpid(), FrameReader(read), FrameWriter(write), lambda: left.append(1)
    )
    worker.left_calls = left
    yield worker
    worker.reader.close()
    worker.writer.close()


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-signal.SIGABRT, "was ended by SIGABRT"),
        (-signal.SIGKILL, "was ended by SIGKILL (out of memory?)"),
    ],
)
def test_the_reason_of_an_end(process, status, phrase):
    process.note_exit(status)
    assert process.exit_reason() == phrase
    assert process.wait(0)
    assert process.left_calls == [1]


def test_a_worker_whose_end_is_not_known_yet_just_ended(process):
    assert not process.wait(0)
    assert process.exit_reason(0) == "ended"


def test_a_process_that_is_gone_can_be_ended_again():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    read, write = os.pipe()
    worker = WorkerProcess(child.pid, FrameReader(read), FrameWriter(write))
    worker.kill()
    worker.note_exit(0)
    worker.kill()
    worker.reader.close()
    worker.writer.close()


def test_all_that_a_framework_writes_goes_to_the_private_folder(tmp_path):
    variables = private_environment(tmp_path)
    assert {"HOME", "TMPDIR", "XDG_CACHE_HOME"} <= variables.keys()
    assert set(variables.values()) == {str(tmp_path)}
