"""Packages whose names and files mean harm: the others are served, and nothing outside is read."""

import os
import shutil

import pytest

from served import Caller, request, write_package
from serving import Serving
from zoobridge.protocol.v1 import zoo_pb2

SECRET = "the-secret-of-the-lab"
NAMES = {
    "up": "../../evil",
    "absolute": "/etc/passwd",
    "lines": "a\n2026-11-28T00:00:00Z INFO    zoobridge forged=1",
    "terminal": "\x1b[2J\x1b]0;owned\x07",
    "long": "x" * 100_000,
    "empty": "",
    "versions": "a@1.0.0@2",
    "reversed": "model\u202egnp",
    "zero": "a\0b",
}


def with_readme(zoo, name, make):
    folder = write_package(zoo / name, name)
    readme = folder / "README.md"
    readme.unlink()
    make(readme)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    zoo = folder / "zoo"
    secret = folder / "secret"
    secret.write_text(SECRET)
    write_package(zoo / "brightness", "brightness")
    for place, name in NAMES.items():
        write_package(zoo / place, name)
    with_readme(zoo, "link", lambda readme: readme.symlink_to(secret))
    with_readme(zoo, "hard-link", lambda readme: readme.hardlink_to(secret))
    with_readme(zoo, "pipe", os.mkfifo)
    with_readme(zoo, "folder", lambda readme: readme.mkdir())
    with_readme(zoo, "device", lambda readme: readme.symlink_to("/dev/zero"))
    with_readme(zoo, "large", lambda readme: (readme.touch(), os.truncate(readme, 1 << 32)))
    write_package(zoo / "parent", "parent", documentation="../../secret")
    write_package(zoo / "elsewhere", "elsewhere", documentation=str(secret))
    write_package(zoo / "pipes", "pipes")
    (zoo / "pipes" / "rdf.yaml").unlink()
    os.mkfifo(zoo / "pipes" / "rdf.yaml")
    with Serving(zoo, folder / "server") as server:
        yield server
    shutil.rmtree(zoo)


@pytest.fixture(scope="module")
def caller(server):
    caller = Caller(server.address)
    yield caller
    caller.channel.close()


def listed(caller):
    return caller.zoo.ListModels(zoo_pb2.ListModelsRequest(), timeout=120).models


def test_the_sound_package_among_hostile_ones_is_served(server, caller):
    assert "brightness" in {model.id for model in listed(caller)}
    assert caller.classification.Classify(request(), timeout=120).results[0].prediction.top


def test_no_file_outside_a_package_is_shown(server, caller):
    shown = b""
    for model in listed(caller):
        details = zoo_pb2.GetModelRequest(model=model.id)
        call = caller.zoo.GetModel.future(details, timeout=120)
        if call.exception() is None:
            shown += call.result().SerializeToString()
    assert b"Ada Lovelace" in shown
    assert SECRET.encode() not in shown
    assert len(shown) < 16 << 20


def test_names_of_packages_forge_no_line_and_no_sequence_in_the_log(server, caller):
    listed(caller)
    log = server.log.read_text()
    assert "\x1b" not in log
    assert not any(line.startswith("2026-11-28T00:00:00Z") for line in log.splitlines())


def test_names_of_packages_lead_to_no_other_folder(server, caller):
    for model in listed(caller):
        if not model.problem:
            assert "/" not in model.id
            assert model.id.isprintable()
            assert len(model.id) < 1000
    assert not (server.folder.parent / "evil").exists()
