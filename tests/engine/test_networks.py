"""A network is loaded for all cores, and for one thread only where that is run side by side."""

import time

from zoobridge.backend import TensorSpec
from zoobridge.engine.worker._networks import Networks, row_bytes


class _Network:
    inputs = (TensorSpec("a", "float32", (-1, 3, -1)), TensorSpec("b", "uint8", (-1, 5)))
    outputs = (TensorSpec("c", "float32", (-1, 2)),)

    def __init__(self, device="cpu"):
        self.device = device


def _loader(device="cpu"):
    asked = []

    def load(threads):
        asked.append(threads)
        return _Network(device)

    return load, asked


def test_the_narrow_network_is_loaded_once_and_only_where_it_is_used():
    load, asked = _loader()
    networks = Networks(load, 4)
    assert asked == [4]
    assert networks.parallel
    assert networks.narrow is networks.narrow
    assert asked == [4, 1]


def test_one_core_or_an_accelerator_runs_one_network():
    assert not Networks(_loader()[0], 1).parallel
    assert not Networks(_loader("cuda:0")[0], 4).parallel


def test_a_row_has_the_bytes_of_all_inputs_as_far_as_they_are_stated():
    assert row_bytes(_Network()) == 3 * 4 + 5


def test_a_thread_loads_the_narrow_network_once_it_is_wanted():
    load, asked = _loader()
    networks = Networks(load, 4)
    limit = time.monotonic() + 20
    while not networks.narrow_loaded() and time.monotonic() < limit:
        time.sleep(0.001)
    assert networks.narrow_loaded()
    assert networks.narrow is networks.narrow
    assert asked == [4, 1]
