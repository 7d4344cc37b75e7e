"""Unpacking zip files that nobody vouches for."""

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoobridge.zoo._archive import unpack
from zoobridge.zoo._fault import PackageFault


def make_zip(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def test_files_and_folders_arrive_whole(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("rdf.yaml", "x"), ("sub/ü f.txt", "y"), ("empty/", "")])
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out" / "sub" / "ü f.txt").read_text("utf-8") == "y"


@pytest.mark.parametrize(
    "name",
    ["../canary", "a/../../canary", "/tmp/canary", "C:/canary", "a\\..\\canary", "nul.txt", "a./b"],
)
def test_a_name_that_leads_outside_is_refused(tmp_path, name, read):
    path = make_zip(tmp_path / "evil.zip", [("rdf.yaml", "type: model"), (name, "evil")])
    model = read(path)
    assert "leads outside" in model.problem
    assert not list(tmp_path.rglob("canary"))


def test_a_name_with_a_nul_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("rdfX.yaml", "x")])
    path.write_bytes(path.read_bytes().replace(b"rdfX", b"rdf\x00"))
    with pytest.raises(PackageFault):
        unpack(path, tmp_path / "out")


def test_a_link_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = make_zip(tmp_path / "a.zip", [(info, "/etc/passwd")])
    with pytest.raises(PackageFault, match="a link"):
        unpack(path, tmp_path / "out")


def test_a_name_twice_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("Weights", "1"), ("weights", "2")])
    with pytest.raises(PackageFault, match="twice"):
        unpack(path, tmp_path / "out")


def test_a_bomb_is_refused_before_it_grows(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        block = bytes(1 << 20)
        with archive.open("zeros", "w", force_zip64=True) as file:
            for _ in range(300):
                file.write(block)
    with pytest.raises(PackageFault, match="bomb"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_size_that_lies_ends_in_a_sentence(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("data", bytes(100_000))])
    content = path.read_bytes()
    size = struct.pack("<L", 100_000)
    path.write_bytes(content.replace(size, struct.pack("<L", 10)))
    with pytest.raises(PackageFault, match="not a sound zip"):
        unpack(path, tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


def test_an_encrypted_archive_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("data", "x")])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(PackageFault, match="password"):
        unpack(path, tmp_path / "out")


def test_what_is_unpacked_already_is_left_alone(tmp_path):
    path = make_zip(tmp_path / "a.zip", [("data", "x")])
    (tmp_path / "out").mkdir()
    unpack(path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_never_raises_anything_else(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("zip")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rdf.yaml", b"type: model\n" * 20)
        archive.writestr("weights.onnx", bytes(range(256)))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "a.zip"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    problem = ""
    try:
        unpack(path, folder / "out")
    except PackageFault as fault:
        problem = str(fault)
    assert (folder / "out").exists() != ("a.zip" in problem)
    assert {entry.name for entry in folder.iterdir()} <= {"a.zip", "out"}
