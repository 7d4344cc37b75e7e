"""Backends are found by name, and their processes see no secrets."""

import pytest

from zoobridge.engine._backends import find_backend, framework_names, worker_environment
from zoobridge.errors import FrameworkError


def test_installed_backends_are_found_by_name():
    assert {"onnx", "pytorch", "tensorflow"} <= set(framework_names())
    assert find_backend("onnx").formats == ("onnx",)


def test_an_unknown_framework_is_named_with_those_there_are():
    with pytest.raises(FrameworkError, match=r"'caffe'.*onnx"):
        find_backend("caffe")


def test_workers_see_no_secrets(monkeypatch):
    for name in ("AWS_SECRET_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "my_api_key"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("PLAIN", "seen")
    environment = worker_environment()
    assert "hush" not in environment.values()
    assert environment["PLAIN"] == "seen"
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
