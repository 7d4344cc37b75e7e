"""Named tensors come out as they were put in, and wrong bytes are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoobridge.engine import TensorBytes, pack_tensors, tensor_chunks, unpack_tensors
from zoobridge.errors import InvalidRequestError

_dtypes = st.sampled_from(["bool", "uint8", "int16", "int64", "float16", "float32", "float64"])
_tensors = st.dictionaries(
    st.text(max_size=8),
    arrays.arrays(_dtypes, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)),
    max_size=4,
)


@given(_tensors)
def test_tensors_come_out_as_they_were_put_in(tensors):
    found = unpack_tensors(pack_tensors(tensors))
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@given(_tensors)
def test_chunks_are_the_same_bytes_without_a_copy(tensors):
    chunks = tensor_chunks({name: TensorBytes.of(array) for name, array in tensors.items()})
    assert b"".join(chunks) == pack_tensors(tensors)


def test_big_endian_and_strided_arrays_travel_as_little_endian_ones():
    array = np.arange(12, dtype=">f4").reshape(3, 4)[:, ::2]
    np.testing.assert_array_equal(unpack_tensors(pack_tensors({"x": array}))["x"], array)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_as_a_request_not_as_a_fault(data):
    try:
        unpack_tensors(data)
    except InvalidRequestError:
        return


@given(_tensors, st.integers(1, 40))
def test_bytes_that_are_cut_off_are_refused(tensors, cut):
    whole = pack_tensors(tensors)
    if sum(array.nbytes for array in tensors.values()) >= cut:
        with pytest.raises(InvalidRequestError):
            unpack_tensors(whole[:-cut])
