"""What a confined process can still do, and what it cannot."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from zoobridge.confinement import (
    ConfinementError,
    _code_paths,
    confine,
    confinement_available,
)


def confined(action: Callable[[], object], *, read=(), write=(), accelerators=True) -> str:
    """Tell what `action` gives, or the type of its error, in a confined fork of this process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        try:
            confine(read=read, write=write, accelerators=accelerators)
            told = str(action())
        except Exception as error:  # noqa: BLE001 - its type is the answer
            told = type(error).__name__
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status == 0
    return told


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("content")
    (tmp_path / "other").write_text("other")
    return tmp_path


def test_this_kernel_confines():
    assert confinement_available() == ("landlock", "")


def test_the_package_can_be_read_but_not_written(folder):
    assert confined((folder / "file").read_text, read=[folder]) == "content"
    assert confined(lambda: list(folder.iterdir()), read=[folder]) != "PermissionError"
    denied = confined(lambda: (folder / "file").write_text("changed"), read=[folder])
    assert denied == "PermissionError"
    assert confined((folder / "file").unlink, read=[folder]) == "PermissionError"
    assert (folder / "file").read_text() == "content"


def _name_thread():
    """As the driver of a GPU does when it starts."""
    return Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("gpu")


def test_threads_can_be_named_where_a_gpu_is_used_alone(monkeypatch):
    assert confined(_name_thread) == (
        "3" if list(Path("/dev").glob("nvidia[0-9]*")) else "PermissionError"
    )
    monkeypatch.setattr("zoobridge.confinement._accelerators", lambda: [Path("/dev/zero")])
    assert confined(_name_thread) == "3"
    assert confined(_name_thread, accelerators=False) == "PermissionError"
    assert confined(Path("/proc/self/oom_score_adj").read_text) != "PermissionError"
    assert confined(lambda: Path("/proc/self/comm").write_text("x")) == "PermissionError"


def test_a_single_file_can_be_allowed_without_its_neighbours(folder):
    file = folder / "file"
    assert confined(file.read_text, read=[file]) == "content"
    assert confined((folder / "other").read_text, read=[file]) == "PermissionError"
    assert confined(lambda: list(folder.iterdir()), read=[file]) == "PermissionError"


def test_files_can_be_made_in_the_private_folder_alone(folder):
    private = folder / "private"
    private.mkdir()

    def make_and_remove():
        made = private / "made"
        made.write_text("1")
        made.rename(private / "moved")
        (private / "moved").unlink()
        (private / "sub").mkdir()
        return "done"

    assert confined(make_and_remove, write=[private]) == "done"
    assert confined(lambda: (folder / "new").write_text("1"), write=[private]) == "PermissionError"
    assert not (folder / "new").exists()


def test_temporary_files_go_to_the_private_folder(folder):
    import tempfile

    tempfile.gettempdir()  # remembered before, as in a fork server
    assert confined(tempfile.gettempdir, write=[folder]) == str(folder)


def test_a_link_in_the_package_leads_nowhere_else(folder):
    package = folder / "package"
    package.mkdir()
    (package / "link").symlink_to(folder / "file")
    assert confined((package / "link").read_text, read=[package]) == "PermissionError"


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/hostname", "/proc/1/cmdline"])
def test_files_of_the_system_and_of_others_cannot_be_read(path):
    assert confined(Path(path).read_bytes) == "PermissionError"


def test_the_processes_of_the_machine_cannot_be_listed():
    assert confined(lambda: list(Path("/proc").iterdir())) == "PermissionError"


def test_the_parents_environment_cannot_be_read():
    path = Path(f"/proc/{os.getpid()}/environ")
    path.read_bytes()
    assert confined(path.read_bytes) == "PermissionError"


def test_shared_memory_of_others_cannot_be_opened():
    path = Path("/dev/shm") / f"zoobridge-test-{os.getpid()}"
    path.write_text("pixels of somebody else")
    try:
        assert confined(path.read_text) == "PermissionError"
    finally:
        path.unlink()


def test_no_program_can_be_started():
    import subprocess

    assert confined(lambda: subprocess.run(["/bin/true"], check=True)) == "PermissionError"


def test_no_connection_can_be_made_or_awaited():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        socket.create_connection(address).close()
        assert confined(partial(socket.create_connection, address)) == "PermissionError"
    assert confined(lambda: socket.create_server(("127.0.0.1", 0))) == "PermissionError"


def test_the_parent_cannot_be_signalled():
    parent = os.getpid()
    assert confined(lambda: os.kill(parent, 0)) == "PermissionError"


def test_abstract_sockets_of_others_cannot_be_reached():
    name = f"\0zoobridge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()

        def reach():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(name)
            return "reached"

        assert reach() == "reached"
        assert confined(reach) in {"PermissionError", "ConnectionRefusedError"}


def test_open_descriptors_keep_working(folder):
    with (folder / "file").open() as file:
        assert confined(file.read) == "content"


def test_modules_can_be_imported_afterwards():
    def load():
        import sqlite3
        import wave

        import zoobridge.backend

        return sqlite3.__name__ + wave.__name__ + zoobridge.backend.__name__

    assert confined(load) == "sqlite3wavezoobridge.backend"


def test_a_folder_that_is_not_there_is_told(folder):
    child = confined(lambda: "confined", read=[folder / "nowhere"])
    assert child == "ConfinementError"


@pytest.mark.parametrize("home", [".", "below/it"])
def test_a_library_path_never_opens_the_users_home(folder, monkeypatch, home):
    monkeypatch.setenv("HOME", str(folder / home))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))
    _code_paths.cache_clear()
    try:
        assert confined((folder / "file").read_text) == "PermissionError"
        monkeypatch.setenv("HOME", "/nowhere")
        assert confined((folder / "file").read_text) == "content"
    finally:
        _code_paths.cache_clear()


def test_a_process_with_several_threads_is_refused():
    wait = threading.Event()
    other = threading.Thread(target=wait.wait)
    other.start()
    try:
        with pytest.raises(ConfinementError, match="threads"):
            confine(read=[], write=[])
    finally:
        wait.set()
        other.join()


def test_other_systems_are_told_that_they_cannot(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    kind, reason = confinement_available()
    assert kind == "none"
    assert "Linux" in reason
    with pytest.raises(ConfinementError, match="Linux"):
        confine(read=[], write=[])
