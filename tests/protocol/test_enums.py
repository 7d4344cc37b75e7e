from enum import StrEnum

import pytest

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import ConversionKind, Fit, IntensityRule, Interpolation, MaskFill
from zoobridge.protocol import enum_number, enum_word, enum_words, from_enum, to_enum
from zoobridge.protocol.v1 import classification_pb2, image_pb2, model_pb2, prediction_pb2
from zoobridge.zoo import LabelSource, ScoreKind, TrustClass

PAIRS = [
    (Fit, classification_pb2.Fit),
    (Interpolation, classification_pb2.Interpolation),
    (IntensityRule, classification_pb2.IntensityRule),
    (MaskFill, classification_pb2.MaskFill),
    (ConversionKind, prediction_pb2.ConversionKind),
    (ScoreKind, prediction_pb2.ScoreKind),
    (LabelSource, model_pb2.LabelSource),
    (TrustClass, model_pb2.TrustClass),
]


@pytest.mark.parametrize(("kind", "wrapper"), PAIRS)
def test_python_and_the_contract_know_the_same_words(kind, wrapper):
    assert {member.value for member in kind} == set(enum_words(wrapper))
    for member in kind:
        assert to_enum(kind, wrapper, from_enum(wrapper, member)) is member


@pytest.mark.parametrize(("kind", "wrapper"), PAIRS)
def test_zero_means_not_stated(kind, wrapper):
    assert to_enum(kind, wrapper, 0) is None
    assert from_enum(wrapper, None) == 0
    assert enum_word(wrapper, 0) == ""
    assert enum_number(wrapper, "") == 0


def test_an_unknown_word_is_answered_with_the_known_ones():
    with pytest.raises(InvalidRequestError, match="nearest, bilinear, bicubic, box, lanczos"):
        enum_number(classification_pb2.Interpolation, "cubic", field="options.interpolation")
    with pytest.raises(InvalidRequestError):
        enum_number(classification_pb2.Fit, "unspecified")


def test_a_number_of_a_newer_peer_has_a_word_but_no_member():
    assert enum_word(image_pb2.DataType, 99) == "value_99"
    with pytest.raises(InvalidRequestError, match="does not know 'value_99'") as caught:
        to_enum(Fit, classification_pb2.Fit, 99, field="options.fit")
    assert caught.value.field == "options.fit"


def test_a_member_that_python_lacks_is_an_error():
    class Small(StrEnum):
        STRETCH = "stretch"

    with pytest.raises(InvalidRequestError, match="it knows stretch"):
        to_enum(Small, classification_pb2.Fit, classification_pb2.FIT_PAD)
