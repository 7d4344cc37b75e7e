"""What a framework raises is a sentence that names what to do."""

import pytest

from zoobridge.backend import BackendFault
from zoobridge_backends._faults import LOAD_REMEDY, explained


def fault(error):
    with (
        pytest.raises(BackendFault) as caught,
        explained("ONNX Runtime cannot load digits.onnx", LOAD_REMEDY),
    ):
        raise error
    return str(caught.value)


def test_a_broken_file_is_to_be_copied_again():
    assert fault(RuntimeError("bad magic")) == (
        f"ONNX Runtime cannot load digits.onnx; {LOAD_REMEDY}. Reason: bad magic"
    )


def test_for_want_of_memory_the_file_is_not_to_blame():
    text = fault(MemoryError("std::bad_alloc"))
    assert "lacks memory: load fewer models or a smaller one" in text
    assert "copy" not in text


def test_a_fault_stays_what_it_is():
    assert fault(BackendFault("known")) == "known"
