"""A client's mistake is answered with its status and a sentence: the table of the documentation."""

import re
import struct
from pathlib import Path

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

PAGE = Path(__file__).parents[2] / "docs" / "open-inference-protocol.md"


def request(**changes):
    """A sound request for the raw network, with some of its parts replaced."""
    data = np.zeros((1, 1, 4, 4), np.float32).tobytes()
    usual = {
        "model_name": "brightness.network",
        "inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 1, 4, 4]}],
        "raw_input_contents": [data],
    }
    return service_pb2.ModelInferRequest(**(usual | changes))


def tensor(**changes):
    return [{"name": "input", "datatype": "FP32", "shape": [1, 1, 4, 4], **changes}]


def contents(datatype="FP32", **fields):
    return {
        "inputs": tensor(datatype=datatype, contents=fields),
        "raw_input_contents": [],
    }


def output(**parameters):
    return {"outputs": [{"name": "output", "parameters": parameters}]}


def picture(data, shape=(1,)):
    return {
        "model_name": "brightness",
        "inputs": [{"name": "image", "datatype": "BYTES", "shape": shape}],
        "raw_input_contents": [data],
    }


#: Each row of the table in the documentation, by its first cell.
MISTAKES = {
    "unknown model": {"model_name": "nobody"},
    "unknown version": {"model_version": "9"},
    "a model whose package is broken": {"model_name": "wreck"},
    "unknown input": {"inputs": tensor(name="imput")},
    "the same input twice": {"inputs": tensor() * 2, "raw_input_contents": [b"\0" * 64] * 2},
    "no input": {"inputs": [], "raw_input_contents": []},
    "wrong datatype": {"inputs": tensor(datatype="INT64")},
    "a datatype that does not exist": {"inputs": tensor(datatype="FP31")},
    "wrong rank": {"inputs": tensor(shape=[1, 16])},
    "wrong length of an axis": {"inputs": tensor(shape=[1, 1, 4, 5])},
    "negative length": {"inputs": tensor(shape=[-1, 1, 4, 4])},
    "batch of 0": {"inputs": tensor(shape=[0, 1, 4, 4]), "raw_input_contents": [b""]},
    "batch too large": {"inputs": tensor(shape=[1 << 40, 1, 4, 4])},
    "raw data too short": {"raw_input_contents": [b"\0" * 63]},
    "raw data too long": {"raw_input_contents": [b"\0" * 65]},
    "more raw data than inputs": {"raw_input_contents": [b"\0" * 64] * 2},
    "no data": {"raw_input_contents": []},
    "raw data together with contents": {"inputs": tensor(contents={"fp32_contents": [0.0] * 16})},
    "contents of another type": contents(int_contents=[0] * 16),
    "contents too few": contents(fp32_contents=[0.0] * 15),
    "contents out of range": {
        "model_name": "brightness",
        "inputs": [
            {
                "name": "pixels",
                "datatype": "UINT8",
                "shape": [1, 4, 4, 1],
                "contents": {"uint_contents": [256] * 16},
            }
        ],
        "raw_input_contents": [],
    },
    "unknown output": {"outputs": [{"name": "nothing"}]},
    "the same output twice": {"outputs": [{"name": "output"}, {"name": "output"}]},
    "classification that is not a number": output(classification={"string_param": "two"}),
    "classification of 0": output(classification={"int64_param": 0}),
    "classification of labels": {
        **picture(struct.pack("<I", 1) + b"x"),
        "outputs": [{"name": "label", "parameters": {"classification": {"int64_param": 1}}}],
    },
    "BYTES whose length is cut": picture(b"\x01\0"),
    "BYTES that announce too much": picture(struct.pack("<I", 1000) + b"x"),
    "BYTES of another count": picture(struct.pack("<I", 1) + b"x", shape=(2,)),
    "a picture that cannot be decoded": picture(struct.pack("<I", 5) + b"hello"),
    "an empty picture": picture(struct.pack("<I", 0)),
    "both inputs of an image classifier": {
        "model_name": "brightness",
        "inputs": [
            {"name": "image", "datatype": "BYTES", "shape": [1]},
            {"name": "pixels", "datatype": "UINT8", "shape": [1, 1, 1, 1]},
        ],
        "raw_input_contents": [struct.pack("<I", 1) + b"x", b"\0"],
    },
    "pixels with a wrong number of channels": {
        "model_name": "brightness",
        "inputs": [{"name": "pixels", "datatype": "UINT8", "shape": [1, 4, 4, 5]}],
        "raw_input_contents": [b"\0" * 80],
    },
    "shared memory that is not registered": {
        "inputs": tensor(
            parameters={
                "shared_memory_region": {"string_param": "nowhere"},
                "shared_memory_byte_size": {"int64_param": 64},
            }
        ),
        "raw_input_contents": [],
    },
    "shared memory without a size": {
        "inputs": tensor(parameters={"shared_memory_region": {"string_param": "nowhere"}}),
        "raw_input_contents": [],
    },
    "a sequence": {"parameters": {"sequence_id": {"int64_param": 3}}},
    "a timeout that is not a number": {"parameters": {"timeout": {"string_param": "soon"}}},
}

REGISTRATIONS = {
    "a shared memory object that does not exist": ("/zoobridge-nothing", 0, 1),
    "a key that is a path": ("/../etc/passwd", 0, 1),
    "a shared memory region of no bytes": ("/zoobridge-nothing", 0, 0),
}


@pytest.fixture
def stub(inference_server):
    with grpc.insecure_channel(inference_server.address) as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def documented() -> dict[str, str]:
    """The table: the mistake and the status that answers it."""
    row = re.compile(r"^\| (?P<mistake>[^|]+?) \| `(?P<status>[A-Z_]+)` \|", re.MULTILINE)
    return {match["mistake"]: match["status"] for match in row.finditer(PAGE.read_text("utf-8"))}


def test_the_table_of_the_documentation_is_the_one_that_is_tested():
    assert set(documented()) == set(MISTAKES) | set(REGISTRATIONS)


def test_a_sound_request_is_answered(stub):
    assert stub.ModelInfer(request()).outputs[0].name == "output"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_as_documented(stub, mistake):
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(request(**MISTAKES[mistake]), timeout=60)
    assert caught.value.code().name == documented()[mistake], caught.value.details()
    assert len(caught.value.details().split()) > 4


@pytest.mark.parametrize("mistake", REGISTRATIONS)
def test_a_mistaken_registration_is_answered_as_documented(stub, mistake):
    key, offset, size = REGISTRATIONS[mistake]
    with pytest.raises(grpc.RpcError) as caught:
        stub.SystemSharedMemoryRegister(
            service_pb2.SystemSharedMemoryRegisterRequest(
                name="mistake", key=key, offset=offset, byte_size=size
            )
        )
    assert caught.value.code().name == documented()[mistake], caught.value.details()


def test_a_region_that_has_shrunk_is_an_error_and_the_server_lives(stub, tmp_path):
    path = Path("/dev/shm/zoobridge-shrinks")
    path.write_bytes(b"\0" * 64)
    try:
        stub.SystemSharedMemoryRegister(
            service_pb2.SystemSharedMemoryRegisterRequest(
                name="shrinks", key="/zoobridge-shrinks", byte_size=64
            )
        )
        path.write_bytes(b"")
        place = {
            "shared_memory_region": {"string_param": "shrinks"},
            "shared_memory_byte_size": {"int64_param": 64},
        }
        with pytest.raises(grpc.RpcError, match="has shrunk"):
            stub.ModelInfer(request(inputs=tensor(parameters=place), raw_input_contents=[]))
    finally:
        path.unlink()
        stub.SystemSharedMemoryUnregister(service_pb2.SystemSharedMemoryUnregisterRequest())
    assert stub.ServerLive(service_pb2.ServerLiveRequest()).live
