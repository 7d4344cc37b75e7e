"""Files of a report stay in the folder that they are written to."""

import pytest

from zoobridge.client._evaluation_files import save_part
from zoobridge.errors import ServerError
from zoobridge.protocol.v1 import evaluation_pb2 as pb


def test_parts_make_a_file(tmp_path):
    save_part(pb.EvaluationFile(name="mistakes/1.png", data=b"ab"), tmp_path)
    save_part(pb.EvaluationFile(name="mistakes/1.png", offset=2, data=b"c"), tmp_path)
    assert (tmp_path / "mistakes" / "1.png").read_bytes() == b"abc"


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../../x", "", ".", "..", "a\\x", "C:x", "a/b/c", "a/", "x\n"]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(ServerError, match="file with the name"):
        save_part(pb.EvaluationFile(name=name, data=b"x"), tmp_path / "report")
    assert not list(tmp_path.rglob("x"))


def test_a_missing_part_is_noticed(tmp_path):
    with pytest.raises(ServerError, match="missing"):
        save_part(pb.EvaluationFile(name="x", offset=5, data=b"x"), tmp_path)
