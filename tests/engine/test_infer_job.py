"""Tensors in, tensors out: the rows of several requests run together and are divided again."""

import numpy as np
import pytest

from zoobridge.backend import BackendFault, TensorSpec
from zoobridge.engine import pack_tensors, unpack_tensors
from zoobridge.engine.worker._infer_job import InferHandler
from zoobridge.engine.worker._job import RunFrame
from zoobridge.errors import BackendError

OUTPUTS = (TensorSpec("y", "float32", (-1, 2)),)


class Doubling:
    device = "fake:0"
    inputs = ()
    outputs = OUTPUTS

    def __init__(self):
        self.calls = []

    def forward(self, inputs):
        self.calls.append([array.shape for array in inputs])
        return [2 * np.asarray(inputs[0])]


@pytest.fixture
def handler():
    return InferHandler(OUTPUTS)


def entry_of(handler, **arrays):
    frame = RunFrame(1, memoryview(pack_tensors(arrays)))
    job = handler.job(frame)
    (entry,), failed = job.prepare(100)
    assert failed == []
    return entry


def test_a_request_is_one_item_with_all_its_rows(handler):
    entry = entry_of(handler, x=np.zeros((3, 2), "f4"))
    assert (entry.rows, entry.job.total, entry.job.prepared) == (3, 1, True)
    assert not entry.divisible


def test_requests_of_one_shape_and_type_share_a_key(handler):
    one, other = (
        entry_of(handler, x=np.zeros((3, 2), "f4")),
        entry_of(handler, x=np.zeros((1, 2), "f4")),
    )
    assert one.key == other.key
    assert one.key != entry_of(handler, x=np.zeros((3, 2), "f8")).key
    assert one.key != entry_of(handler, x=np.zeros((3, 4), "f4")).key


def test_each_request_of_a_batch_gets_its_own_rows(handler):
    network = Doubling()
    arrays = [np.full((rows, 2), rows, "f4") for rows in (1, 3, 2)]
    batch = [entry_of(handler, x=array) for array in arrays]
    outputs = handler.forward(network, batch, 4)
    assert network.calls == [[(6, 2)]]
    for entry, array, results in zip(batch, arrays, handler.split(batch, outputs), strict=True):
        entry.job.add(results)
        chunks, items = entry.job.part()
        assert items == 1
        found = unpack_tensors(b"".join(chunks))
        np.testing.assert_array_equal(found["y"], 2 * array)


def test_outputs_that_the_network_does_not_name_are_numbered(handler):
    batch = [entry_of(handler, x=np.zeros((1, 2), "f4"))]
    ((chunks,),) = handler.split(batch, [np.zeros((1, 2)), np.zeros(5)])
    assert list(unpack_tensors(b"".join(chunks))) == ["output0", "output1"]


@pytest.mark.parametrize("output", [np.float32(1), np.zeros((5, 2))], ids=["scalar", "other rows"])
def test_outputs_without_a_row_for_each_of_the_batch_are_a_fault(handler, output):
    batch = [entry_of(handler, x=np.zeros((2, 2), "f4")) for _ in range(2)]
    with pytest.raises(BackendFault, match="divided"):
        handler.split(batch, [np.asarray(output)])


def test_tensors_that_the_network_refuses_are_the_error_of_their_request(handler):
    entry = entry_of(handler, x=np.zeros((1, 2), "f4"))
    error = BackendError("wrong shape")
    assert entry.job.part() is None
    entry.job.add([handler.failure(entry, error)])
    with pytest.raises(BackendError, match="wrong shape"):
        entry.job.part()
