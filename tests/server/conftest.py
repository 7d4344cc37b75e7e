"""A small zoo on disk, and servers on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from served import Caller, HeldEngine, write_package
from zoobridge.server import Server, ServerConfig


@pytest.fixture(scope="session")
def zoo(tmp_path_factory) -> Path:
    """A zoo of a sound model in two versions, and one whose weights are missing."""
    folder = tmp_path_factory.mktemp("zoo")
    write_package(folder / "brightness", "brightness")
    write_package(folder / "brightness-2", "brightness", version="2.0.0")
    broken = write_package(folder / "wreck", "wreck")
    (broken / "weights.onnx").write_bytes(b"these are not the weights")
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(zoo, cache, tmp_path, monkeypatch):
    """Settings of a server that sees nothing of the user's own; keywords replace some."""
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))

    def make(**changes: object) -> ServerConfig:
        usual = {
            "zoos": (zoo,),
            "cache": cache,
            "trust_file": tmp_path / "trusted.json",
            "token": "the-managing-token",
            "threads": 1,
            "device": "cpu",
            "grace_seconds": 10.0,
        }
        return ServerConfig(**(usual | changes))

    return make


@pytest.fixture
def start(settings):
    """Start a server in this process; it is stopped after the test."""
    servers = []

    def make(*, engine=None, **changes: object) -> Server:
        server = Server(settings(**changes), engine=engine)
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop(grace=0)


@pytest.fixture
def call():
    """Open a channel to a server; closed after the test."""
    callers = []

    def make(server, *, token: str = "", **fields) -> Caller:
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        caller = Caller(server.address, metadata, **fields)
        callers.append(caller)
        return caller

    yield make
    for caller in callers:
        caller.channel.close()


@pytest.fixture(scope="session")
def local(zoo, cache, tmp_path_factory):
    """One server with real workers, shared by the tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("local")
    config = ServerConfig(
        zoos=(zoo,),
        cache=cache,
        trust_file=folder / "trusted.json",
        token="the-managing-token",
        threads=1,
        device="cpu",
        publish=False,
    )
    with Server(config) as server:
        yield server


@pytest.fixture
def held() -> HeldEngine:
    return HeldEngine()
