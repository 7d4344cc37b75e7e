"""Another user of the machine reaches nobody's shared memory through the server.

The server runs as root here, so that it may open everything; the other user may not.
"""

import os
from pathlib import Path

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from served import write_package
from zoobridge.server._peer import user_of_peer
from zoobridge.server.inference._shared_memory import MAX_REGIONS, _may_open

SERVICE = "/inference.GRPCInferenceService/"
BYTES = np.full(16, 200, np.float32).tobytes()
SECRET = BYTES + bytes(range(8))
KEY = f"/zoobridge-owner-{os.getpid()}"
OTHER_KEY = f"/zoobridge-other-{os.getpid()}"
OTHER = 54321


def path_of(key):
    return Path("/dev/shm") / key.strip("/")


@pytest.fixture(scope="module")
def served(tmp_path_factory, zoobridge_server):
    zoo = tmp_path_factory.mktemp("zoo")
    write_package(zoo / "brightness", "brightness")
    return zoobridge_server(zoo)


@pytest.fixture
def secret():
    """An object of the owner that is closed to everybody else."""
    path = path_of(KEY)
    path.touch(mode=0o600)
    path.write_bytes(SECRET)
    yield path
    path.unlink()
    path_of(OTHER_KEY).unlink(missing_ok=True)


@pytest.fixture
def owner(served, secret):
    """The server's own user, without a token."""
    with grpc.insecure_channel(served.address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        yield stub
        stub.SystemSharedMemoryUnregister(service_pb2.SystemSharedMemoryUnregisterRequest())


def register(name="region", key=KEY):
    return service_pb2.SystemSharedMemoryRegisterRequest(name=name, key=key, byte_size=len(SECRET))


def descriptors(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def status(name=""):
    return service_pb2.SystemSharedMemoryStatusRequest(name=name)


def infer(*, source="", target=""):
    """Read the picture from a region, or write the scores to one."""
    request = service_pb2.ModelInferRequest(model_name="brightness.network")
    tensor = request.inputs.add(name="input", datatype="FP32", shape=[1, 1, 4, 4])
    if source:
        tensor.parameters["shared_memory_region"].string_param = source
        tensor.parameters["shared_memory_byte_size"].int64_param = len(BYTES)
    else:
        request.raw_input_contents.append(BYTES)
    output = request.outputs.add(name="output")
    if target:
        output.parameters["shared_memory_region"].string_param = target
        output.parameters["shared_memory_byte_size"].int64_param = 8
    return request


def call(served, method, message, token=""):
    return ["call", served.address, SERVICE + method, message.SerializeToString().hex(), token]


def scores(answer):
    return np.frombuffer(answer.raw_output_contents[0], np.float32).tolist()


def test_a_closed_object_cannot_be_registered_read_or_written(served, secret, as_another_user):
    opened, registered, read, written, seen = as_another_user(
        ["overwrite", str(secret)],
        call(served, "SystemSharedMemoryRegister", register()),
        call(served, "ModelInfer", infer(source="region")),
        call(served, "ModelInfer", infer(target="region")),
        call(served, "SystemSharedMemoryStatus", status()),
    )
    assert opened[0] == "PermissionError"
    assert registered[0] == "PERMISSION_DENIED"
    assert "another user" in registered[1]
    assert read[0] == written[0] == "INVALID_ARGUMENT"
    assert seen == ["ok", ""]
    assert secret.read_bytes() == SECRET


def test_a_region_of_somebody_else_cannot_be_used_seen_or_unregistered(
    served, owner, secret, as_another_user
):
    owner.SystemSharedMemoryRegister(register())
    read, written, seen, all_seen, one_gone, all_gone = as_another_user(
        call(served, "ModelInfer", infer(source="region")),
        call(served, "ModelInfer", infer(target="region")),
        call(served, "SystemSharedMemoryStatus", status("region")),
        call(served, "SystemSharedMemoryStatus", status()),
        call(
            served,
            "SystemSharedMemoryUnregister",
            service_pb2.SystemSharedMemoryUnregisterRequest(name="region"),
        ),
        call(
            served,
            "SystemSharedMemoryUnregister",
            service_pb2.SystemSharedMemoryUnregisterRequest(),
        ),
    )
    assert read[0] == written[0] == "INVALID_ARGUMENT"
    assert seen[0] == "NOT_FOUND"
    assert all_seen == ["ok", ""]
    assert one_gone[0] == all_gone[0] == "ok"
    assert secret.read_bytes() == SECRET
    assert list(owner.SystemSharedMemoryStatus(status()).regions) == ["region"]
    assert scores(owner.ModelInfer(infer(source="region"))) == [200, 55]


def test_users_of_the_same_name_for_a_region_do_not_meet(served, owner, secret, as_another_user):
    owner.SystemSharedMemoryRegister(register())
    own = path_of(OTHER_KEY)
    made, registered, answered, found = as_another_user(
        ["write", str(own), "x" * len(SECRET)],
        call(served, "SystemSharedMemoryRegister", register(key=OTHER_KEY)),
        call(served, "ModelInfer", infer(target="region")),
        ["read", str(own)],
    )
    assert [made[0], registered[0], answered[0]] == ["ok"] * 3
    assert bytes.fromhex(found[1])[:8] == np.array([200, 55], np.float32).tobytes()
    assert secret.read_bytes() == SECRET
    token = (("authorization", f"Bearer {served.token}"),)
    everything = owner.SystemSharedMemoryStatus(status(), metadata=token).regions
    assert {name: entry.key for name, entry in everything.items()} == {
        "region": KEY,
        f"region@{OTHER}": OTHER_KEY,
    }
    owner.SystemSharedMemoryUnregister(
        service_pb2.SystemSharedMemoryUnregisterRequest(), metadata=token
    )
    assert not owner.SystemSharedMemoryStatus(status(), metadata=token).regions


def test_the_managing_token_opens_every_object(served, secret, as_another_user):
    (registered, gone) = as_another_user(
        call(served, "SystemSharedMemoryRegister", register(), served.token),
        call(
            served,
            "SystemSharedMemoryUnregister",
            service_pb2.SystemSharedMemoryUnregisterRequest(),
            served.token,
        ),
    )
    assert [registered[0], gone[0]] == ["ok", "ok"]


def test_a_user_registers_so_many_regions_and_no_more(served, owner):
    before = descriptors(served.process)
    for number in range(MAX_REGIONS):
        owner.SystemSharedMemoryRegister(register(f"region {number}"))
    with pytest.raises(grpc.RpcError, match="unregister those") as caught:
        owner.SystemSharedMemoryRegister(register("one more"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    owner.SystemSharedMemoryUnregister(service_pb2.SystemSharedMemoryUnregisterRequest())
    assert descriptors(served.process) < before + 16


@pytest.mark.parametrize(
    ("owner", "group", "mode", "allowed"),
    [
        (0, 0, 0o600, False),
        (0, 0, 0o644, False),
        (0, 0, 0o622, False),
        (0, 0, 0o666, True),
        (0, OTHER, 0o660, False),
        (OTHER, 0, 0o600, True),
        (OTHER, 0, 0o400, False),
        (OTHER, 0, 0o066, False),
    ],
)
def test_a_user_may_register_what_the_kernel_would_let_it_open(
    tmp_path, owner, group, mode, allowed
):
    path = tmp_path / "object"
    path.touch()
    os.chown(path, owner, group)
    path.chmod(mode)
    with path.open("rb") as file:
        assert _may_open(OTHER, file.fileno()) is allowed
        assert _may_open(0, file.fileno())


def test_an_access_list_closes_what_the_mode_opens(tmp_path):
    path = tmp_path / "object"
    path.touch(mode=0o666)
    path.chmod(0o666)
    # Version 2; owner, user OTHER without any right, group, mask, others.
    entries = [(1, 6, -1), (2, 0, OTHER), (4, 6, -1), (16, 6, -1), (32, 6, -1)]
    packed = b"".join(
        tag.to_bytes(2, "little")
        + right.to_bytes(2, "little")
        + (who % 2**32).to_bytes(4, "little")
        for tag, right, who in entries
    )
    with path.open("rb") as file:
        assert _may_open(OTHER, file.fileno())
        os.setxattr(path, "system.posix_acl_access", (2).to_bytes(4, "little") + packed)
        assert not _may_open(OTHER, file.fileno())


def test_the_peer_of_another_machine_is_nobody_here():
    assert user_of_peer("ipv4:192.0.2.1:50000", 8500) is None
    assert user_of_peer("unix:/run/zoobridge.sock", 8500) is None
    assert user_of_peer("ipv4:127.0.0.1:1", 8500) is None
