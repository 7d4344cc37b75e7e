"""The unit and the recipe of examples/service run as the first processes of a machine of their own.

Only root may make one; see tests/support/machine.sh. The recipe's image is not built: its entry point
runs with what is installed here.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from served import wait_until
from web_certificate import write_certificate
from zoobridge.client import connect
from zoobridge.errors import ZooBridgeError

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "examples" / "service"
BIN = Path(sys.executable).parent
USER = 10001
PICTURE = next((PROJECT / "examples" / "pictures" / "digits").glob("**/*.png"))
TOKEN = "the-managing-token"
TARGETS = ("sysinit", "basic", "network-online", "multi-user", "shutdown")


class Machine:
    """Processes of their own, above a copy of this machine's files."""

    def __init__(self, folder, *command, environment):
        self.log = folder / "machine.log"
        paths = f"{PROJECT}:{sys.base_prefix}:{BIN.parent}"
        with self.log.open("wb") as log:
            self._outer = subprocess.Popen(
                [PROJECT / "tests" / "support" / "machine.sh", folder, paths, *command],
                env={"PATH": os.environ["PATH"], **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def first(self):
        """Its first process, once that runs."""
        for child in psutil.Process(self._outer.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, FileNotFoundError):
                if Path(f"/proc/{child.pid}/root").readlink() != Path("/"):
                    return child
        assert self._outer.poll() is None, self.log.read_text()
        return None

    def processes(self):
        return self.first.children(recursive=True)

    def run(self, *command):
        """Run a command inside; its output."""
        pid = self.first.pid
        enter = ["nsenter", f"--target={pid}", "--all", f"--root=/proc/{pid}/root", "--wd=/"]
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait(self):
        return self._outer.wait(120)

    def end(self):
        while self._outer.poll() is None:
            first = self.first
            if first is not None:
                first.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._outer.wait(1)


@pytest.fixture
def machine(tmp_path):
    machines = []

    def make(*command, **environment):
        machines.append(Machine(tmp_path, *command, environment=environment))
        wait_until(lambda: machines[0].first is not None)
        return machines[0]

    yield make
    for one in machines:
        one.end()


@pytest.fixture
def files(tmp_path):
    """What lies on the machine beside what lies here."""
    files = tmp_path / "files"
    files.mkdir()
    return files


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def answers(address, **options):
    """Wait until a server answers a classification; return after how many seconds."""
    begun = time.monotonic()

    def classified():
        with contextlib.suppress(ZooBridgeError), connect(address, **options) as client:
            return client.classify("digits", PICTURE)
        return None

    wait_until(classified)
    return time.monotonic() - begun


def test_systemd_starts_the_unit_and_starts_it_again(machine, files, tmp_path):
    port = free_port()
    unit = (FOLDER / "zoobridge.service").read_text()
    assert "--port 50051" in unit
    units = files / "units"
    units.mkdir()
    (units / "zoobridge.service").write_text(unit.replace("--port 50051", f"--port {port}"))
    for name in TARGETS:
        (units / f"{name}.target").write_text(
            f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
        )
    with (units / "multi-user.target").open("a") as file:
        file.write("Wants=zoobridge.service\n")
    (files / "opt" / "zoobridge").mkdir(parents=True)
    (files / "opt" / "zoobridge" / ".venv").symlink_to(BIN.parent)
    shutil.copytree(PROJECT / "examples" / "zoo", files / "srv" / "zoo")
    settings = files / "etc" / "zoobridge"
    settings.mkdir(parents=True)
    chain, key, authority = write_certificate(settings)
    chain.rename(settings / "lab.crt")
    os.chown(key.rename(settings / "lab.key"), USER, USER)
    (settings / "tokens").write_text(f"ZOOBRIDGE_SERVE_TOKEN={TOKEN}\n")
    (settings / "tokens").chmod(0o600)

    inside = machine(
        "/lib/systemd/systemd",
        "--system",
        "--unit=multi-user.target",
        container="machine",
        SYSTEMD_UNIT_PATH="/units",
    )
    reach = {"address": f"localhost:{port}", "ca": authority, "token": TOKEN}
    answers(**reach)
    served = {process.uids().real for process in inside.processes() if "serve" in process.cmdline()}
    assert served == {USER}
    assert "0700" in inside.run("stat", "--format=%#a", "/run/zoobridge")

    inside.run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "zoobridge")
    back = answers(**reach)
    print(f"\nanswers again {back:.1f} s after it was killed")
    shown = inside.run("systemctl", "show", "zoobridge", "--property=NRestarts,ActiveState")
    assert set(shown.split()) == {"NRestarts=1", "ActiveState=active"}

    begun = time.monotonic()
    inside.run("systemctl", "stop", "zoobridge")
    print(f"ended {time.monotonic() - begun:.1f} s after it was asked")
    shown = inside.run("systemctl", "show", "zoobridge", "--property=Result,ActiveState")
    assert set(shown.split()) == {"Result=success", "ActiveState=inactive"}
    assert inside.processes() == []


def test_the_recipe_s_entry_point_serves_as_the_first_process_of_a_container(machine, files):
    lines = (FOLDER / "Containerfile").read_text().splitlines()
    step = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in lines if "[" in line}
    command = [*json.loads(step["ENTRYPOINT"]), *json.loads(step["CMD"])]
    assert command.count("50051") == 1
    port = free_port()
    command[command.index("50051")] = str(port)
    shutil.copytree(PROJECT / "examples" / "zoo", files / "zoo")
    inside = machine(
        "setpriv",
        f"--reuid={USER}",
        f"--regid={USER}",
        "--clear-groups",
        *command,
        PATH=f"{BIN}:{os.environ['PATH']}",
        HOME="/home/zoobridge",
        ZOOBRIDGE_SERVE_TOKEN=TOKEN,
    )
    reach = {"address": f"127.0.0.1:{port}", "token": TOKEN, "tls": False}
    answers(**reach)
    (server,) = inside.first.children()
    assert inside.first.uids().real == server.uids().real == USER
    server.kill()
    back = answers(**reach)
    print(f"\nanswers again {back:.1f} s after it was killed")
    begun = time.monotonic()
    inside.first.send_signal(signal.SIGTERM)
    assert inside.wait() == 0
    print(f"ended {time.monotonic() - begun:.1f} s after it was asked")
