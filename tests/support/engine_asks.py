"""Asking an engine, as the servicers do."""

import contextlib
import time

import numpy as np
import psutil

from pixels import to_pixels
from zoobridge.engine import InferenceRequest
from zoobridge.protocol.v1 import classification_pb2 as messages

#: First pixels that tell the faulty framework what to do (tests/engine/faulty).
DIES, FAILS, DAWDLES, NAN, WRONG_COUNT, HANGS, LIES, HOLDS = 255, 254, 253, 252, 251, 250, 249, 248


def request_for(first, *, rest=100, **fields) -> bytes:
    pixels = np.full((4, 4), rest, np.uint8)
    pixels[0, 0] = first
    image = {"pixels": to_pixels(pixels, "YX")}
    return messages.ClassifyRequest(image=image, **fields).SerializeToString()


def work(model, request, *, seconds=60.0, **fields) -> InferenceRequest:
    return InferenceRequest(model, model.weights[0], request, time.monotonic() + seconds, **fields)


def answer_of(answer) -> messages.ClassifyResponse:
    return messages.ClassifyResponse.FromString(b"".join(part.response for part in answer))


def ask(engine, model, first, **fields) -> messages.ClassifyResponse:
    return answer_of(engine.submit(work(model, request_for(first, **fields))))


#: Fork servers and workers that were there before the test, such as those of a server that tests share.
OTHERS: set[int] = set()


def processes():
    """The fork servers and workers that the test has started."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any(word.startswith("zoobridge.engine.") for word in child.cmdline()):
                found += [child, *child.children()]
    return [process for process in found if process.pid not in OTHERS]
