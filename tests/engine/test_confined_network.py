"""A bare network in a separate worker, as ``add`` and ``validate`` use it."""

import numpy as np
import pytest

from zoobridge.backend import WeightsFile
from zoobridge.engine import EngineConfig, confined_network, framework_devices
from zoobridge.errors import BackendError, FrameworkError, LimitError, WorkerError
from zoobridge.protocol import Limits


def _file(tmp_path, command=""):
    (tmp_path / "weights").write_text(command)
    return WeightsFile("faulty", tmp_path / "weights", (), ())


def test_it_answers_again_and_again_and_an_error_ends_nothing(tmp_path):
    with confined_network("faulty", _file(tmp_path)) as network:
        assert network.device == "cpu"
        assert [spec.name for spec in network.outputs] == ["output"]
        for value in (10, 20):
            (scores,) = network.forward([np.full((2, 4, 4), value, "f4")])
            np.testing.assert_allclose(scores, [[value, 255 - value]] * 2)
        with pytest.raises(BackendError, match="does not like this picture"):
            network.forward([np.full((1, 4, 4), 254, "f4")])
        (scores,) = network.forward([np.zeros((1, 4, 4), "f4")])
        assert scores.shape == (1, 2)


def test_tensors_beyond_the_limit_are_refused_before_they_are_sent(tmp_path):
    config = EngineConfig(limits=Limits(queued_bytes=4096))
    with (
        confined_network("faulty", _file(tmp_path), config=config) as network,
        pytest.raises(LimitError, match="smaller batch"),
    ):
        network.forward([np.zeros((100, 4, 4), "f4")])


def test_a_worker_that_ends_is_an_error_that_says_how(tmp_path):
    with (
        pytest.raises(WorkerError, match="SIGABRT while it loaded"),
        confined_network("faulty", _file(tmp_path, "die")),
    ):
        pass
    with (
        confined_network("faulty", _file(tmp_path)) as network,
        pytest.raises(WorkerError, match="while it ran the network"),
    ):
        network.forward([np.full((1, 4, 4), 255, "f4")])


def test_a_framework_is_asked_for_its_devices_and_what_it_misses(monkeypatch):
    monkeypatch.setenv("FAULTY_DEVICES", "fake:0")
    assert framework_devices("faulty") == (("cpu", "fake:0"), "")
    monkeypatch.setenv("FAULTY_DEVICES", "")
    monkeypatch.setenv("FAULTY_DEVICE_PROBLEM", "No driver.")
    assert framework_devices("faulty") == (("cpu",), "No driver.")
    with pytest.raises(FrameworkError):
        framework_devices("caffe")
