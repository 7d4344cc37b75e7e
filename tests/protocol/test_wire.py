"""Requests that are read without copying their picture."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.protocol import (
    before_picture,
    before_request,
    divide_request,
    divide_stream_request,
    join_requests,
    join_responses,
    with_response,
)
from zoobridge.protocol._wire import _divided
from zoobridge.protocol.v1 import classification_pb2, image_pb2

LARGE = 600 << 10

_pixels = st.fixed_dictionaries(
    {},
    optional={
        "data": st.binary(max_size=300),
        "shape": st.lists(st.integers(0, 1 << 20), max_size=4),
        "data_type": st.integers(0, 12),
        "axes": st.text(max_size=4),
    },
)
_images = st.one_of(
    st.fixed_dictionaries({"encoded": st.binary(max_size=300)}, optional={"axes": st.text()}),
    st.fixed_dictionaries({"pixels": _pixels}, optional={"name": st.text(max_size=200)}),
    st.fixed_dictionaries({"path": st.text()}),
)
_requests = st.fixed_dictionaries(
    {},
    optional={
        "model": st.text(),
        "framework": st.text(),
        "image": _images,
        "planes": st.lists(st.just({"axis": "T", "indexes": [3, 200]}), max_size=2),
        "regions": st.lists(st.just({"id": "a", "box": {"x": -4, "width": 9}}), max_size=2),
        "options": st.just({"top_k": 3, "threshold": 0.5}),
    },
)


def _source(request: classification_pb2.ClassifyRequest) -> bytes:
    return request.image.encoded or request.image.pixels.data


@given(fields=_requests)
def test_a_divided_request_is_the_request_and_its_picture(fields):
    request = classification_pb2.ClassifyRequest(**fields)
    divided = _divided(memoryview(request.SerializeToString()))
    if divided is None:
        assert not _source(request)
        return
    rest = classification_pb2.ClassifyRequest.FromString(divided[0])
    assert rest.image.WhichOneof("source") == request.image.WhichOneof("source")
    assert _source(rest) == b""
    if request.image.WhichOneof("source") == "encoded":
        rest.image.encoded = bytes(divided[1])
    else:
        rest.image.pixels.data = bytes(divided[1])
    assert rest == request


@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(_requests, max_size=3).map(
            lambda several: b"".join(
                classification_pb2.ClassifyRequest(**fields).SerializeToString()
                for fields in several
            )
        ),
    )
)
def test_whatever_the_bytes_are_they_mean_what_a_parser_says(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoobridge.protocol._wire._WORTH_BYTES", 0)
        try:
            wanted = classification_pb2.ClassifyRequest.FromString(data)
        except DecodeError:
            with pytest.raises(DecodeError):
                divide_request(data)
            return
        parts = divide_request(data)
    request = parts.request
    if parts.picture is not None and request.image.WhichOneof("source") == "encoded":
        request.image.encoded = bytes(parts.picture)
    elif parts.picture is not None:
        request.image.pixels.data = bytes(parts.picture)
    assert request == wanted


def test_a_large_picture_is_not_copied():
    data = memoryview(
        classification_pb2.ClassifyRequest(
            model="m", image={"encoded": b"p" * LARGE}, options={"top_k": 2}
        ).SerializeToString()
    )
    parts = divide_request(data)
    assert parts.picture is not None
    assert parts.picture.obj is data.obj
    assert (parts.request.model, parts.request.options.top_k) == ("m", 2)
    assert parts.request.image.WhichOneof("source") == "encoded"


def test_a_small_picture_stays_in_its_request():
    data = classification_pb2.ClassifyRequest(image={"encoded": b"png"}).SerializeToString()
    parts = divide_request(memoryview(data))
    assert parts.picture is None
    assert parts.request.image.encoded == b"png"


def test_a_picture_that_is_sent_twice_is_the_last_as_protobuf_has_it():
    one = classification_pb2.ClassifyRequest(image={"encoded": b"a" * LARGE}).SerializeToString()
    other = classification_pb2.ClassifyRequest(image={"encoded": b"b" * LARGE}).SerializeToString()
    parts = divide_request(memoryview(one + other))
    assert parts.picture is None
    assert parts.request.image.encoded == b"b" * LARGE


def test_large_bytes_that_are_no_request_are_refused():
    with pytest.raises(DecodeError):
        divide_request(memoryview(b"\xff" * LARGE))


@given(fields=_requests, name=st.text(), large=st.booleans())
def test_a_message_of_a_stream_gives_its_id_and_its_request(fields, name, large):
    request = classification_pb2.ClassifyRequest(**fields)
    if large:
        request.image.encoded = b"p" * LARGE
    message = classification_pb2.ClassifyStreamRequest(id=name, request=request)
    (parts,) = divide_stream_request(message.SerializeToString())
    assert parts.id == name
    assert classification_pb2.ClassifyRequest.FromString(bytes(parts.data)) == request
    assert (parts.request.model, parts.request.framework) == (request.model, request.framework)
    assert parts.request.options == request.options
    assert isinstance(parts.data, memoryview) is large


@given(sizes=st.lists(st.sampled_from([0, 3, LARGE]), min_size=1, max_size=5))
def test_messages_that_are_joined_give_the_request_of_each(sizes):
    messages = [
        classification_pb2.ClassifyStreamRequest(
            id=str(place), request={"model": "m", "image": {"encoded": b"p" * size}}
        )
        for place, size in enumerate(sizes)
    ]
    parts = divide_stream_request(join_requests([one.SerializeToString() for one in messages]))
    assert [one.id for one in parts] == [one.id for one in messages]
    for one, message in zip(parts, messages, strict=True):
        assert classification_pb2.ClassifyRequest.FromString(bytes(one.data)) == message.request


def test_responses_are_joined_as_protobuf_writes_them():
    parts = [classification_pb2.ClassifyStreamResponse(id=str(i), last=True) for i in range(3)]
    first, *others = parts
    wanted = classification_pb2.ClassifyStreamResponse(id="0", last=True, joined=others)
    assert join_responses([one.SerializeToString() for one in parts]) == wanted.SerializeToString()
    assert join_responses([first.SerializeToString()]) == first.SerializeToString()


@pytest.mark.parametrize("large", [False, True])
def test_a_message_that_joins_too_many_or_in_levels_is_refused(large):
    one = classification_pb2.ClassifyStreamRequest(id="a")
    if large:
        one.request.image.encoded = b"p" * LARGE
    data = one.SerializeToString()
    with pytest.raises(DecodeError, match="1024"):
        divide_stream_request(join_requests([data, *[b""] * 1025]))
    with pytest.raises(DecodeError, match="joins others"):
        divide_stream_request(join_requests([data, join_requests([data, data])]))


@given(fields=_images, data=st.binary(max_size=300), top_k=st.integers(0, 9), name=st.text())
def test_a_pictures_bytes_may_follow_the_rest_of_a_request(fields, data, top_k, name):
    image = image_pb2.Image(**fields)
    whole = classification_pb2.ClassifyRequest(model="m", options={"top_k": top_k}, image=image)
    if image.HasField("pixels"):
        image.pixels.data = b""
        whole.image.pixels.data = data
    else:
        whole.image.encoded = data
    alone = classification_pb2.ClassifyRequest(model="m", options={"top_k": top_k})
    written = before_picture(alone, image, len(data)) + data
    assert classification_pb2.ClassifyRequest.FromString(written) == whole
    written = before_request(name, len(written)) + written
    assert classification_pb2.ClassifyStreamRequest.FromString(
        written
    ) == classification_pb2.ClassifyStreamRequest(id=name, request=whole)


@pytest.mark.parametrize("results", [0, 1, 1000])
def test_a_part_of_an_answer_is_written_around_its_response(results):
    response = classification_pb2.ClassifyResponse(score_kind=1)
    for index in range(results):
        response.results.add(index=index, region_id="a")
    head = classification_pb2.ClassifyStreamResponse(id="Ünï", total=results, last=True)
    written = with_response(head, response.SerializeToString())
    head.response.CopyFrom(response)
    assert classification_pb2.ClassifyStreamResponse.FromString(written) == head
