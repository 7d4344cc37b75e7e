"""Errors that a worker reports, and bytes that are none."""

import pytest

from zoobridge.engine.channel._failure import worker_error
from zoobridge.errors import BackendError, DeviceError, WorkerError
from zoobridge.protocol import status_from_error


@pytest.mark.parametrize(
    "error", [BackendError("no"), DeviceError("gone", metadata={"device": "x"})]
)
def test_an_error_arrives_as_the_type_that_was_raised(error):
    found = worker_error(status_from_error(error).SerializeToString())
    assert type(found) is type(error)
    assert found.message == error.message
    assert found.metadata == error.metadata


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b"\x0a\x7f"])
def test_bytes_that_are_no_status_are_the_worker_s_fault(payload):
    assert type(worker_error(payload)) is WorkerError
