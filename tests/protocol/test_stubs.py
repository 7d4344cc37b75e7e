import re
import subprocess
import sys
from pathlib import Path

import google.protobuf
import pytest

PROJECT = Path(__file__).parents[2]
STUBS = PROJECT / "bridge" / "zoobridge" / "protocol" / "v1"


def test_the_stubs_are_those_of_the_protos():
    subprocess.run([sys.executable, PROJECT / "proto" / "generate.py", "--check"], check=True)


@pytest.mark.parametrize("stub", sorted(STUBS.glob("*_pb2.py")), ids=lambda path: path.stem)
def test_a_stub_asks_for_no_newer_protobuf_than_the_oldest_supported(stub):
    (version,) = re.findall(r"Protobuf Python Version: (\d+)\.(\d+)\.\d+", stub.read_text())
    assert tuple(map(int, version)) <= (5, 29)


def test_the_stubs_run_under_the_installed_protobuf_without_a_warning():
    assert int(google.protobuf.__version__.split(".")[0]) >= 5
    code = (
        "from zoobridge.protocol.v1 import classification_pb2 as c, zoo_pb2, model_pb2;"
        "r = c.ClassifyRequest(model='m'); r.image.encoded = b'x';"
        "assert c.ClassifyRequest.FromString(r.SerializeToString()) == r"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_package_leaves_grpc_alone():
    code = (
        "import sys, zoobridge.protocol, zoobridge.protocol.v1.classification_pb2;"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'grpc']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
