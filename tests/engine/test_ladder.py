"""An accelerator meets few batch sizes, all of them before the first caller."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.backend import BackendFault, ByteTable, DeviceMemoryFault, TensorSpec
from zoobridge.engine.worker._ladder import LadderNetwork, ladder, rung
from zoobridge.engine.worker._networks import Networks
from zoobridge.engine.worker._warm_up import warm_up
from zoobridge.imaging import AxisSize, InputSpec

SPEC = InputSpec("input", "NYX", "float32", {"Y": AxisSize(2), "X": AxisSize(2)})


class FakeNetwork:
    """A network on a fake device, which notes what is copied to it, computed, and copied back."""

    device = "fake:0"
    inputs = (TensorSpec("input", "float32", (-1, 2, 2)),)
    outputs = (TensorSpec("output", "float32", (-1, 1)),)

    def __init__(self, room=1 << 20):
        self.log = []
        self.room = room

    def forward(self, inputs):
        (array,) = inputs
        return self._run(array, "float")

    def forward_bytes(self, pixels, table):
        assert pixels.dtype == np.uint8
        return self._run(table.values[0][pixels], "bytes")

    def _run(self, array, kind):
        if len(array) > self.room:
            raise DeviceMemoryFault("no room")
        self.log += [f"copy {len(array)} {kind}", f"compute {len(array)}", "copy back"]
        return [array.mean(axis=(1, 2))[:, np.newaxis]]


@given(st.integers(1, 5000))
def test_a_rung_holds_its_rows_and_the_one_below_does_not(rows):
    assert rung(rows) >= rows
    assert rung(rows) == 1 or rung(rows) // 2 < rows


def test_the_ladder_is_short():
    assert ladder(64) == [1, 2, 4, 8, 16, 32, 64]
    assert ladder(100) == ladder(64)
    assert ladder(1) == ladder(0) == [1]


@given(st.integers(1, 70))
def test_every_row_has_its_own_answer_whatever_the_batch(rows):
    network = FakeNetwork()
    batch = np.arange(rows * 4, dtype="f4").reshape(rows, 2, 2)
    (output,) = LadderNetwork(network).forward([batch])
    np.testing.assert_array_equal(output[:, 0], batch.mean(axis=(1, 2)))
    assert network.log == [f"copy {rung(rows)} float", f"compute {rung(rows)}", "copy back"]


def test_bytes_stay_bytes_until_they_are_on_the_device():
    network = FakeNetwork()
    table = ByteTable(np.linspace(0, 1, 256, dtype="f4")[np.newaxis], None)
    (output,) = LadderNetwork(network).forward_bytes(np.full((3, 2, 2), 255, np.uint8), table)
    np.testing.assert_array_equal(output, np.ones((3, 1), "f4"))
    assert network.log == ["copy 4 bytes", "compute 4", "copy back"]


def test_a_network_that_answers_another_number_of_items_is_at_fault():
    network = FakeNetwork()
    network.forward = lambda _: [np.zeros((1, 1), "f4")]
    with pytest.raises(BackendFault, match="other than 4 items"):
        LadderNetwork(network).forward([np.zeros((3, 2, 2), "f4")])


def test_a_network_of_a_fixed_batch_has_no_ladder():
    network = FakeNetwork()
    assert LadderNetwork.fits(network)
    network.inputs = (TensorSpec("input", "float32", (1, 2, 2)),)
    assert not LadderNetwork.fits(network)
    network.inputs = ()
    network.outputs = ()
    assert not LadderNetwork.fits(network)


@pytest.mark.parametrize(("device", "wanted", "has"), [
    ("fake:0", True, True), ("fake:0", False, False), ("cpu", True, False),
])  # fmt: skip
def test_only_an_accelerator_has_a_ladder(device, wanted, has):
    network = FakeNetwork()
    network.device = device
    networks = Networks(lambda _: network, 2, ladder=wanted)
    assert networks.ladder is has
    assert networks.loaded is network


def test_all_sizes_run_twice_while_the_model_loads():
    network = FakeNetwork()
    seconds = warm_up(LadderNetwork(network), SPEC, ladder(8))
    assert list(seconds) == [1, 2, 4, 8]
    computed = [line for line in network.log if line.startswith("compute")]
    assert computed == [f"compute {size}" for size in (1, 2, 4, 8) for _ in range(2)]


def test_sizes_that_the_device_has_no_memory_for_are_left_out():
    assert list(warm_up(LadderNetwork(FakeNetwork(room=4)), SPEC, ladder(64))) == [1, 2, 4]
