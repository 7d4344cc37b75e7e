import json
import os
import signal
import subprocess
import sys

import pytest

from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol import connection


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "runtime"
    monkeypatch.setenv(connection.RUNTIME_DIR_VARIABLE, str(folder))
    return folder


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_is_published_is_discovered(folder):
    published = connection.publish("127.0.0.1:5", "token", ca="/a/ca.pem", version="1.2")
    assert connection.discover() == [published]
    assert published.pid == os.getpid()
    published.remove()
    assert connection.discover() == []
    published.remove()


def test_the_newest_server_comes_first(folder):
    first = connection.publish("127.0.0.1:5", "a")
    second = connection.publish("127.0.0.1:6", "b")
    content = json.loads(first.path.read_text())
    first.path.write_text(json.dumps(content | {"started": content["started"] - 9}))
    assert [one.address for one in connection.discover()] == [second.address, first.address]


def test_files_of_ended_processes_are_swept_away(folder):
    stale = connection.publish("127.0.0.1:5", "a", pid=ended_process())
    living = connection.publish("127.0.0.1:6", "b")
    assert connection.discover() == [living]
    assert not stale.path.exists()


def test_other_files_are_left_alone(folder):
    connection.publish("127.0.0.1:5", "a").remove()
    for name, text in {
        "server-1.json": "{",
        "server-2.json": "[]",
        "server-3.json": '{"address": "a"}',
        "server-4.json": '{"address": "a", "token": "t", "pid": "x"}',
        "server.log": "",
    }.items():
        (folder / name).write_text(text)
    assert connection.discover() == []
    assert len(list(folder.iterdir())) == 5


def test_no_folder_means_no_server(folder):
    assert connection.discover() == []


def test_only_its_owner_can_read_the_token(folder):
    published = connection.publish("127.0.0.1:5", "a")
    assert published.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == [published.path.name]


def test_a_folder_that_others_may_write_in_is_not_believed(folder):
    planted = connection.publish("127.0.0.1:5", "a")
    folder.chmod(0o777)
    assert connection.discover() == []
    assert planted.path.exists()
    with pytest.raises(ServerUnavailableError, match=connection.RUNTIME_DIR_VARIABLE):
        connection.publish("127.0.0.1:5", "a")


def test_without_the_variable_the_folder_is_the_users_own(folder, monkeypatch, tmp_path):
    own = tmp_path / "xdg"
    own.mkdir(mode=0o700)
    monkeypatch.delenv(connection.RUNTIME_DIR_VARIABLE)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    assert connection.runtime_dir().name == "zoobridge"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert connection.runtime_dir().name == "zoobridge"


def test_a_server_is_asked_to_end_by_a_signal(folder):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    published = connection.publish("127.0.0.1:5", "a", pid=process.pid)
    connection.request_stop(published)
    assert process.wait(20) == -signal.SIGTERM
    connection.request_stop(published)


def test_a_file_to_end_by_goes_with_the_connection_file(folder):
    published = connection.publish("127.0.0.1:5", "a")
    assert not published.stop_requested
    published.stop_path.touch()
    assert published.stop_requested
    published.remove()
    assert list(folder.iterdir()) == []
