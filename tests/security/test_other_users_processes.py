"""Another user of the machine sees nothing of pictures, tokens and answers, and can end nothing.

The server is as careless as it can be: no umask, core files of any size, all of its folders below one
that everybody may enter.
"""

import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

import grpc
import psutil
import pytest

from served import Caller, wait_until, write_package
from serving import Serving
from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol import connection
from zoobridge.protocol.v1 import classification_pb2, image_pb2

TOKEN = "managing-token-of-the-lab"
CLASSIFYING = "classification-token-of-the-lab"
PIXELS = b"pixels-of-16-by-"
MAPPED = ("environ", "maps", "mem", "fd", "cwd", "root", "exe")


@pytest.fixture(scope="module")
def public():
    """A folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="zoobridge-public-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(public):
    write_package(public / "zoo" / "brightness", "brightness")
    environment = {
        "ZOOBRIDGE_SERVE_TOKEN": TOKEN,
        "ZOOBRIDGE_SERVE_CLASSIFICATION_TOKEN": CLASSIFYING,
    }
    shell = f"umask 000; ulimit -c unlimited; cd {public}"
    with Serving(public / "zoo", public / "server", environment=environment, shell=shell) as server:
        yield server


@pytest.fixture(scope="module")
def busy(server):
    """It has answered a picture, refused a token, and failed a picture."""
    caller = Caller(server.address)
    pixels = image_pb2.Pixels(
        data=PIXELS, shape=[4, 4], axes="YX", data_type=image_pb2.DATA_TYPE_UINT8
    )
    sound = classification_pb2.ClassifyRequest(model="brightness", image={"pixels": pixels})
    caller.classification.Classify(sound, timeout=90)
    broken = classification_pb2.ClassifyRequest(model="brightness", image={"encoded": PIXELS})
    with contextlib.suppress(grpc.RpcError):
        caller.classification.Classify(broken, timeout=90)
    wrong = (("authorization", "Bearer wrong-token-of-somebody"),)
    with contextlib.suppress(grpc.RpcError):
        caller.classification.Classify(sound, timeout=90, metadata=wrong)
    yield server
    caller.channel.close()


def processes(server):
    return [server.pid, *(child.pid for child in server.children())]


def refused(outcomes):
    return {outcome[0] for outcome in outcomes} == {"PermissionError"}


def test_the_connection_file_can_neither_be_found_nor_read(busy, as_another_user):
    (path,) = busy.runtime.glob("server-*.json")
    assert TOKEN in path.read_text()
    assert refused(as_another_user(["list", str(busy.runtime)], ["read", str(path)]))
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_folders_of_the_server_hold_no_secret_that_others_can_read(busy, as_another_user):
    files = [
        str(path)
        for name in ("cache", "config", "scratch", "runtime")
        for path in (busy.folder / name).rglob("*")
        if path.is_file()
    ]
    assert files
    for path, (outcome, content) in zip(
        files, as_another_user(*(["read", path] for path in files)), strict=True
    ):
        if outcome == "ok":
            for secret in (TOKEN.encode(), CLASSIFYING.encode(), PIXELS):
                assert secret not in bytes.fromhex(content), path


def test_folders_in_which_workers_write_are_closed(busy, as_another_user):
    folders = [str(path) for path in busy.scratch.iterdir()]
    assert folders
    assert refused(as_another_user(*(["list", path] for path in folders)))


def test_processes_show_others_neither_environment_nor_memory_nor_files(busy, as_another_user):
    pids = processes(busy)
    assert len(pids) >= 2
    places = [f"/proc/{pid}/{name}" for pid in pids for name in MAPPED[:3]]
    folders = [f"/proc/{pid}/{name}" for pid in pids for name in MAPPED[3:]]
    outcomes = as_another_user(
        *(["read", place] for place in places), *(["list", folder] for folder in folders)
    )
    assert refused(outcomes)


def test_arguments_of_processes_hold_no_secret(busy, as_another_user):
    for outcome, content in as_another_user(
        *(["read", f"/proc/{pid}/cmdline"] for pid in processes(busy))
    ):
        assert outcome == "ok"
        assert b"token" not in bytes.fromhex(content)
        assert PIXELS not in bytes.fromhex(content)


def test_processes_cannot_be_signalled(busy, as_another_user):
    assert refused(as_another_user(*(["signal", pid] for pid in processes(busy))))


def test_shared_memory_has_no_name(busy):
    users = [psutil.Process(pid) for pid in processes(busy)]
    for process in users:
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                assert not str(link.readlink()).startswith("/dev/shm")


def test_the_log_holds_no_secret(busy):
    log = busy.log.read_bytes()
    for secret in (TOKEN.encode(), CLASSIFYING.encode(), PIXELS, b"wrong-token-of-somebody"):
        assert secret not in log


def test_managing_needs_a_token_that_others_do_not_have(busy, as_another_user):
    (outcome,) = as_another_user(
        ["call", busy.address, "/zoobridge.v1.ZooService/UnloadModel", "0a0a6272696768746e657373"]
    )
    assert outcome[0] in ("UNAUTHENTICATED", "PERMISSION_DENIED")


def test_a_runtime_folder_behind_a_link_of_somebody_else_is_refused(
    public, as_another_user, monkeypatch
):
    crowded = public / "crowded"
    crowded.mkdir()
    crowded.chmod(0o1777)
    own = crowded / "own"
    own.mkdir(mode=0o700)
    link = crowded / "zoobridge"
    (made,) = as_another_user(["link", str(link), str(own)])
    assert made[0] == "ok"
    monkeypatch.setenv(connection.RUNTIME_DIR_VARIABLE, str(link))
    with pytest.raises(ServerUnavailableError, match="another user"):
        connection.publish("127.0.0.1:1", "token")
    assert list(own.iterdir()) == []
    assert connection.discover() == []


def test_a_connection_file_of_somebody_else_is_ignored(public, as_another_user, monkeypatch):
    open_folder = public / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    text = f'{{"address": "127.0.0.1:1", "token": "", "pid": {os.getpid()}}}'
    (planted,) = as_another_user(["write", str(open_folder / "server-1.json"), text])
    assert planted[0] == "ok"
    # As if it had been planted before the folder was closed.
    open_folder.chmod(0o700)
    monkeypatch.setenv(connection.RUNTIME_DIR_VARIABLE, str(open_folder))
    assert connection.discover() == []


def test_core_files_are_closed_to_others(busy, public, as_another_user):
    worker = busy.children()[-1]
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    assert "Max core file size        0" in limits
    os.kill(busy.pid, signal.SIGSEGV)
    wait_until(lambda: busy.process.poll() is not None)
    # None where the system hands them to a program.
    cores = [str(path) for path in public.glob("core*")]
    assert all(
        outcome[0] == "PermissionError"
        for outcome in as_another_user(*(["read", core] for core in cores))
    )
