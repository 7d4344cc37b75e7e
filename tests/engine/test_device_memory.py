"""The memory of GPUs, as the driver reports it, and what fits there."""

import types

import pytest

from zoobridge.engine.supervisor._device_memory import DeviceMemory
from zoobridge.engine.supervisor._memory_budget import MemoryBudget
from zoobridge.errors import OverloadedError

GIGABYTE = 1 << 30


@pytest.fixture
def driver(monkeypatch):
    """The driver of a machine with three GPUs; a test sets what is free, and who uses how much."""
    fake = types.ModuleType("pynvml")
    fake.NVMLError = type("NVMLError", (Exception,), {})
    fake.free = [8 * GIGABYTE, 4 * GIGABYTE, 2 * GIGABYTE]
    fake.used = {}
    fake.nvmlInit = lambda: None
    fake.nvmlDeviceGetCount = lambda: len(fake.free)
    fake.nvmlDeviceGetHandleByIndex = lambda index: index
    fake.nvmlDeviceGetMemoryInfo = lambda handle: types.SimpleNamespace(free=fake.free[handle])
    fake.nvmlDeviceGetComputeRunningProcesses = lambda handle: [
        types.SimpleNamespace(pid=pid, usedGpuMemory=size)
        for (pid, index), size in fake.used.items()
        if index == handle
    ]
    monkeypatch.setitem(__import__("sys").modules, "pynvml", fake)
    monkeypatch.setattr("zoobridge.engine.supervisor._device_memory._has_driver", lambda: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return fake


def test_without_a_driver_there_are_no_devices(driver):
    def fail():
        raise driver.NVMLError

    driver.nvmlInit = fail
    assert DeviceMemory().count == 0
    assert DeviceMemory().index_of("cuda:0", 0) is None


def test_only_visible_devices_are_counted(driver, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0,x,1")
    devices = DeviceMemory()
    assert devices.count == 2
    assert devices.free_bytes(0) == 2 * GIGABYTE


def test_replicas_are_foreseen_on_the_devices_that_they_take(driver):
    devices = DeviceMemory()
    assert [devices.index_of("auto", number) for number in range(4)] == [0, 1, 2, 0]
    assert [devices.index_of("cuda:2,cuda:1", number) for number in range(3)] == [2, 1, 2]
    assert devices.index_of("cpu", 0) is None
    assert devices.index_of("cuda:9", 0) is None


def test_what_a_process_uses_is_the_sum_over_the_devices(driver):
    driver.used = {(7, 0): 100, (7, 2): 20, (8, 0): 3}
    assert DeviceMemory().used_by(7) == 120
    driver.used = {(7, 0): None}
    assert DeviceMemory().used_by(7) == 0


class _Holder:
    framework = "faulty"

    def __init__(self, name, index, need):
        self.name = name
        self.device_need = (index, need)

    def reserved_bytes(self):
        return 1


class _NoStandby:
    def standby(self):
        return {}


def test_a_model_starts_only_where_its_device_has_room(driver):
    freed = []

    def make_room(framework):
        if freed:
            return False
        freed.append(framework)
        driver.free[1] += 4 * GIGABYTE
        return True

    budget = MemoryBudget(10, _NoStandby(), make_room, DeviceMemory())
    budget.reserve(_Holder("first", 1, 3 * GIGABYTE))
    assert freed == []
    # The first has not taken what was promised to it: the driver still calls it free.
    budget.reserve(_Holder("second", 1, 3 * GIGABYTE))
    assert freed == ["faulty"]
    with pytest.raises(
        OverloadedError, match=r"needs 3,072 MiB of GPU 1, which has 2,048 MiB left"
    ):
        budget.reserve(_Holder("third", 1, 3 * GIGABYTE))
    budget.reserve(_Holder("fourth", 0, 3 * GIGABYTE))


def test_a_device_that_was_taken_is_promised_no_longer(driver):
    budget = MemoryBudget(10, _NoStandby(), lambda _: False, DeviceMemory())
    loaded = _Holder("loaded", 2, GIGABYTE)
    budget.reserve(loaded)
    loaded.device_need = None
    driver.free[2] = GIGABYTE
    budget.reserve(_Holder("next", 2, GIGABYTE))
