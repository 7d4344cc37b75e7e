"""Whatever a client sends, it is never told that the server is at fault."""

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}
METHODS = [
    *("ModelInfer", "ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics"),
    *("RepositoryIndex", "SystemSharedMemoryRegister", "SystemSharedMemoryStatus"),
]
quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

names = st.sampled_from(["brightness", "brightness.network", "wreck", "", "a@1", ".network", "ü"])
words = st.sampled_from(["input", "image", "pixels", "output", "scores", "label", ""])
parameters = st.dictionaries(
    st.sampled_from(
        [
            *("classification", "timeout", "priority", "sequence_id", "shared_memory_region"),
            *("shared_memory_byte_size", "shared_memory_offset", "other"),
        ]
    ),
    st.one_of(
        st.builds(lambda v: {"int64_param": v}, st.integers(-(2**63), 2**63 - 1)),
        st.builds(lambda v: {"string_param": v}, st.text(max_size=5)),
        st.builds(lambda v: {"bool_param": v}, st.booleans()),
        st.builds(lambda v: {"double_param": v}, st.floats()),
        st.just({}),
    ),
    max_size=2,
)
tensors = st.builds(
    dict,
    name=words,
    datatype=st.sampled_from(["FP32", "UINT8", "BYTES", "BOOL", "FP16", "BF16", ""]),
    shape=st.lists(st.sampled_from([1, 4, 2, 0, -1, 2**62]), max_size=5),
    parameters=parameters,
    contents=st.one_of(
        st.none(),
        st.builds(lambda v: {"fp32_contents": v}, st.lists(st.floats(width=32), max_size=17)),
        st.builds(lambda v: {"uint_contents": v}, st.lists(st.integers(0, 300), max_size=17)),
        st.builds(lambda v: {"bytes_contents": v}, st.lists(st.binary(max_size=9), max_size=3)),
    ),
)
requests = st.builds(
    service_pb2.ModelInferRequest,
    model_name=names,
    model_version=st.sampled_from(["", "1", "1.0.0", "x"]),
    inputs=st.lists(tensors, max_size=2),
    outputs=st.lists(st.builds(dict, name=words, parameters=parameters), max_size=2),
    raw_input_contents=st.lists(st.one_of(st.binary(max_size=70), st.just(b"\0" * 64)), max_size=2),
    parameters=parameters,
)


@pytest.fixture(scope="module")
def call(inference_server):
    with grpc.insecure_channel(inference_server.address) as channel:

        def send(method: str, data: bytes) -> None:
            rpc = channel.unary_unary(f"/inference.GRPCInferenceService/{method}")
            answer = rpc.future(data, timeout=60)
            assert answer.code() not in FAULTS, answer.details()

        yield send


@quick
@given(st.sampled_from(METHODS), st.binary(max_size=200))
def test_bytes_at_random_are_no_fault_of_the_server(call, method, data):
    call(method, data)


@quick
@given(requests)
def test_requests_at_random_are_no_fault_of_the_server(call, request):
    call("ModelInfer", request.SerializeToString())


@quick
@given(requests, st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_request_is_no_fault_of_the_server(call, request, place, value):
    data = bytearray(request.SerializeToString())
    if data:
        data[place % len(data)] = value
    call("ModelInfer", bytes(data))
