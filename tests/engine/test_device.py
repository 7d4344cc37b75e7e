"""Which device a model runs on, and what is said where it cannot be had."""

import pytest

from engine_asks import ask
from zoobridge.backend import FrameworkFacts
from zoobridge.engine.worker._device import choose_device
from zoobridge.errors import DeviceError


class _Backend:
    """A backend that sees some devices, and knows why it misses others."""

    formats = ()

    def __init__(self, *devices, problem=""):
        self._devices = ("cpu", *devices)
        self._problem = problem

    def facts(self):
        return FrameworkFacts()

    def start(self):
        pass

    def devices(self):
        return self._devices

    def device_problem(self):
        return self._problem

    def load(self, weights, *, device, threads):
        raise NotImplementedError


def _names(backend, wanted, count=4):
    return [
        choose_device(backend, wanted, framework="faulty", replica=number).name
        for number in range(count)
    ]


def test_replicas_take_all_accelerators_in_turn():
    assert _names(_Backend("cuda:0", "cuda:1"), "auto") == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]


def test_replicas_take_the_devices_that_were_named_in_turn():
    backend = _Backend("cuda:0", "cuda:1", "cuda:2")
    assert _names(backend, "cuda:1, cuda:2") == ["cuda:1", "cuda:2", "cuda:1", "cuda:2"]
    assert _names(backend, "cpu") == ["cpu"] * 4


def test_without_an_accelerator_auto_is_the_cpu_and_says_why():
    backend = _Backend(problem="The driver does not start.")
    chosen = choose_device(backend, "auto", framework="faulty", replica=0)
    assert (chosen.name, chosen.problem) == ("cpu", "The driver does not start.")


def test_a_cpu_that_was_asked_for_is_no_problem():
    backend = _Backend(problem="The driver does not start.")
    assert choose_device(backend, "cpu", framework="faulty", replica=0).problem == ""


def test_a_named_device_that_cannot_be_used_is_an_error_that_says_why():
    backend = _Backend(problem="cuInit returned 304.")
    with pytest.raises(DeviceError, match=r"device cuda:0: cuInit returned 304\..*or with auto"):
        choose_device(backend, "cuda:0", framework="faulty", replica=0)
    with pytest.raises(DeviceError, match="it has cpu, cuda:0 here"):
        choose_device(_Backend("cuda:0"), "cuda:7", framework="faulty", replica=0)


def test_a_model_is_never_served_on_the_cpu_where_another_device_was_named(make_engine, faulty):
    engine = make_engine(device="fake:0")
    with pytest.raises(DeviceError, match="fake:0"):
        ask(engine, faulty(), 1)
    assert engine.loaded() == []


def test_replicas_run_on_several_devices_and_the_state_names_them(make_engine, faulty, monkeypatch):
    monkeypatch.setenv("FAULTY_DEVICES", "fake:0,fake:1")
    engine = make_engine(device="auto", instances=2)
    model = faulty()
    assert engine.load(model, model.weights[0]).device == "fake:0, fake:1"
    assert ask(engine, model, 1).results[0].prediction.top


def test_an_accelerator_that_is_not_used_is_logged_with_the_reason(
    make_engine, faulty, monkeypatch, caplog
):
    monkeypatch.setenv("FAULTY_DEVICE_PROBLEM", "The driver does not start.")
    engine = make_engine(device="auto")
    ask(engine, faulty(), 1)
    assert "accelerator not used model=faulty why='The driver does not start.'" in caplog.text


def test_a_batch_that_the_device_has_no_memory_for_runs_in_smaller_ones(make_engine, faulty):
    engine = make_engine(threads=1)
    model = faulty(command="room 3")
    regions = [{"id": str(n), "box": {"x": 0, "y": 0, "width": 4, "height": 4}} for n in range(40)]
    for _ in range(3):
        results = ask(engine, model, 1, regions=regions).results
        assert [result.region_id for result in results if result.HasField("prediction")] == [
            str(n) for n in range(40)
        ]


def test_an_item_that_the_device_has_no_memory_for_has_an_error_of_its_own(make_engine, faulty):
    engine = make_engine(threads=1)
    (result,) = ask(engine, faulty(command="room 0"), 1).results
    assert "no memory for a batch of 1" in result.error.message
