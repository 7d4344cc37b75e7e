"""Patches of three textures, a server, and a model that was trained on them there."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from served import write_package
from served_training import arguments
from training_examples import PATCHES, write_patches
from zoobridge.client import connect
from zoobridge.errors import ZooBridgeError
from zoobridge.training import Fitted, Published, TrainingProject


@dataclass(frozen=True)
class Trained:
    """All that a training left behind."""

    pictures: Path
    zoo: Path
    server: object
    project: TrainingProject
    fitted: Fitted
    published: Published


@pytest.fixture(scope="session")
def user_folders(tmp_path_factory):
    """The user's data and caches, in a place of the tests; one backbone for all of them."""
    home = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patched:
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
            patched.setenv(name, os.fspath(home / name.lower()))
        yield home


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small fits are slower on several threads, and much slower where these are busy."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def trained(user_folders, tmp_path_factory, zoobridge_server):
    zoo = tmp_path_factory.mktemp("zoo")
    pictures = write_patches(tmp_path_factory.mktemp("textures"), range(PATCHES))
    server = zoobridge_server(zoo)
    with TrainingProject("Three textures", client=server.client, zoo=zoo) as project:
        project.annotate_folder(pictures)
        fitted = project.fit()
        published = project.publish(authors=["Ada Lovelace"], license_id="CC-BY-4.0")
        yield Trained(pictures, zoo, server, project, fitted, published)


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """A zoo with a model that was not trained here."""
    folder = tmp_path_factory.mktemp("served-zoo")
    write_package(folder / "brightness", "brightness")
    return folder


@pytest.fixture(scope="session")
def folder(user_folders, tmp_path_factory):
    """Where projects are kept; with the network's parameters, which take PyTorch to read, if known."""
    kept = tmp_path_factory.mktemp("projects")
    cache = kept / ".cache" / "zoobridge" / "training"
    cache.mkdir(parents=True)
    for known in user_folders.rglob("efficientnet-lite0.npz"):
        shutil.copy(known, cache / known.name)
    return kept


@pytest.fixture(scope="session")
def server(zoo, folder, zoobridge_server):
    return zoobridge_server(zoo, arguments=arguments(folder))


@pytest.fixture(scope="session")
def client(server):
    with connect(server.address, token="trains") as connected:
        yield connected


@pytest.fixture
def project(client, request):
    """A new project, named after the test."""
    opened = client.training_project(request.node.name)
    yield opened
    with suppress(ZooBridgeError):
        opened.delete()
