"""Frames arrive whole and in order, whatever the pipe does to them."""

import os
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.engine.channel._frames import Frame, FrameKind, FrameReader, FrameWriter

frames = st.lists(
    st.tuples(st.sampled_from(FrameKind), st.integers(0, 2**64 - 1), st.binary(max_size=200_000)),
    max_size=5,
)


@given(frames)
def test_what_is_sent_is_received_in_order(sent):
    read, write = os.pipe()
    reader, writer = FrameReader(read), FrameWriter(write)

    def send() -> None:
        for kind, number, payload in sent:
            middle = len(payload) // 3
            writer.send(kind, number, payload[:middle], memoryview(payload)[middle:])
        writer.close()

    thread = threading.Thread(target=send)
    thread.start()
    received = []
    while (frame := reader.next()) is not None:
        received.append(frame)
    thread.join()
    reader.close()
    assert received == [Frame(kind, number, payload) for kind, number, payload in sent]


def test_a_frame_cut_short_reads_as_the_end():
    read, write = os.pipe()
    reader = FrameReader(read)
    os.write(write, b"\xff\x00\x00\x00")
    os.close(write)
    assert reader.next() is None
    reader.close()


@pytest.mark.parametrize(("length", "kind"), [(2**32 - 1, FrameKind.PART), (4, 99)])
def test_what_is_no_frame_is_refused_before_it_is_read(length, kind):
    read, write = os.pipe()
    reader = FrameReader(read)
    os.write(write, struct.pack("<IIQ", length, kind, 1) + b"data")
    with pytest.raises(ValueError, match="malformed frame"):
        reader.next()
    os.close(write)
    reader.close()
