"""Frames of calls over pipes."""

import os

import pytest

from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe


def test_a_pipe_refuses_frames_above_its_limit():
    source, sink = os.pipe()
    pipe = CallPipe(source, sink, limit=4)
    pipe.write(CallFrame(CallKind.RESPONSE, 1, b"four"))
    assert pipe.read() == CallFrame(CallKind.RESPONSE, 1, b"four")
    pipe.write(CallFrame(CallKind.RESPONSE, 1, b"fives"))
    with pytest.raises(ValueError, match="5 bytes exceeds the limit of 4"):
        pipe.read()
    os.close(source)
    os.close(sink)
