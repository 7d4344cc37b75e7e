import subprocess
import sys

import pytest

from zoobridge import connect
from zoobridge.errors import ServerUnavailableError
from zoobridge.protocol.connection import RUNTIME_DIR_VARIABLE, discover


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user with folders of their own and no server."""
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("ADDRESS", "TOKEN", "CA"):
        monkeypatch.delenv(f"ZOOBRIDGE_{name}", raising=False)


def test_a_server_is_started_once_and_outlives_its_client(user, tmp_path):
    (tmp_path / "zoo").mkdir()
    try:
        with connect(start=tmp_path / "zoo") as client:
            info = client.info()
            assert info.zoo_folders == (str(tmp_path / "zoo"),)
        with connect(start=tmp_path / "zoo") as client:
            assert client.address == info.address
        assert len(discover()) == 1
    finally:
        subprocess.run([sys.executable, "-m", "zoobridge", "stop", "--all"], check=True, timeout=60)
    assert discover() == []


def test_a_server_that_cannot_start_says_why(user, tmp_path):
    with pytest.raises(ServerUnavailableError, match="nowhere does not exist"):
        connect(start=tmp_path / "nowhere")


def test_a_named_server_is_never_started(user, tmp_path):
    with pytest.raises(ServerUnavailableError, match="no server answers"):
        connect("127.0.0.1:1", start=tmp_path)
