"""Patches of three textures, a server, and a model that was trained on them there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from training_examples import PATCHES, write_patches
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
