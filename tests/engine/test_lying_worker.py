"""A worker that lies harms its own model's calls alone, and is ended."""

import contextlib
import threading

import numpy as np
import psutil
import pytest

from engine_asks import LIES, answer_of, ask, work
from pixels import to_pixels
from zoobridge.errors import ZooBridgeError
from zoobridge.protocol.v1 import classification_pb2 as messages

#: See FRAMES of the faulty framework.
LIES_TOLD = {
    "noise": 0,
    "answers to requests of others": 1,
    "a frame of a gigabyte that never comes": 2,
    "a frame that is too large": 3,
    "half of an answer, and the end": 4,
    "ready twice, and no JSON": 5,
}


def lying(kind):
    pixels = np.full((4, 4), 100, np.uint8)
    pixels[0, :2] = LIES, kind
    return messages.ClassifyRequest(image={"pixels": to_pixels(pixels, "YX")}).SerializeToString()


@pytest.mark.parametrize("lie", LIES_TOLD)
def test_a_worker_that_lies_harms_no_other_model_and_its_own_comes_back(make_engine, faulty, lie):
    engine = make_engine(stall_seconds=2.0)
    liar, honest = faulty("liar"), faulty("honest")
    expected = ask(engine, honest, 10).results[0].prediction.top[1].score
    before = psutil.Process().memory_info().rss
    ended = threading.Event()
    wrong = []

    def others():
        while not ended.is_set():
            found = ask(engine, honest, 10).results[0].prediction.top[1].score
            if found != expected:
                wrong.append(found)

    other = threading.Thread(target=others)
    other.start()
    try:
        # What the liar answers to its own calls is its own affair: its model computes them.
        with contextlib.suppress(ZooBridgeError):
            answer_of(engine.submit(work(liar, lying(LIES_TOLD[lie]), seconds=20)))
    finally:
        ended.set()
        other.join()
    assert wrong == []
    assert psutil.Process().memory_info().rss - before < 256 << 20
    assert ask(engine, liar, 1).results[0].prediction.top
