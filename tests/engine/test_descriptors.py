"""The want of descriptors is an error that names the remedy; other failures stay what they are."""

import errno
import resource

import pytest

from zoobridge.engine._descriptors import descriptors_needed, out_of_descriptors
from zoobridge.errors import OverloadedError


def test_the_limit_of_this_process_is_named_with_how_to_raise_it():
    error = out_of_descriptors(OSError(errno.EMFILE, "too many"), "load model m")
    assert error.message.startswith("cannot load model m")
    assert f"({resource.getrlimit(resource.RLIMIT_NOFILE)[0]})" in error.message
    assert "ulimit -n" in error.message
    assert error.retry_after > 0


def test_the_limit_of_the_system_has_no_number_of_this_process():
    error = out_of_descriptors(OSError(errno.ENFILE, "too many"), "load model m")
    assert str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) not in error.message


def test_a_block_that_wants_descriptors_raises_the_error():
    with (
        pytest.raises(OverloadedError, match="start a worker"),
        descriptors_needed("start a worker"),
    ):
        raise OSError(errno.EMFILE, "too many")


def test_another_failure_stays_what_it_is():
    assert out_of_descriptors(OSError(errno.ENOSPC, "full"), "load") is None
    with pytest.raises(OSError, match="full"), descriptors_needed("load"):
        raise OSError(errno.ENOSPC, "full")
