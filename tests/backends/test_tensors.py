"""Tensors of the weights are matched with those that the package describes."""

import numpy as np
import pytest

from zoobridge.backend import BackendFault, TensorSpec
from zoobridge_backends._tensors import check_inputs, check_outputs, in_stated_order


def spec(name, *shape):
    return TensorSpec(name, "float32", shape or (-1, 2))


LEFT, RIGHT, OTHER = spec("left"), spec("right"), spec("other")


def test_tensors_are_matched_by_name():
    assert in_stated_order([RIGHT, LEFT], [LEFT, RIGHT], "input") == (RIGHT, LEFT)


def test_tensors_of_other_names_are_matched_by_position():
    stated = [spec("input0"), spec("input1")]
    assert in_stated_order(stated, [LEFT, RIGHT], "input") == (LEFT, RIGHT)


def test_outputs_that_are_not_described_are_left_out():
    assert in_stated_order([RIGHT], [LEFT, RIGHT], "output") == (RIGHT,)


def test_inputs_that_are_not_described_are_told():
    with pytest.raises(BackendFault, match=r"describes 1 input \(left\).*have 2 \(left, right\)"):
        in_stated_order([LEFT], [LEFT, RIGHT], "input")


def test_outputs_of_another_name_and_count_are_told():
    with pytest.raises(BackendFault, match=r"rdf.yaml"):
        in_stated_order([OTHER], [LEFT, RIGHT], "output")


def test_weights_without_a_description_keep_their_order():
    assert in_stated_order([], [LEFT, RIGHT], "input") == (LEFT, RIGHT)


def test_a_wrong_array_is_told_with_what_was_wanted():
    with pytest.raises(BackendFault) as caught:
        check_inputs([np.zeros((3, 4), "f8")], [LEFT])
    assert str(caught.value) == (
        'Input "left" takes float32 of shape (any, 2), but was given float64 of shape (3, 4).'
    )


def test_inputs_of_different_numbers_of_items_are_told():
    arrays = [np.zeros((3, 2), "f4"), np.zeros((4, 2), "f4")]
    with pytest.raises(BackendFault, match="different numbers of items"):
        check_inputs(arrays, [LEFT, RIGHT])


def test_a_network_that_gives_another_number_of_outputs_is_told():
    with pytest.raises(BackendFault, match=r"describes 2 outputs.*gave 1"):
        check_outputs([np.zeros((1, 2), "f4")], [LEFT, RIGHT])
