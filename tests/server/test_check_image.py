"""CheckImage says before a run what Classify does, over a real socket."""

from __future__ import annotations

import grpc
import numpy as np
import pytest

from pixels import to_pixels
from served import error_of
from zoobridge.errors import ImageFormatError, ModelInputError, UnknownModelError
from zoobridge.protocol import error_from_status
from zoobridge.protocol.v1 import classification_pb2


def described(array, axes, **rest):
    pixels = to_pixels(array, axes)
    pixels.ClearField("data")
    return classification_pb2.CheckImageRequest(model="brightness", pixels=pixels, **rest)


@pytest.mark.parametrize(
    ("dtype", "axes", "shape"), [("uint8", "YX", (4, 4)), ("uint16", "ZYXC", (2, 9, 7, 3))]
)
def test_what_is_announced_is_done(local, call, dtype, axes, shape):
    caller = call(local)
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    low, high = float(array.min()), float(array.max())
    plan = caller.classification.CheckImage(
        described(array, axes, values={"low": low, "high": high}), timeout=30
    ).plan
    answer = caller.classification.Classify(
        classification_pb2.ClassifyRequest(
            model="brightness", image={"pixels": to_pixels(array, axes)}
        ),
        timeout=90,
    )
    assert len(answer.results) == plan.planes
    for result in answer.results:
        assert result.prediction.conversions == plan.conversions


def test_a_refusal_is_the_sentence_of_classify(local, call):
    caller = call(local)
    array = np.zeros((4, 4, 4, 5), np.uint8)
    answer = caller.classification.CheckImage(described(array, "ZYXC"), timeout=30)
    refusal = error_from_status(answer.refusal)
    assert isinstance(refusal, ModelInputError)
    request = classification_pb2.ClassifyRequest(
        model="brightness", image={"pixels": to_pixels(array, "ZYXC")}
    )
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.Classify(request, timeout=90)
    assert str(refusal) == error_of(caught).message


def test_what_no_picture_can_be_is_refused(local, call):
    caller = call(local)
    nothing = classification_pb2.CheckImageRequest(model="brightness")
    refusal = caller.classification.CheckImage(nothing, timeout=30).refusal
    assert isinstance(error_from_status(refusal), ImageFormatError)
    with pytest.raises(grpc.RpcError) as caught:
        caller.classification.CheckImage(
            classification_pb2.CheckImageRequest(model="nobody"), timeout=30
        )
    assert error_of(caught).reason == UnknownModelError.reason
