"""Serving pictures reaches nobody and writes nowhere else, whatever the frameworks would like."""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from served import wait_until
from traces import Trace
from zoobridge.client import connect
from zoobridge.protocol.connection import read

ROOT = Path(__file__).parents[2]
ZOO = ROOT / "examples" / "zoo"
PICTURE = ZOO / "digits" / "cover.png"
FRAMEWORKS = ("onnx", "pytorch", "tensorflow")

pytestmark = pytest.mark.timeout(600)


def as_at_home():
    """Give the environment of somebody's own machine: ONNX Runtime is silent where it sees a CI's."""
    names = ("PATH", "LANG", "LC_ALL")
    found = {name: os.environ[name] for name in names if name in os.environ}
    # An installation is compiled; that Python compiles a changed file again is not our matter.
    return {**found, "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def talkative(how, folder):
    """A process that tries to reach out, in one way."""
    folder.mkdir()
    trace = Trace(folder / "trace")
    program = Path(__file__).with_name("talkative.py")
    command = [sys.executable, str(program), how, str(folder)]
    with trace.running(command, env=as_at_home()):
        yield trace


@pytest.fixture(scope="module", params=["--fork", "--spawn"])
def served(request, tmp_path_factory):
    """What a server did that loaded and ran a model in every framework, and then was idle."""
    folder = tmp_path_factory.mktemp("served")
    names = {
        "HOME": "home",
        "TMPDIR": "tmp",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "ZOOBRIDGE_RUNTIME_DIR": "runtime",
    }
    environment = as_at_home()
    for variable, name in names.items():
        (folder / name).mkdir(mode=0o700)
        environment[variable] = str(folder / name)
    trace = Trace(folder / "trace")
    command = [sys.executable, "-m", "zoobridge", "serve", str(ZOO), request.param]
    with (
        (folder / "log").open("wb") as log,
        trace.running(command, env=environment, stdout=log, stderr=log) as process,
    ):
        found = []
        wait_until(lambda: found.extend((folder / "runtime").glob("server-*.json")) or found)
        server = read(found[0])
        with connect(server.address) as client:
            for framework in FRAMEWORKS:
                result = client.classify("digits", PICTURE, framework=framework)
                assert result[0].model.framework == framework
        # As long as a process with telemetry takes from its start to its first look-up.
        with talkative("telemetry", folder / "telemetry") as other:
            wait_until(other.contacts)
        os.kill(server.pid, signal.SIGTERM)
        assert process.wait(90) == 0
    return folder, trace


def test_no_process_of_a_server_looks_anybody_up_or_connects(served):
    assert served[1].contacts() == []


def test_a_server_writes_nowhere_but_in_its_folders(served):
    folder, trace = served
    allowed = {folder / name for name in ("tmp", "cache", "config", "runtime")}
    allowed |= {Path("/dev/null"), Path("/proc")}
    strange = {
        path
        for path in trace.written()
        if not any(path == one or one in path.parents for one in allowed)
    }
    assert strange == set()
    assert list((folder / "home").iterdir()) == []


@pytest.mark.parametrize("how", ["look_up", "connect", "telemetry"])
def test_a_process_that_reaches_out_would_be_seen(tmp_path, how):
    with talkative(how, tmp_path / how) as trace:
        wait_until(trace.contacts)


def test_a_process_that_writes_would_be_seen(tmp_path):
    with talkative("write", tmp_path / "write") as trace:
        wait_until(lambda: tmp_path / "write" / "written" in trace.written())
