"""The fixture that serves a zoo, for our users' tests and for ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from served import wait_until
from zoobridge.protocol.connection import runtime_dir
from zoobridge.testing.plugin import _environment


@pytest.fixture
def served(zoobridge_server, zoo):
    return zoobridge_server(zoo, arguments=("--threads", "1", "--device", "cpu"))


def test_a_served_zoo_has_a_client_that_classifies(served):
    result = served.client.classify("brightness", np.full((4, 4), 200, np.uint8))[0]
    assert result.label == "bright"


def test_a_zoo_that_is_served_already_is_shared(served, zoobridge_server, zoo):
    again = zoobridge_server(zoo, arguments=("--threads", "1", "--device", "cpu"))
    assert again is served


def test_programs_find_the_server_by_its_environment(served):
    done = subprocess.run(
        [sys.executable, "-m", "zoobridge", "models"],
        env=served.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "brightness" in done.stdout


def test_a_server_that_does_not_start_fails_the_test_with_its_own_words(zoobridge_server, tmp_path):
    with pytest.raises(RuntimeError, match="does not exist"):
        zoobridge_server(tmp_path / "nowhere")


def test_a_server_that_was_stopped_is_started_anew(zoobridge_server, zoo):
    served = zoobridge_server(zoo, arguments=("--grace", "5"))
    # Found as soon as it can be reached, which is a moment before it says so.
    wait_until(lambda: served.address in served.log)
    assert served.stop() == 0
    again = zoobridge_server(zoo, arguments=("--grace", "5"))
    assert again is not served
    assert again.client.info().version


@pytest.mark.parametrize(
    ("system", "folder"),
    [(Unix, Path("/tests")), (MacOS, Path("/tests")), (Windows, PureWindowsPath(r"C:\tests"))],
)
def test_a_served_zoo_keeps_to_its_folder_on_every_system(monkeypatch, system, folder):
    for name, value in _environment(folder).items():
        monkeypatch.setenv(name, value)
    folders = system("zoobridge", appauthor=False)
    for used in (runtime_dir(), folders.user_cache_dir, folders.user_config_dir):
        assert str(used).startswith(str(folder))
